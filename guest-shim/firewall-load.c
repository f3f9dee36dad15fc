// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/firewall-load.h"

#include <string.h>

#include "guest-shim/iptables-save.h"
#include "guest-shim/kernel-module.h"
#include "guest-shim/nft-json.h"
#include "guest-shim/program.h"
#include "protocol/error.h"

#define NFTABLES "nftables"
#define LEGACY "iptables-legacy"
#define COULD_NOT_LOOK "firewall.could-not-look"
#define MAX_NAMES 4096
#define MAX_RULESET (4 * 1024 * 1024) /* some 8,000 rules */
#define NFT_MS 8000
#define SAVE_MS 3000

const char *const pst_firewall_load_nft[] = {"/usr/sbin/nft", "/sbin/nft", "/usr/bin/nft",
                                             "/run/current-system/sw/bin/nft", NULL};

/* One make of iptables for one IP version: the kernel's list of its tables, or NULL, and the
 * programs. */
typedef struct {
    const char *family;
    const char *names;
    const char *candidates[5];
} Save;

static const Save nft_saves[] = {
    {"ip", NULL, {"/usr/sbin/iptables-nft-save", "/sbin/iptables-nft-save", NULL}},
    {"ip6", NULL, {"/usr/sbin/ip6tables-nft-save", "/sbin/ip6tables-nft-save", NULL}},
};
static const Save legacy_saves[] = {
    {"ip",
     "/proc/net/ip_tables_names",
     {"/usr/sbin/iptables-legacy-save", "/sbin/iptables-legacy-save", NULL}},
    {"ip6",
     "/proc/net/ip6_tables_names",
     {"/usr/sbin/ip6tables-legacy-save", "/sbin/ip6tables-legacy-save", NULL}},
};

/* Runs one of the CANDIDATES; NULL with an error for one that failed, or said more than is read. */
static PstProgramResult *
run(const PstProbeContext *context, const char *const *candidates, const char *const *argv,
    gint64 timeout_ms, GError **error)
{
    const PstProgram program = {
        .candidates = candidates,
        .argv = argv,
        .timeout_ms = pst_probe_time_left_ms(context, timeout_ms),
        .max_output = MAX_RULESET,
    };
    g_autoptr(PstProgramResult) result = pst_program_run(context->sysroot, &program, error);

    if (result == NULL)
        return NULL;
    if (result->timed_out)
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "%s did not end in time",
                    candidates[0]);
    else if (result->truncated)
        g_set_error(error, PST_ERROR, PST_ERROR_TOO_LARGE, "it says more than %d MiB",
                    MAX_RULESET / (1024 * 1024));
    else if (result->exit_status != 0)
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "%s: exit status %d: %.300s",
                    candidates[0], result->exit_status, g_strstrip(result->err->str));
    else
        return g_steal_pointer(&result);
    return NULL;
}

static void
blame(PstReport *report, const char *what, const GError *cause, gboolean *complete)
{
    gboolean large = cause->code == PST_ERROR_TOO_LARGE;

    pst_probe_add_unlooked(report, large ? "firewall.too-large" : COULD_NOT_LOOK, what, cause);
    *complete = FALSE;
}

static gboolean
load_nft(const PstProbeContext *context, PstFilterRules *rules, GError **error)
{
    static const char *const argv[] = {"-j", "-t", "-a", "list", "ruleset", NULL};
    g_autoptr(PstProgramResult) result = run(context, pst_firewall_load_nft, argv, NFT_MS, error);

    return result != NULL && pst_nft_json_read(result->out->str, result->out->len, rules, error);
}

static gboolean
load_save(const PstProbeContext *context, const Save *save, const char *source,
          PstFilterRules *rules, GError **error)
{
    static const char *const argv[] = {"-c", NULL};
    g_autoptr(PstProgramResult) result = run(context, save->candidates, argv, SAVE_MS, error);

    return result != NULL && pst_iptables_save_read(result->out->str, result->out->len, source,
                                                    save->family, rules, error);
}

