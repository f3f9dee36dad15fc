// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/redact-parts.h"

/* Assignments, in the many ways that there are to write one: `name = value`, `"name": "value"`,
 * `--name value`, `<name>value</name>`, `name: |` with its indented lines, a member `name` beside
 * a member `value`, and more. */

#define MAX_NAME 64
#define MAX_BLANKS 64
#define MAX_BEFORE 64
/* How far behind its own line a value may go on, but for what is indented. */
#define MAX_AFTER PST_REDACT_AFTER

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
    gboolean colon;          /* a colon separates */
    gboolean member;         /* the value is that of the next member */
    gboolean own_line;       /* and stands on a line of its own */
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

/* `- name: DB_PASSWORD` and then `value: …`, on the same line or the next. */
static gboolean
read_member(Name *name)
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
    i += is_quote(at(name, i));
    if (i == name->at || scan->len - i < 6 || g_ascii_strncasecmp(scan->text + i, "value", 5) != 0)
        return FALSE;
    i += 5;
    i += is_quote(at(name, i));
    while (at(name, i) == ' ')
        i++;
    if (at(name, i) != ':' && at(name, i) != '=')
        return FALSE;
    name->at = i + 1;
    name->line_end = pst_redact_parts_line_end(scan, name->at);
    name->member = TRUE;
    skip_blanks(name);
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
        name->colon = c == ':';
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

/* A word, and one more where the first only says of what kind the credentials are, or is an option
 * itself, as in `rootpw --plaintext WORD`. */
