// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/redact-name.h"

#define MAX_BEFORE 64
/* Nothing that goes on for longer is a secret, as no key is longer. */
#define MAX_LINES PST_REDACT_BEFORE

/* What of the lines below is the value. */
typedef struct {
    gsize from, to; /* to is 0 while nothing was found */
} Lines;

/* A comment behind a value. */
static gboolean
is_comment(const PstRedactScan *scan, gsize from, gsize end)
{
    return from < end && scan->text[from] == '#';
}

static gsize
indent_of(const PstRedactScan *scan, gsize line)
{
    gsize at = line;

    while (at < scan->len && strchr(" \t-", scan->text[at]) != NULL && scan->text[at] != '\0')
        at++;
    return at - line;
}

static gsize
own_indent(const PstRedactName *name)
{
    gsize begun = name->start;

    while (begun > 0 && name->start - begun < MAX_BEFORE && name->scan->text[begun - 1] != '\n')
        begun--;
    return indent_of(name->scan, begun);
}

/* Whether the line is white space only; the line feed may have a carriage return before it. */
static gboolean
is_blank(const PstRedactScan *scan, gsize line, gsize end)
{
    while (line < end && g_ascii_isspace(scan->text[line]))
        line++;
    return line == end;
}

static gsize
trim(const PstRedactScan *scan, gsize from, gsize end)
{
    while (end > from && g_ascii_isspace(scan->text[end - 1]))
        end--;
    return end;
}

/* FALSE where no rule is for a value that begins so. */
static gboolean
add_line(const PstRedactName *name, gsize from, gsize end, Lines *lines)
{
    lines->from = lines->to == 0 ? from : lines->from;
    if (lines->to == 0 && !pst_redact_names_may_be(name, from, FALSE))
        return FALSE;
    lines->to = end;
    return TRUE;
}

/* Skips `!tag` and `&anchor`, which say what the value is that follows. */
static gsize
skip_tags(const PstRedactName *name)
{
    const char *text = name->scan->text;
    gsize i = name->value;

    while (i < name->value_end && strchr("!&", text[i]) != NULL) {
        while (i < name->value_end && text[i] != ' ')
            i++;
        while (i < name->value_end && text[i] == ' ')
            i++;
    }
    return i;
}

/* Whether the value is but the head of a block scalar: `|`, `>-`, `!vault |`, `&anchor |2 # x`. */
static gboolean
is_block_head(const PstRedactName *name)
{
    const PstRedactScan *scan = name->scan;
    gsize i = skip_tags(name), head = i;

    if (i >= name->value_end || strchr("|>", scan->text[i]) == NULL)
        return FALSE;
    for (i++; i < name->value_end && strchr("+-0123456789", scan->text[i]) != NULL;)
        i++;
    gsize indicators = i - head;
    while (i < name->value_end && strchr(" \t", scan->text[i]) != NULL)
        i++;
    return indicators <= 3 && (i == name->value_end ||
                               (i > head + indicators && is_comment(scan, i, name->value_end)));
}

/* A block scalar of YAML: the lines that are indented further than the name's own. */
static void
read_block_scalar(PstRedactName *name)
{
    const PstRedactScan *scan = name->scan;
    gsize next = name->line_end + 1, max = MIN(scan->len, next + MAX_LINES);
    gsize indent = own_indent(name);
    Lines lines = {0};

    while (next < max) {
        gsize line_end = pst_redact_parts_line_end(scan, next), from = next + indent_of(scan, next);

        if (!is_blank(scan, next, line_end)) {
            if (from - next <= indent)
                break;
            if (!add_line(name, from, line_end, &lines)) {
                name->value = name->value_end = from;
                return;
            }
        }
        next = line_end + 1;
    }
    if (lines.to == 0)
        return;
    name->value = lines.from;
    name->value_end = trim(scan, lines.from, lines.to);
}

/* Whether the line, from what it says on, is no member of a mapping and no object. */
static gboolean
is_scalar(const PstRedactScan *scan, gsize from, gsize end)
{
    const char *text = scan->text + from;
    gsize len = trim(scan, from, end) - from;

    if (len == 0 || text == NULL || strchr("{}[]<", *text) != NULL || text[len - 1] == ':')
        return FALSE;
    const char key[] = {*text, ':'};
    if (pst_redact_name_is_quote(*text))
        return memmem(text + 1, len - 1, key, sizeof(key)) == NULL;
    return memmem(text, len, ": ", 2) == NULL && memmem(text, len, ":\t", 2) == NULL;
}

/* Whether what stands behind `name:` is no value: nothing, a comment, or but a tag or an anchor. */
static gboolean
is_empty(const PstRedactName *name)
{
    const PstRedactScan *scan = name->scan;
    gsize i = skip_tags(name);

    return name->colon && (i >= name->value_end || is_comment(scan, i, name->value_end));
}

/* The lines that are indented further, items of a list, or the string of JSON, where none of them
 * is a mapping; where that is not to be seen near by, those before the first that is. A comment may
 * stand between them, however it is indented. FALSE where they are no value. */
static gboolean
find_lines(const PstRedactName *name, gboolean list, Lines *lines)
{
    const PstRedactScan *scan = name->scan;
    gsize next = name->line_end + 1, indent = own_indent(name);
    gsize near = MIN(scan->len, next + PST_REDACT_AFTER), max = MIN(scan->len, next + MAX_LINES);

    for (gsize line_end; next < max; next = line_end + 1) {
        gsize from = next + indent_of(scan, next);

        line_end = pst_redact_parts_line_end(scan, next);
        if (is_blank(scan, from, line_end) || is_comment(scan, from, line_end))
            continue;
        if (list && scan->text[from] == ']')
            break;
        if (from - next <= indent && !list &&
            !(name->quoted_name && lines->to == 0 && pst_redact_name_is_quote(scan->text[from])))
            break;
        if (!is_scalar(scan, from, line_end)) {
            if (next >= near)
                break;
            return FALSE;
        }
        if (!add_line(name, from, line_end, lines))
            return FALSE;
    }
    return lines->to > lines->from;
}

/* Whether nothing but a comment stands behind the bracket that begins a list. */
static gboolean
is_open_list(const PstRedactName *name)
{
    const PstRedactScan *scan = name->scan;
    gsize i = name->value + 1;

    if (pst_redact_name_at(name, name->value) != '[' || name->value >= name->line_end)
        return FALSE;
    while (i < name->line_end && g_ascii_isspace(scan->text[i]))
        i++;
    return i == name->line_end || is_comment(scan, i, name->line_end);
}

/* Nothing behind `name:`, or but a bracket: the value stands on the next lines. What else stands
 * behind the name goes with them, as it may be a part of them. */
static void
read_next_lines(PstRedactName *name)
{
    gboolean list = is_open_list(name);
    Lines lines = {0};

    if (list)
        name->value_end = name->value + 1;
    if ((!list && !is_empty(name)) || !pst_redact_names_begins_line(name) ||
        !find_lines(name, list, &lines))
        return;
    if (list || name->value_end == name->value)
        name->value = lines.from;
    name->value_end = trim(name->scan, name->value, lines.to);
}

void
pst_redact_name_lines_read(PstRedactName *name)
{
    if (!name->separated || name->quote != '\0')
        return;
    if (is_block_head(name))
        read_block_scalar(name);
    else
        read_next_lines(name);
}
