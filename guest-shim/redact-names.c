// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/redact-parts.h"

/* Assignments, in the many ways that there are to write one: `name = value`, `"name": "value"`,
 * `--name value`, `<name>value</name>`, `name: |` with its indented lines, and more. */

#define MAX_NAME 64
#define MAX_BLANKS 64
#define MAX_BEFORE 64

/* A name in a text, and what is found out about its assignment. */
typedef struct {
    PstRedactScan *scan;
    gsize start, end;        /* the name */
    gsize at;                /* how far it was read */
    gsize line_end;          /* of the line that the name stands in */
    char name[MAX_NAME + 1]; /* in lower case, without what separates its parts */
    const char *last;        /* its last part, in it */
    gboolean option;         /* it begins with a hyphen */
    gboolean quoted_name;    /* a quote closes behind it */
    gboolean separated;      /* by more than white space */
    gboolean element;        /* of XML */
    char quote;              /* that the value stands in, or '\0' */
    gboolean escaped;        /* that quote has a backslash before it */
    gsize value, value_end;
} Name;

static char
at(const Name *name, gsize offset)
{
    return offset < name->scan->len ? name->scan->text[offset] : '\0';
}

static gboolean
is_quote(char c)
{
    return c == '"' || c == '\'' || c == '`';
}

static gboolean
is_name_char(char c)
{
    return g_ascii_isalnum(c) || c == '_' || c == '-' || c == '.';
}

