// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/redact-name.h"

/* Assignments, in the many ways that there are to write one: `name = value`, `"name": "value"`,
 * `--name value`, `<name>value</name>`, `name: |` with its indented lines, a member `name` beside
 * a member `value`, and more. */

#define MAX_BLANKS 64
#define MAX_BEFORE 64
#define MAX_ATTRIBUTES 256

static gboolean
is_name_char(char c)
{
    return g_ascii_isalnum(c) || c == '_' || c == '-' || c == '.';
}

/* DB_Password becomes dbpassword, with the last part "password"; so does dbPassword. */
static void
normalise(PstRedactName *name)
{
    gsize from = name->end - name->start > PST_REDACT_NAME_LEN ? name->end - PST_REDACT_NAME_LEN
                                                               : name->start;
    gsize n = 0, last = 0;

    for (gsize i = from; i < name->end; i++) {
        char c = name->scan->text[i];
        gboolean camel = i > from && g_ascii_isupper(c) && g_ascii_islower(name->scan->text[i - 1]);

        if (!g_ascii_isalnum(c) || camel)
            last = n;
        if (g_ascii_isalnum(c))
            name->name[n++] = g_ascii_tolower(c);
    }
    name->name[n] = '\0';
    name->last = name->name + last;
}

static gboolean
is_named(const PstRedactRule *rule, const PstRedactName *name)
{
    if (rule->except != NULL && g_strv_contains(rule->except, name->name))
        return FALSE;
    for (guint i = 0; rule->suffix != NULL && rule->suffix[i] != NULL; i++)
        if (g_str_has_suffix(name->name, rule->suffix[i]))
            return TRUE;
    return (rule->last != NULL && name->last > name->name &&
            g_strv_contains(rule->last, name->last)) ||
           (rule->exact != NULL && g_strv_contains(rule->exact, name->name));
}

static gsize
skip_blanks(PstRedactName *name)
{
    gsize begun = name->at;

    while (name->at - begun < MAX_BLANKS && (pst_redact_name_at(name, name->at) == ' ' ||
                                             pst_redact_name_at(name, name->at) == '\t'))
        name->at++;
    return name->at - begun;
}

/* The last byte before FROM that is no blank; '\0' for none. */
static char
before(const PstRedactName *name, gsize from)
{
    for (gsize i = 0; i < MAX_BLANKS && from > 0; i++, from--)
        if (name->scan->text[from - 1] != ' ' && name->scan->text[from - 1] != '\t')
            return name->scan->text[from - 1];
    return '\0';
}

static void
read_name_end(PstRedactName *name)
{
    if (pst_redact_name_at(name, name->at) == '\\' &&
        pst_redact_name_is_quote(pst_redact_name_at(name, name->at + 1)))
        name->at++;
    if (pst_redact_name_is_quote(pst_redact_name_at(name, name->at))) {
        name->at++;
        name->quoted_name = TRUE;
    }
    if (pst_redact_name_at(name, name->at) == ']')
        name->at++;
}

/* Behind a name in quotes: the next argument of a call, or the next attribute of an element. */
static gboolean
read_pair(PstRedactName *name)
{
    gsize start = name->start > 0 ? name->start - 1 : 0;

    if (!name->quoted_name)
        return FALSE;
    if (pst_redact_name_at(name, name->at) == ',' && before(name, start) == '(') {
        name->at++;
        return TRUE;
    }
    if (name->scan->len - name->at < 6 ||
        g_ascii_strncasecmp(name->scan->text + name->at, "value=", 6) != 0)
        return FALSE;
    name->at += 6;
    return TRUE;
}

