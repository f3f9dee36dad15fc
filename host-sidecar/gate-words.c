// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/gate-words.h"

#include "protocol/error.h"
#include "protocol/json.h"

static gboolean
refuse(GError **error, const char *why)
{
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "gate: %s", why);
    return FALSE;
}

/* What stands on the command line wins over the policy's own. */
static gboolean
read_vantage(const PstGateSaid *said, PstGateWords *words, GError **error)
{
    PstVantageWords own = words->policy->who;
    const PstVantageWords *who = said->who;
    const char *key = said->key_as_said && who->as == NULL && who->key == NULL ? own.key : NULL;

    if (key != NULL)
        own.key = NULL;
    if (said->no_vantage)
        own.as = NULL;
    const PstVantageWords both = {
        .as = who->as != NULL ? who->as : own.as,
        .user = who->user != NULL || who->as != NULL ? who->user : own.user,
        .from = who->from != NULL || who->as != NULL ? who->from : own.from,
        .port = who->port != NULL || who->as != NULL ? who->port : own.port,
        .key = who->key != NULL || who->as != NULL ? who->key : own.key,
        .command = who->command != NULL || who->as != NULL ? who->command : own.command,
    };

    words->vantage = pst_vantage_read(&both, error);
    if (words->vantage != NULL && key != NULL)
        pst_json_set_string(words->vantage, "key", key);
    return words->vantage != NULL;
}

/* Of one user whom a baseline is about there is no need to say it again, nor from where that user
 * comes and by which key: what is asked otherwise than before can't be compared with it. A vantage
 * of the configuration says all of it. */
static void
take_vantage(const PstGateSaid *said, PstGateWords *words)
{
    const char *const *users = (const char *const *)words->before->users;
    const char *user = NULL;
    g_auto(PstBaselineWish) wish = {NULL};

    if (!json_object_has_member(words->vantage, "user") && g_strv_length((char **)users) == 1)
        json_object_set_string_member(words->vantage, "user", users[0]);
    pst_json_get_string(words->vantage, "user", PST_JSON_NULLABLE, &user, NULL);
    pst_baseline_wish_again(words->before, &wish);
    if (user != NULL && g_strv_contains(users, user) && said->who->as == NULL &&
        words->policy->who.as == NULL)
        pst_vantage_fill(words->vantage, wish.vantage);
}

static gboolean
read_baseline(const PstGateSaid *said, PstGateWords *words, GError **error)
{
    if (said->baseline == NULL)
        return TRUE;
    if (said->since != NULL)
        return refuse(error, "say one of --baseline and --since");
    words->before = pst_baseline_load(said->baseline, error);
    if (words->before == NULL)
        return FALSE;
    take_vantage(said, words);
    if (words->before->mark == NULL)
        return TRUE;
    g_autofree char *mark = pst_mark_to_text(words->before->mark);
    words->moment = pst_since_parse(mark, error);
    return words->moment != NULL;
}

/* The policy's own span is for whoever gives neither: it may be shorter than a baseline is old,
 * also where that does not tell its moment. */
static gboolean
read_moment(const PstGateSaid *said, PstGateWords *words, GError **error)
{
    const char *since = said->since != NULL ? said->since : words->policy->since;

    if (since == NULL || words->before != NULL)
        return TRUE;
    words->moment = pst_since_parse(since, error);
    return words->moment != NULL;
}

gboolean
pst_gate_words_read(const PstGateSaid *said, PstGateWords *words, GError **error)
{
    words->policy = pst_policy_load(said->policy, error);
    return words->policy != NULL && read_vantage(said, words, error) &&
           read_baseline(said, words, error) && read_moment(said, words, error);
}

void
pst_gate_words_clear(PstGateWords *words)
{
    g_clear_pointer(&words->policy, pst_policy_free);
    g_clear_pointer(&words->vantage, json_object_unref);
    g_clear_pointer(&words->moment, pst_since_free);
    g_clear_pointer(&words->before, pst_baseline_free);
}

gboolean
pst_gate_words_check(const PstGateWords *words, GError **error)
{
    gboolean alone = FALSE;
    const PstPolicyRule *compares = pst_policy_compares(words->policy, &alone);
    g_autofree char *title = compares != NULL ? pst_policy_rule_title(compares) : NULL;

    if (pst_policy_needs_user(words->policy) && !json_object_has_member(words->vantage, "user"))
        return refuse(error, "[reachable]: say whose access, with --user, --as, or user= in the "
                             "policy");
    if (compares == NULL || words->before != NULL || (!alone && words->moment != NULL))
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "gate: %s compares with before: say %s", title,
                alone ? "--baseline FILE" : "--baseline FILE, or --since MARK");
    return FALSE;
}

PstGateCase
pst_gate_words_case(const PstGateWords *words, const char *guest, gboolean passive)
{
    return (PstGateCase){
        .policy = words->policy,
        .guest = guest,
        .vantage = words->vantage,
        .passive = passive,
        .since = words->moment,
        .before = words->before,
    };
}