static gsize
words_end(const Name *name)
{
    static const char *const kinds[] = {"basic",     "bearer", "digest", "token",
                                        "negotiate", "apikey", NULL};
    gsize end = word_end(name, name->value);
    g_autofree char *word =
        g_ascii_strdown(name->scan->text + name->value, (gssize)MIN(end - name->value, MAX_NAME));

    if (!g_strv_contains(kinds, word) && (name->separated || !g_str_has_prefix(word, "--")))
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

/* A quote that is not closed on its line is closed on a later one, where nothing else follows it;
 * three quotes by three. */
static gsize
find_late_quote(const Name *name, gsize n)
{
    const PstRedactScan *scan = name->scan;
    gsize max = MIN(scan->len, name->value + MAX_AFTER);

    for (gsize i = name->value; i < max; i++) {
        if (scan->text[i] == '\\' && n == 1) {
            i++;
            continue;
        }
        gsize run = 0;
        while (run < n && at(name, i + run) == name->quote)
            run++;
        if (run < n)
            continue;
        char next = at(name, i + n);
        return n == 3 || strchr("\r\n,;)}]", next) != NULL ? i : name->line_end;
    }
    return name->line_end;
}

static void
read_quoted(Name *name)
{
    gsize start = name->value;

    if (at(name, start) == name->quote && at(name, start + 1) == name->quote) {
        name->value += 2;
        name->value_end = find_late_quote(name, 3);
        return;
    }
    name->value_end = find_quote(name, start, name->quote, name->escaped);
    if (name->value_end == name->line_end && !name->escaped)
        name->value_end = find_late_quote(name, 1);
}

/* An element's text may begin and end on lines of its own. */
static gsize
find_tag(Name *name)
{
    const PstRedactScan *scan = name->scan;
    gsize max = MIN(scan->len, name->value + MAX_AFTER);
    const char *tag = memchr(scan->text + name->value, '<', max - name->value);

    gsize end = tag != NULL ? (gsize)(tag - scan->text) : max;
    if (end < name->line_end)
        return end;
    if (tag == NULL || at(name, end + 1) != '/')
        return name->line_end;
    while (name->value < end && g_ascii_isspace(scan->text[name->value]))
        name->value++;
    return end;
}

/* A backslash at the end of its line continues a value on the next. */
static void
read_continued(Name *name)
{
    const PstRedactScan *scan = name->scan;

    while (name->value_end > name->value + 1 && name->value_end < scan->len &&
           name->value_end - name->value < MAX_AFTER && scan->text[name->value_end] == '\n' &&
           scan->text[name->value_end - 1] == '\\' &&
           !g_ascii_isspace(scan->text[name->value_end - 2]))
        name->value_end = pst_redact_parts_line_end(scan, name->value_end + 1);
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
        read_quoted(name);
    else if (is_quote(open) && !name->quoted_name)
        name->value_end = find_quote(name, name->value, open, FALSE);
    else if (name->element)
        name->value_end = find_tag(name);
    else if (at(name, name->value) == '[' && name->separated && name->quoted_name)
        name->value_end = stop_at(name, "]");
    else if ((name->member && !name->own_line) || (name->quoted_name && name->separated))
        name->value_end = stop_at(name, ",}");
    else if (name->scan->argv || name->own_line ||
             (name->separated && !name->option && begins_line(name)))
        name->value_end = name->line_end;
    else
        name->value_end = words_end(name);
    while (name->value_end > name->value && name->quote == '\0' &&
           g_ascii_isspace(name->scan->text[name->value_end - 1]))
        name->value_end--;
    if (name->quote == '\0' && !name->element)
        read_continued(name);
}

static gsize
indent_of(const PstRedactScan *scan, gsize line)
{
    gsize at_char = line;

    while (at_char < scan->len && (scan->text[at_char] == ' ' || scan->text[at_char] == '-'))
        at_char++;
    return at_char - line;
}

static gsize
own_indent(const Name *name)
{
    gsize begun = name->start;

    while (begun > 0 && name->start - begun < MAX_BEFORE && name->scan->text[begun - 1] != '\n')
        begun--;
    return indent_of(name->scan, begun);
}

/* Whether the value is but the head of a block scalar: `|`, `>-`, `!vault |`, `&anchor |2`. */
static gboolean
is_block_head(const Name *name)
{
    gsize i = name->value;

    while (i < name->value_end && strchr("!&", name->scan->text[i]) != NULL) {
        while (i < name->value_end && name->scan->text[i] != ' ')
            i++;
        while (i < name->value_end && name->scan->text[i] == ' ')
            i++;
    }
    return i < name->value_end && name->value_end - i <= 3 &&
           strchr("|>", name->scan->text[i]) != NULL;
}

/* A block scalar of YAML: the lines that are indented further than the name's own. */
static void
read_block_scalar(Name *name)
{
    const PstRedactScan *scan = name->scan;
    gsize next = name->line_end + 1;

    if (name->quote != '\0' || !is_block_head(name))
        return;
    gsize indent = own_indent(name), end = 0;
    while (next < scan->len && (scan->text[next] == '\n' || indent_of(scan, next) > indent)) {
        end = pst_redact_parts_line_end(scan, next);
        next = end + 1;
    }
    if (end == 0)
        return;
    name->value = name->line_end + 1 + indent_of(scan, name->line_end + 1);
    name->value_end = end;
}

/* Whether the line, from what it says on, is no member of a mapping and no object. */
static gboolean
is_scalar(const PstRedactScan *scan, gsize from, gsize end)
{
    const char *text = scan->text + from;
    gsize len = end - from;

    while (len > 0 && g_ascii_isspace(text[len - 1]))
        len--;
    if (len == 0 || text == NULL || strchr("{}[]<#", *text) != NULL || text[len - 1] == ':')
        return FALSE;
    const char key[] = {*text, ':'};
    if (is_quote(*text))
        return memmem(text + 1, len - 1, key, sizeof(key)) == NULL;
    return memmem(text, len, ": ", 2) == NULL && memmem(text, len, ":\t", 2) == NULL;
}

/* Nothing behind `name:`, or but a bracket: the value stands on the next lines, those that are
 * indented further, items of a list, or the string of JSON, where none of them is a mapping. */
static void
read_next_lines(Name *name)
{
    const PstRedactScan *scan = name->scan;
    gsize len = name->value_end - name->value, next = name->line_end + 1, end = 0;
    gboolean list = len == 1 && at(name, name->value) == '[';
    gsize max = MIN(scan->len, next + MAX_AFTER);

    if (name->quote != '\0' || (len > 0 && !list) || !begins_line(name))
        return;
    gsize indent = own_indent(name), first = MIN(scan->len, next + indent_of(scan, next));
    while (next < max) {
        gsize from = next + indent_of(scan, next);
        gsize line_end = pst_redact_parts_line_end(scan, next);

        if (list && from < line_end && scan->text[from] == ']')
            break;
        if (from < line_end && from - next <= indent && !list &&
            !(name->quoted_name && end == 0 && is_quote(scan->text[from])))
            break;
        if (from < line_end && !is_scalar(scan, from, line_end))
            return;
        end = from < line_end ? line_end : end;
        next = line_end + 1;
    }
    if (end <= first)
        return;
    name->value = first;
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
    if (name.colon)
        read_next_lines(&name);
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
