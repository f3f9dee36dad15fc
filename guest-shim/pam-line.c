// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/pam-line.h"

#include <string.h>

/* In the order of their numbers; pam.conf(5) names them. */
static const char *const return_names[PST_PAM_N_RETURNS] = {
    "success",
    "open_err",
    "symbol_err",
    "service_err",
    "system_err",
    "buf_err",
    "perm_denied",
    "auth_err",
    "cred_insufficient",
    "authinfo_unavail",
    "user_unknown",
    "maxtries",
    "new_authtok_reqd",
    "acct_expired",
    "session_err",
    "cred_unavail",
    "cred_expired",
    "cred_err",
    "no_module_data",
    "conv_err",
    "authtok_err",
    "authtok_recover_err",
    "authtok_lock_busy",
    "authtok_disable_aging",
    "try_again",
    "ignore",
    "abort",
    "authtok_expired",
    "module_unknown",
    "bad_item",
    "conv_again",
    "incomplete",
};

static const struct {
    const char *name;
    int action;
} action_names[] = {
    {"ignore", PST_PAM_DO_IGNORE}, {"ok", PST_PAM_DO_OK},   {"done", PST_PAM_DO_DONE},
    {"bad", PST_PAM_DO_BAD},       {"die", PST_PAM_DO_DIE}, {"reset", PST_PAM_DO_RESET},
};

/* The four old words stand for these. */
static const struct {
    const char *name;
    const char *meaning;
} old_words[] = {
    {"required", "success=ok new_authtok_reqd=ok ignore=ignore default=bad"},
    {"requisite", "success=ok new_authtok_reqd=ok ignore=ignore default=die"},
    {"sufficient", "success=done new_authtok_reqd=done default=ignore"},
    {"optional", "success=ok new_authtok_reqd=ok default=ignore"},
};

void
pst_pam_line_fill(int actions[PST_PAM_N_RETURNS], int action)
{
    for (guint i = 0; i < PST_PAM_N_RETURNS; i++)
        actions[i] = action;
}

static gboolean
parse_action(const char *text, int *action)
{
    guint64 jump;

    for (guint i = 0; i < G_N_ELEMENTS(action_names); i++) {
        if (g_ascii_strcasecmp(text, action_names[i].name) == 0) {
            *action = action_names[i].action;
            return TRUE;
        }
    }
    if (!g_ascii_string_to_unsigned(text, 10, 1, 10000, &jump, NULL))
        return FALSE;
    *action = (int)jump;
    return TRUE;
}

#define NOT_NAMED G_MAXINT

/* `default` fills what is not named, wherever it stands; what nothing names is bad. */
static gboolean
parse_actions(const char *text, int actions[PST_PAM_N_RETURNS])
{
    g_auto(GStrv) words = g_strsplit_set(text, " \t", -1);
    int rest = PST_PAM_DO_BAD;

    pst_pam_line_fill(actions, NOT_NAMED);
    for (guint i = 0; words[i] != NULL; i++) {
        char *equals = strchr(words[i], '=');
        gboolean known = FALSE;
        int action;

        if (words[i][0] == '\0')
            continue;
        if (equals == NULL || !parse_action(equals + 1, &action))
            return FALSE;
        *equals = '\0';
        if (g_ascii_strcasecmp(words[i], "default") == 0) {
            rest = action;
            continue;
        }
        for (guint j = 0; !known && j < PST_PAM_N_RETURNS; j++) {
            if (g_ascii_strcasecmp(words[i], return_names[j]) == 0) {
                actions[j] = action;
                known = TRUE;
            }
        }
        if (!known)
            return FALSE;
    }
    for (guint i = 0; i < PST_PAM_N_RETURNS; i++)
        if (actions[i] == NOT_NAMED)
            actions[i] = rest;
    return TRUE;
}

/* Hundreds of lines say one of the four: what each stands for is worked out once. */
static const int *
actions_of_old(guint number)
{
    static int known[G_N_ELEMENTS(old_words)][PST_PAM_N_RETURNS];
    static gboolean worked_out[G_N_ELEMENTS(old_words)];

    if (!worked_out[number])
        worked_out[number] = parse_actions(old_words[number].meaning, known[number]);
    return known[number];
}

static gboolean
parse_control(const char *control, PstPamWords *words)
{
    gsize len = strlen(control);

    for (guint i = 0; i < G_N_ELEMENTS(old_words); i++) {
        if (g_ascii_strcasecmp(control, old_words[i].name) == 0) {
            memcpy(words->actions, actions_of_old(i), sizeof(words->actions));
            return TRUE;
        }
    }
    if (len < 2 || control[0] != '[' || control[len - 1] != ']')
        return FALSE;

    g_autofree char *inner = g_strndup(control + 1, len - 2);
    return parse_actions(inner, words->actions);
}

