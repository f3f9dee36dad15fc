// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/words.h"

#include <string.h>

#include "protocol/error.h"
#include "protocol/json.h"

const char *const pst_words_priorities[PST_WORDS_N_PRIORITIES] = {
    "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"};

void
pst_words_add_list(JsonObject *args, const char *name, const char *text)
{
    g_auto(GStrv) words = text != NULL ? g_strsplit(text, ",", -1) : NULL;
    JsonArray *list = NULL;

    for (guint i = 0; words != NULL && words[i] != NULL; i++) {
        if (*words[i] == '\0')
            continue;
        if (list == NULL && json_object_has_member(args, name)) {
            list = json_object_get_array_member(args, name);
        } else if (list == NULL) {
            list = json_array_new();
            json_object_set_array_member(args, name, list);
        }
        g_autofree char *clean = pst_json_clean(words[i]);
        json_array_add_string_element(list, clean);
    }
}

gboolean
pst_words_add_command(JsonObject *args, const char *name, const char *text, GError **error)
{
    g_auto(GStrv) words = NULL;
    g_autoptr(GError) cause = NULL;
    JsonArray *list;

    if (!g_shell_parse_argv(text, NULL, &words, &cause)) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "'%.64s' is no command: %s", text,
                    cause->message);
        return FALSE;
    }
    list = json_array_new();
    for (char **word = words; *word != NULL; word++) {
        g_autofree char *clean = pst_json_clean(*word);
        json_array_add_string_element(list, clean);
    }
    json_object_set_array_member(args, name, list);
    return TRUE;
}

gboolean
pst_words_parse_priority(const char *text, gint64 *priority, GError **error)
{
    for (guint i = 0; i < PST_WORDS_N_PRIORITIES; i++) {
        const char digit[] = {(char)('0' + i), '\0'};
        if (g_str_equal(text, pst_words_priorities[i]) || g_str_equal(text, digit)) {
            *priority = i;
            return TRUE;
        }
    }
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                "'%s' is not a priority: say emerg, alert, crit, err, warning, notice, info, debug "
                "or 0 to 7",
                text);
    return FALSE;
}

gboolean
pst_words_check_user(const char *user, GError **error)
{
    gsize len = strlen(user);
    gboolean fine = len >= 1 && len <= 255 && strpbrk(user, ":/") == NULL;

    for (gsize i = 0; i < len; i++)
        fine &= !g_ascii_iscntrl(user[i]);
    if (!fine)
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "'%s' is not a user name", user);
    return fine;
}

gboolean
pst_words_add_path(JsonObject *args, const char *path, GError **error)
{
    if (!g_utf8_validate(path, -1, NULL)) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "'%s' is no UTF-8: it can't be asked for",
                    path);
        return FALSE;
    }
    json_object_set_string_member(args, "path", path);
    return TRUE;
}