/* `- name: DB_PASSWORD` and then `value: …`, on the same line or the next. */
static gboolean
read_member(PstRedactName *name)
{
    const PstRedactScan *scan = name->scan;
    gboolean quoted = name->quoted_name && name->start > 0;
    char sign = before(name, quoted ? name->start - 1 : name->start);
    gsize i = name->at, max = MIN(scan->len, i + MAX_BLANKS);

    if (sign != ':' && sign != '=')
        return FALSE;
    while (i < max && strchr(" \t\r\n,", scan->text[i]) != NULL)
        i++;
    name->own_line = memchr(scan->text + name->at, '\n', i - name->at) != NULL;
    i += pst_redact_name_is_quote(pst_redact_name_at(name, i));
    if (i == name->at || scan->len - i < 6 || g_ascii_strncasecmp(scan->text + i, "value", 5) != 0)
        return FALSE;
    i += 5;
    i += pst_redact_name_is_quote(pst_redact_name_at(name, i));
    while (pst_redact_name_at(name, i) == ' ')
        i++;
    if (pst_redact_name_at(name, i) != ':' && pst_redact_name_at(name, i) != '=')
        return FALSE;
    name->at = i + 1;
    if (name->own_line)
        name->line_end = pst_redact_parts_line_end(scan, name->at);
    name->member = TRUE;
    skip_blanks(name);
    return TRUE;
}

/* The attributes of the element that the name is, to behind its bracket. */
static gboolean
read_attributes(PstRedactName *name)
{
    const PstRedactScan *scan = name->scan;
    gsize max = MIN(name->line_end, name->at + MAX_ATTRIBUTES), i = name->at;
    gboolean any = FALSE;

    if (name->start == 0 || scan->text[name->start - 1] != '<')
        return FALSE;
    for (; i < max && strchr("<>", scan->text[i]) == NULL; i++)
        any |= scan->text[i] == '=';
    if (!any || i >= max || scan->text[i] != '>' || scan->text[i - 1] == '/')
        return FALSE;
    name->at = i + 1;
    name->element = TRUE;
    return TRUE;
}

/* Reads what separates a name from its value; FALSE where this is no assignment. */
static gboolean
read_separator(PstRedactName *name)
{
    gsize blanks = 0;
    char c;

    read_name_end(name);
    blanks = skip_blanks(name);
    c = pst_redact_name_at(name, name->at);
    name->element = c == '>' && name->start > 0 && name->scan->text[name->start - 1] == '<';
    name->separated = TRUE;
    if (c == ':' && pst_redact_name_at(name, name->at + 1) == ':')
        return FALSE;
    if (c == '=' || c == ':' || name->element) {
        name->colon = c == ':';
        name->at++;
        while (pst_redact_name_at(name, name->at) == '=' ||
               (pst_redact_name_at(name, name->at) == '>' && c == '='))
            name->at++;
        skip_blanks(name);
        return TRUE;
    }
    if (read_pair(name) || (blanks > 0 && read_attributes(name))) {
        skip_blanks(name);
        return TRUE;
    }
    if (read_member(name))
        return TRUE;
    name->separated = FALSE;
    if (name->scan->argv && name->option && c == '\n') {
        name->at++;
        name->line_end = pst_redact_parts_line_end(name->scan, name->at);
        return TRUE;
    }
    return blanks > 0;
}

gboolean
pst_redact_names_begins_line(const PstRedactName *name)
{
    static const char *const words[] = {"export", "set",      "setenv",  "env", "declare",
                                        "local",  "readonly", "const",   "let", "var",
                                        "arg",    "public",   "private", NULL};
    const char *text = name->scan->text;
    gsize from = name->start;

    while (from > 0 && text[from - 1] != '\n')
        if (name->start - --from > MAX_BEFORE)
            return FALSE;
    g_autofree char *all = g_ascii_strdown(text + from, (gssize)(name->start - from));
    g_autofree char *word = g_strdup(g_strdelimit(all, " \t-#;/*>\"'`{[$,<|@\\\r", ' '));
    g_strstrip(word);
    return *word == '\0' || g_strv_contains(words, word);
}

/* Whether the rule says what a value begins with. */
static gboolean
has_chars(const PstRedactRule *rule)
{
    for (guint i = 0; i < G_N_ELEMENTS(rule->chars); i++)
        if (rule->chars[i] != 0)
            return TRUE;
    return FALSE;
}

/* Whether the rule knows the name, with this between it and its value. */
static gboolean
is_for(const PstRedactRule *rule, const PstRedactName *name)
{
    return rule->kind == PST_REDACT_NAME && (name->separated || name->option || rule->space) &&
           is_named(rule, name);
}