static gboolean
has_foreign(const PstFilterRules *rules, const char *family)
{
    for (guint i = 0; i < rules->tables->len; i++) {
        const PstFilterTable *table = rules->tables->pdata[i];

        for (guint j = 0; g_str_equal(table->family, family) && j < table->chains->len; j++) {
            const GPtrArray *chain = ((PstFilterChain *)table->chains->pdata[j])->rules;

            for (guint k = 0; k < chain->len; k++)
                if (((PstFilterRule *)chain->pdata[k])->foreign)
                    return TRUE;
        }
    }
    return FALSE;
}

static void
overlay_chain(PstFilterChain *chain, const PstFilterChain *from)
{
    if (from == NULL || from->rules->len != chain->rules->len)
        return;
    for (guint i = 0; i < chain->rules->len; i++) {
        PstFilterRule *rule = chain->rules->pdata[i], *said = from->rules->pdata[i];
        GPtrArray *steps = rule->steps;
        char *text = rule->text;

        if (!rule->foreign)
            continue;
        rule->steps = said->steps;
        rule->text = said->text;
        said->steps = steps;
        said->text = text;
    }
}

void
pst_firewall_load_overlay(PstFilterRules *rules, const PstFilterRules *from)
{
    for (guint i = 0; i < from->tables->len; i++) {
        const PstFilterTable *said = from->tables->pdata[i];
        const PstFilterTable *table =
            pst_filter_rules_find_table(rules, NFTABLES, said->family, said->name);

        for (guint j = 0; table != NULL && j < table->chains->len; j++) {
            PstFilterChain *chain = table->chains->pdata[j];

            overlay_chain(chain, pst_filter_rules_find_chain(said, chain->name));
        }
    }
}

/* What iptables wrote into nftables it reads best itself. Where it can't, the rules stay what they
 * are: not modelled. */
static void
explain_foreign(const PstProbeContext *context, PstFilterRules *rules)
{
    for (guint i = 0; i < G_N_ELEMENTS(nft_saves); i++) {
        g_autoptr(PstFilterRules) said = pst_filter_rules_new();

        if (has_foreign(rules, nft_saves[i].family) &&
            load_save(context, &nft_saves[i], NFTABLES, said, NULL))
            pst_firewall_load_overlay(rules, said);
    }
}

static void
load_nftables(const PstProbeContext *context, PstFilterRules *rules, gboolean *complete,
              PstReport *report)
{
    PstFirewallData *data = report->data;
    g_autoptr(GError) cause = NULL;

    data->nftables = pst_kernel_module_is_there(context->sysroot, "nf_tables", &cause);
    if (cause != NULL) {
        blame(report, "the kernel's modules", cause, complete);
        return;
    }
    if (data->nftables != PST_TRI_YES || !pst_sysroot_is_live(context->sysroot))
        return;
    if (load_nft(context, rules, &cause))
        explain_foreign(context, rules);
    else
        blame(report, "the rules of nftables", cause, complete);
}

/* An absent list says that the module is not loaded, an empty one that there is no table. */
static void
load_legacy(const PstProbeContext *context, const Save *save, PstFilterRules *rules,
            gboolean *complete, PstReport *report)
{
    PstFirewallData *data = report->data;
    g_autoptr(GError) cause = NULL;
    g_autofree char *names =
        pst_sysroot_read(context->sysroot, save->names, MAX_NAMES, NULL, &cause);

    if (names == NULL && cause->code != PST_ERROR_ABSENT) {
        blame(report, "the tables of iptables", cause, complete);
        return;
    }
    if (names == NULL || *g_strstrip(names) == '\0')
        return;
    data->iptables_legacy = PST_TRI_YES;
    if (pst_sysroot_is_live(context->sysroot) && !load_save(context, save, LEGACY, rules, &cause))
        blame(report, "the rules of iptables-legacy", cause, complete);
}

PstFilterRules *
pst_firewall_load(const PstProbeContext *context, gboolean *complete, PstReport *report)
{
    PstFilterRules *rules = pst_filter_rules_new();
    PstFirewallData *data = report->data;

    *complete = TRUE;
    load_nftables(context, rules, complete, report);
    data->iptables_legacy = PST_TRI_NO;
    for (guint i = 0; i < G_N_ELEMENTS(legacy_saves); i++)
        load_legacy(context, &legacy_saves[i], rules, complete, report);
    data->firewalld = PST_TRI(pst_sysroot_exists(context->sysroot, "/run/firewalld.pid"));
    return rules;
}
