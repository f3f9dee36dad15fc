// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/checks-output.h"

#include <string.h>

#include "protocol/json.h"

#define MAX_LINE 2048
#define MAX_DETAILS 20
#define MAX_VALUES 100
#define MAX_WORD 128
#define NUMBER "0123456789.,+-eE"
#define SPACE " \t\r\n"

/* The label at *at, in apostrophes where it holds spaces, an apostrophe of its own doubled; *at
 * then stands behind the equals sign. NULL where there is none. */
static char *
take_label(const char **at)
{
    g_autoptr(GString) label = g_string_new(NULL);
    gboolean quoted = **at == '\'';
    const char *next = *at + (quoted ? 1 : 0);

    for (; *next != '\0'; next++) {
        if (quoted && next[0] == '\'' && next[1] == '\'')
            next++;
        else if (quoted ? *next == '\'' : (*next == '=' || strchr(SPACE, *next) != NULL))
            break;
        if (label->len < MAX_WORD)
            g_string_append_c(label, *next);
    }
    if (quoted && *next == '\'')
        next++;
    if (*next != '=' || label->len == 0)
        return NULL;
    *at = next + 1;
    return pst_json_clean(label->str);
}

static char *
word(const char *text, gsize len)
{
    g_autofree char *copy = g_strndup(text, MIN(len, (gsize)MAX_WORD));

    return len > 0 ? pst_json_clean(copy) : NULL;
}

/* `U` is said for a value that could not be told. An `e` may also begin a unit. */
static void
take_number(const char *text, PstChecksValue *value)
{
    gsize digits = strspn(text, NUMBER);

    while (digits > 0 && (text[digits - 1] == 'e' || text[digits - 1] == 'E'))
        digits--;
    if (g_str_equal(text, "U"))
        return;
    value->value = word(text, digits);
    value->unit = word(text + digits, strlen(text + digits));
}

static void
add_value(GPtrArray **values, char *label, const char *fields)
{
    g_auto(GStrv) parts = g_strsplit(fields, ";", 6);
    guint n = g_strv_length(parts);
    PstChecksValue *value = pst_fields_append(&pst_report_checks_value_fields, values);
    char **const members[] = {&value->warn, &value->crit, &value->min, &value->max};

    value->label = label;
    if (n > 0)
        take_number(parts[0], value);
    for (guint i = 0; i < G_N_ELEMENTS(members) && i + 1 < n; i++)
        *members[i] = word(parts[i + 1], strlen(parts[i + 1]));
}

/* What is no value ends at the next space, and is passed over. */
static void
take_values(const char *text, GPtrArray **values)
{
    for (guint n = *values != NULL ? (*values)->len : 0; n < MAX_VALUES;) {
        text += strspn(text, SPACE);
        if (*text == '\0')
            return;
        char *label = take_label(&text);
        gsize len = strcspn(text, SPACE);
        g_autofree char *fields = g_strndup(text, len);
        text += len;
        if (label == NULL)
            continue;
        add_value(values, label, fields);
        n++;
    }
}

static char *
clean_line(const char *line)
{
    return g_strstrip(pst_json_clean_cut(line, MAX_LINE, NULL));
}

/* The lines behind the first: text up to a bar, then only values. */
static void
take_rest(char *const *lines, PstChecksCheck *check)
{
    g_autoptr(GStrvBuilder) details = g_strv_builder_new();
    gboolean values = FALSE;
    guint n = 0;

    for (guint i = 0; lines[i] != NULL; i++) {
        char *bar = values ? NULL : strchr(lines[i], '|');

        if (bar != NULL)
            *bar = '\0';
        g_autofree char *line = values ? NULL : clean_line(lines[i]);
        if (line != NULL && *line != '\0' && n++ < MAX_DETAILS)
            g_strv_builder_add(details, line);
        if (values || bar != NULL)
            take_values(values ? lines[i] : bar + 1, &check->values);
        values = values || bar != NULL;
    }
    if (n > 0)
        check->details = g_strv_builder_end(details);
}

void
pst_checks_output_parse(const char *text, PstChecksCheck *check)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    char *bar = lines[0] != NULL ? strchr(lines[0], '|') : NULL;

    if (lines[0] == NULL)
        return;
    if (bar != NULL)
        *bar = '\0';
    check->message = clean_line(lines[0]);
    if (bar != NULL)
        take_values(bar + 1, &check->values);
    take_rest(lines + 1, check);
}