/* DB_Password becomes dbpassword, with the last part "password"; so does dbPassword. */
static void
normalise(Name *name)
{
    gsize from = name->end - name->start > MAX_NAME ? name->end - MAX_NAME : name->start;
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
is_named(const PstRedactRule *rule, const Name *name)
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
skip_blanks(Name *name)
{
    gsize begun = name->at;

    while (name->at - begun < MAX_BLANKS &&
           (at(name, name->at) == ' ' || at(name, name->at) == '\t'))
        name->at++;
    return name->at - begun;
}

/* The last byte before FROM that is no blank; '\0' for none. */
static char
before(const Name *name, gsize from)
{
    for (gsize i = 0; i < MAX_BLANKS && from > 0; i++, from--)
        if (name->scan->text[from - 1] != ' ' && name->scan->text[from - 1] != '\t')
            return name->scan->text[from - 1];
    return '\0';
}

static void
read_name_end(Name *name)
{
    if (at(name, name->at) == '\\' && is_quote(at(name, name->at + 1)))
        name->at++;
    if (is_quote(at(name, name->at))) {
        name->at++;
        name->quoted_name = TRUE;
    }
    if (at(name, name->at) == ']')
        name->at++;
}

/* Behind a name in quotes: the next argument of a call, or the next attribute of an element. */
static gboolean
read_pair(Name *name)
{
    gsize start = name->start > 0 ? name->start - 1 : 0;

    if (!name->quoted_name)
        return FALSE;
    if (at(name, name->at) == ',' && before(name, start) == '(') {
        name->at++;
        return TRUE;
    }
    if (name->scan->len - name->at < 6 ||
        g_ascii_strncasecmp(name->scan->text + name->at, "value=", 6) != 0)
        return FALSE;
    name->at += 6;
    return TRUE;
}

/* Reads what separates a name from its value; FALSE where this is no assignment. */
static gboolean
read_separator(Name *name)
{
    gsize blanks = 0;
    char c;

    read_name_end(name);
    blanks = skip_blanks(name);
    c = at(name, name->at);
    name->element = c == '>' && name->start > 0 && name->scan->text[name->start - 1] == '<';
    name->separated = TRUE;
    if (c == ':' && at(name, name->at + 1) == ':')
        return FALSE;
    if (c == '=' || c == ':' || name->element) {
        name->at++;
        while (at(name, name->at) == '=' || (at(name, name->at) == '>' && c == '='))
            name->at++;
        skip_blanks(name);
        return TRUE;
    }
    if (read_pair(name)) {
        skip_blanks(name);
        return TRUE;
    }
    name->separated = FALSE;
    if (name->scan->argv && name->option && c == '\n') {
        name->at++;
        name->line_end = pst_redact_parts_line_end(name->scan, name->at);
        return TRUE;
    }
    return blanks > 0;
}

/* Whether nothing but what may begin a line stands before the name. */
static gboolean
begins_line(const Name *name)
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

static gsize
find_quote(const Name *name, gsize from, char quote, gboolean escaped)
{
    for (gsize i = from; i < name->line_end; i++) {
        char c = name->scan->text[i];
        if (c == '\\' && escaped && at(name, i + 1) == quote)
            return i;
        if (c == '\\')
            i++;
        else if (c == quote && !escaped)
            return i;
    }
    return name->line_end;
}

static gsize
word_end(const Name *name, gsize from)
{
    while (from < name->line_end && !g_ascii_isspace(name->scan->text[from]))
        from++;
    return from;
}

/* A word, and one more where the first only says of what kind the credentials are. */
static gsize
words_end(const Name *name)
{
    static const char *const kinds[] = {"basic",     "bearer", "digest", "token",
                                        "negotiate", "apikey", NULL};
    gsize end = word_end(name, name->value);
    g_autofree char *word =
        g_ascii_strdown(name->scan->text + name->value, (gssize)MIN(end - name->value, MAX_NAME));

    if (!g_strv_contains(kinds, word))
        return end;
    while (end < name->line_end && g_ascii_isspace(name->scan->text[end]))
        end++;
    return word_end(name, end);
}

static gsize
stop_at(const Name *name, const char *stop)
{
    gsize i = name->value;

    while (i < name->line_end && strchr(stop, name->scan->text[i]) == NULL)
        i++;
    return i;
}

static void
read_value(Name *name)
{
    char open = name->start > 0 ? name->scan->text[name->start - 1] : '\0';

    if (at(name, name->at) == '\\' && is_quote(at(name, name->at + 1))) {
        name->escaped = TRUE;
        name->at++;
    }
    if (is_quote(at(name, name->at)) && name->at < name->line_end)
        name->quote = name->scan->text[name->at++];
    name->value = MIN(name->at, name->line_end);
    if (name->quote != '\0')
        name->value_end = find_quote(name, name->value, name->quote, name->escaped);
    else if (is_quote(open) && !name->quoted_name)
        name->value_end = find_quote(name, name->value, open, FALSE);
    else if (name->element)
        name->value_end = stop_at(name, "<");
    else if (name->quoted_name && name->separated)
        name->value_end = stop_at(name, ",}");
    else if (name->scan->argv || (name->separated && !name->option && begins_line(name)))
        name->value_end = name->line_end;
    else
        name->value_end = words_end(name);
    while (name->value_end > name->value && name->quote == '\0' &&
           g_ascii_isspace(name->scan->text[name->value_end - 1]))
        name->value_end--;
}

static gsize
indent_of(const PstRedactScan *scan, gsize line)
{
    gsize at_char = line;

    while (at_char < scan->len && (scan->text[at_char] == ' ' || scan->text[at_char] == '-'))
        at_char++;
    return at_char - line;
}

/* A block scalar of YAML: the lines that are indented further than the name's own. */
static void
read_block_scalar(Name *name)
{
    const PstRedactScan *scan = name->scan;
    char first = at(name, name->value);
    gsize begun = name->start, next = name->line_end + 1;

    if ((first != '|' && first != '>') || name->value_end - name->value > 3)
        return;
    while (begun > 0 && name->start - begun < MAX_BEFORE && scan->text[begun - 1] != '\n')
        begun--;
    gsize indent = indent_of(scan, begun), end = 0;
    while (next < scan->len && (scan->text[next] == '\n' || indent_of(scan, next) > indent)) {
        end = pst_redact_parts_line_end(scan, next);
        next = end + 1;
    }
    if (end == 0)
        return;
    name->value = name->line_end + 1 + indent_of(scan, name->line_end + 1);
    name->value_end = end;
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
is_for(const PstRedactRule *rule, const Name *name)
{
    return rule->kind == PST_REDACT_NAME && (name->separated || name->option || rule->space) &&
           is_named(rule, name);
}

static gboolean
is_known(const Name *name)
{
    for (guint i = 0; i < pst_redact_rules_n; i++)
        if (is_for(&pst_redact_rules[i], name))
            return TRUE;
    return FALSE;
}

static gboolean
applies(const PstRedactRule *rule, const Name *name)
{
    if (!is_for(rule, name))
        return FALSE;
    if (rule->quoted && name->quote == '\0')
        return FALSE;
    if (has_chars(rule) && !pst_redact_parts_has(rule, (guchar)at(name, name->value)))
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
    Name name = {.scan = scan, .start = start, .end = end, .at = end, .line_end = line_end};

    if (!may_be_known(scan, start, end))
        return end;
    name.option = scan->text[start] == '-';
    if (!read_separator(&name))
        return end;
    normalise(&name);
    if (!is_known(&name))
        return end;
    read_value(&name);
    if (name.separated)
        read_block_scalar(&name);
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