/* Whether the value is no more than its line's end. */
static gboolean
ends_line(const PstRedactName *name, gsize at)
{
    char c = pst_redact_name_at(name, at);

    return at >= name->scan->len || c == '\n' ||
           (c == '\r' && pst_redact_name_at(name, at + 1) == '\n');
}

gboolean
pst_redact_names_may_be(const PstRedactName *name, gsize value, gboolean quoted)
{
    guchar first = (guchar)pst_redact_name_at(name, value);

    for (guint i = 0; i < pst_redact_rules_n; i++) {
        const PstRedactRule *rule = &pst_redact_rules[i];

        if (is_for(rule, name) && (quoted || !rule->quoted) &&
            (!has_chars(rule) || pst_redact_parts_has(rule, first) || ends_line(name, value)))
            return TRUE;
    }
    return FALSE;
}

/* Whether a rule may apply to what stands at name->at. */
static gboolean
is_known(const PstRedactName *name)
{
    gsize value = name->at;
    gboolean quoted;

    value += pst_redact_name_at(name, value) == '\\' &&
             pst_redact_name_is_quote(pst_redact_name_at(name, value + 1));
    quoted = pst_redact_name_is_quote(pst_redact_name_at(name, value));
    return pst_redact_names_may_be(name, value + quoted, quoted);
}

static gboolean
applies(const PstRedactRule *rule, const PstRedactName *name)
{
    if (!is_for(rule, name))
        return FALSE;
    if (rule->quoted && name->quote == '\0')
        return FALSE;
    if (has_chars(rule) &&
        !pst_redact_parts_has(rule, (guchar)pst_redact_name_at(name, name->value)))
        return FALSE;
    return !pst_redact_values_are_sound(rule, name->scan->text + name->value,
                                        name->value_end - name->value);
}

static void
add_tails(gboolean tails[256], const char *const *names)
{
    for (guint i = 0; names != NULL && names[i] != NULL; i++)
        tails[(guchar)names[i][strlen(names[i]) - 1]] = TRUE;
}

/* Most words of a text end in a letter that no name ends in: one look at a table. */
static gboolean
may_be_known(const PstRedactScan *scan, gsize start, gsize end)
{
    static gboolean tails[256], made;

    for (guint i = 0; !made && i < pst_redact_rules_n; i++) {
        add_tails(tails, pst_redact_rules[i].suffix);
        add_tails(tails, pst_redact_rules[i].last);
        add_tails(tails, pst_redact_rules[i].exact);
    }
    made = TRUE;
    while (end > start && !g_ascii_isalnum(scan->text[end - 1]))
        end--;
    return end > start && tails[(guchar)g_ascii_tolower(scan->text[end - 1])];
}

/* Looks at the assignment to the name from START to END; returns the offset to go on from. */
static gsize
take_name(PstRedactScan *scan, gsize start, gsize end, gsize line_end)
{
    PstRedactName name = {
        .scan = scan, .start = start, .end = end, .at = end, .line_end = line_end};

    if (!may_be_known(scan, start, end))
        return end;
    name.option = scan->text[start] == '-';
    if (!read_separator(&name))
        return end;
    normalise(&name);
    if (!is_known(&name))
        return end;
    pst_redact_name_value_read(&name);
    pst_redact_name_lines_read(&name);
    for (guint i = 0; i < pst_redact_rules_n; i++) {
        if (!applies(&pst_redact_rules[i], &name))
            continue;
        pst_redact_parts_add(scan, name.value, name.value_end, &pst_redact_rules[i]);
        return MAX(end, name.value_end);
    }
    return end;
}

void
pst_redact_names(PstRedactScan *scan)
{
    gsize line_end = 0;

    for (gsize i = 0; i < scan->len;) {
        gsize end = i;

        if (i >= line_end)
            line_end = pst_redact_parts_line_end(scan, i);
        while (end < scan->len && is_name_char(scan->text[end]))
            end++;
        i = end > i ? take_name(scan, i, end, line_end) : i + 1;
    }
}