/* The next word; one in brackets may hold blanks. NULL at the end. Free with g_free(). */
static char *
next_word(const char **rest)
{
    const char *start = *rest + strspn(*rest, " \t");
    gsize len = strcspn(start, " \t");

    if (*start == '\0') {
        *rest = start;
        return NULL;
    }
    if (*start == '[') {
        const char *end = strchr(start, ']');
        len = end != NULL ? (gsize)(end - start) + 1 : strlen(start);
    }
    *rest = start + len;
    return g_strndup(start, len);
}

static gboolean
parse_phase(const char *word, PstPamPhase *phase)
{
    for (int i = 0; i < PST_PAM_N_PHASES; i++) {
        if (g_ascii_strcasecmp(word, pst_pam_stack_phase_names[i]) == 0) {
            *phase = (PstPamPhase)i;
            return TRUE;
        }
    }
    return FALSE;
}

static PstPamLineKind
parse_rest(const char *rest, PstPamWords *words)
{
    g_autofree char *control = next_word(&rest);
    PstPamLineKind kind = PST_PAM_LINE_MODULE;

    if (control == NULL) {
        words->fault = "there is neither a control nor a module";
        return PST_PAM_LINE_FAULTY;
    }
    if (g_ascii_strcasecmp(control, "include") == 0)
        kind = PST_PAM_LINE_INCLUDE;
    else if (g_ascii_strcasecmp(control, "substack") == 0)
        kind = PST_PAM_LINE_SUBSTACK;
    else if (!parse_control(control, words)) {
        words->fault = "the control is not one that libpam knows";
        kind = PST_PAM_LINE_FAULTY;
    }
    words->target = next_word(&rest);
    if (words->target == NULL && kind != PST_PAM_LINE_FAULTY) {
        words->fault = "there is no module";
        kind = PST_PAM_LINE_FAULTY;
    }
    words->args = g_strdup(rest + strspn(rest, " \t"));
    return kind;
}

PstPamWords *
pst_pam_line_parse(const char *text)
{
    PstPamWords *words = g_new0(PstPamWords, 1);
    const char *rest = text;
    g_autofree char *first = next_word(&rest);

    if (first == NULL) {
        words->kind = PST_PAM_LINE_EMPTY;
    } else if (g_ascii_strcasecmp(first, "@include") == 0) {
        words->target = next_word(&rest);
        words->kind = words->target != NULL ? PST_PAM_LINE_INCLUDE_ALL : PST_PAM_LINE_PASSED_OVER;
    } else if (!parse_phase(first + (first[0] == '-' ? 1 : 0), &words->phase)) {
        words->kind = PST_PAM_LINE_PASSED_OVER;
    } else {
        words->kind = parse_rest(rest, words);
    }
    if (words->kind == PST_PAM_LINE_FAULTY)
        pst_pam_line_fill(words->actions, PST_PAM_DO_BAD);
    return words;
}

void
pst_pam_line_free(PstPamWords *words)
{
    g_free(words->target);
    g_free(words->args);
    g_free(words);
}

/* What stands in brackets, without them; *rest goes behind it. */
static char *
bracketed(const char **rest)
{
    GString *word = g_string_new(NULL);
    const char *at = *rest + 1;

    for (; *at != '\0' && *at != ']'; at++) {
        if (at[0] == '\\' && at[1] == ']')
            at++;
        g_string_append_c(word, *at);
    }
    *rest = *at == ']' ? at + 1 : at;
    return g_string_free(word, FALSE);
}

static char *
plain(const char **rest)
{
    const char *start = *rest;

    *rest += strcspn(start, " \t");
    return g_strndup(start, (gsize)(*rest - start));
}

char **
pst_pam_line_arguments(const char *args)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    const char *rest = args != NULL ? args : "";

    for (rest += strspn(rest, " \t"); *rest != '\0'; rest += strspn(rest, " \t")) {
        g_autofree char *word = *rest == '[' ? bracketed(&rest) : plain(&rest);
        g_strv_builder_add(words, word);
    }
    return g_strv_builder_end(words);
}

const char *
pst_pam_line_value(char **arguments, const char *name)
{
    gsize len = strlen(name);
    const char *value = NULL;

    for (guint i = 0; arguments[i] != NULL; i++)
        if (strncmp(arguments[i], name, len) == 0 && arguments[i][len] == '=')
            value = arguments[i] + len + 1;
    return value;
}
