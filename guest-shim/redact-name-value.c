// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/redact-name.h"

#define CDATA "<![CDATA["

static gsize
find_quote(const PstRedactName *name, gsize from, char quote, gboolean escaped)
{
    for (gsize i = from; i < name->line_end; i++) {
        char c = name->scan->text[i];
        if (c == '\\' && escaped && pst_redact_name_at(name, i + 1) == quote)
            return i;
        if (c == '\\')
            i++;
        else if (c == quote && !escaped)
            return i;
    }
    return name->line_end;
}

static gsize
word_end(const PstRedactName *name, gsize from)
{
    while (from < name->line_end && !g_ascii_isspace(name->scan->text[from]))
        from++;
    return from;
}

/* A word, and one more where the first only says of what kind the credentials are, or is an option
 * itself, as in `rootpw --plaintext WORD`. */
static gsize
words_end(const PstRedactName *name)
{
    static const char *const kinds[] = {"basic",     "bearer", "digest", "token",
                                        "negotiate", "apikey", NULL};
    gsize end = word_end(name, name->value);
    g_autofree char *word = g_ascii_strdown(name->scan->text + name->value,
                                            (gssize)MIN(end - name->value, PST_REDACT_NAME_LEN));

    if (!g_strv_contains(kinds, word) && (name->separated || !g_str_has_prefix(word, "--")))
        return end;
    while (end < name->line_end && g_ascii_isspace(name->scan->text[end]))
        end++;
    return word_end(name, end);
}

static gsize
stop_at(const PstRedactName *name, gsize max, const char *stop)
{
    gsize i = name->value;

    while (i < max && strchr(stop, name->scan->text[i]) == NULL)
        i++;
    return i;
}

/* Whether the list that the value begins goes on below its line: it is not closed there, and the
 * name is that of an object's member, or a comma ends the line. A lone bracket is no item yet. */
static gboolean
goes_on(const PstRedactName *name)
{
    const char *text = name->scan->text;
    gsize end = name->line_end;

    if (stop_at(name, end, "]{") < end)
        return FALSE;
    while (end > name->value && g_ascii_isspace(text[end - 1]))
        end--;
    return end > name->value + 1 && (name->quoted_name || text[end - 1] == ',');
}

/* A list of values to its bracket, but not of objects, whose members have names of their own. */
static gsize
list_end(const PstRedactName *name)
{
    gsize max = MIN(name->scan->len, name->value + PST_REDACT_AFTER);

    if (!goes_on(name))
        return name->quoted_name ? stop_at(name, name->line_end, "]") : name->line_end;
    gsize end = stop_at(name, MAX(max, name->line_end), "]{");
    return pst_redact_name_at(name, end) == '{' ? name->line_end : end;
}

/* A quoted value that is not closed near by: those of the lines below that are but a word, as an
 * encoded key's are. */
static gsize
words_below(const PstRedactName *name)
{
    const PstRedactScan *scan = name->scan;
    gsize end = name->line_end, max = MIN(scan->len, name->value + PST_REDACT_BEFORE);

    while (end + 1 < max) {
        gsize at = end + 1, line_end = pst_redact_parts_line_end(scan, at);

        while (at < line_end && g_ascii_isspace(scan->text[at]))
            at++;
        gsize word = at;
        while (at < line_end && !g_ascii_isspace(scan->text[at]))
            at++;
        gsize behind = at;
        while (at < line_end && g_ascii_isspace(scan->text[at]))
            at++;
        if (behind == word || at < line_end)
            break;
        end = line_end;
    }
    return end;
}

/* A quote that is not closed on its line is closed on a later one, where no other word follows it
 * at once; three quotes by three. */
static gsize
find_late_quote(const PstRedactName *name, gsize n)
{
    const PstRedactScan *scan = name->scan;
    gsize max = MIN(scan->len, name->value + PST_REDACT_AFTER);

    for (gsize i = name->value; i < max; i++) {
        if (scan->text[i] == '\\' && n == 1) {
            i++;
            continue;
        }
        gsize run = 0;
        while (run < n && pst_redact_name_at(name, i + run) == name->quote)
            run++;
        if (run < n)
            continue;
        char next = pst_redact_name_at(name, i + n);
        return n == 3 || strchr("\r\n\t ,;)}]", next) != NULL ? i : name->line_end;
    }
    return words_below(name);
}

static void
read_quoted(PstRedactName *name)
{
    gsize start = name->value;

    if (pst_redact_name_at(name, start) == name->quote &&
        pst_redact_name_at(name, start + 1) == name->quote) {
        name->value += 2;
        name->value_end = find_late_quote(name, 3);
        return;
    }
    name->value_end = find_quote(name, start, name->quote, name->escaped);
    if (name->value_end == name->line_end && !name->escaped)
        name->value_end = find_late_quote(name, 1);
}

/* An element's text may begin and end on lines of its own, and be one that has no markup. */
static gsize
find_tag(PstRedactName *name)
{
    const PstRedactScan *scan = name->scan;
    gsize max = MIN(scan->len, MAX(name->line_end, name->value + PST_REDACT_AFTER));
    gsize left = max - name->value;

    if (left > strlen(CDATA) && memcmp(scan->text + name->value, CDATA, strlen(CDATA)) == 0) {
        name->value += strlen(CDATA);
        if (!pst_redact_names_may_be(name, name->value, FALSE))
            return name->value;
        const char *close = memmem(scan->text + name->value, max - name->value, "]]>", 3);
        return close != NULL ? (gsize)(close - scan->text) : MAX(name->line_end, name->value);
    }
    const char *tag = memchr(scan->text + name->value, '<', left);
    gsize end = tag != NULL ? (gsize)(tag - scan->text) : max;
    if (end < name->line_end)
        return end;
    if (tag == NULL || pst_redact_name_at(name, end + 1) != '/')
        return name->line_end;
    while (name->value < end && g_ascii_isspace(scan->text[name->value]))
        name->value++;
    return end;
}

/* Where the line feed stands behind a value whose last character is a backslash, which continues it
 * on the next line; 0 where none does. */
static gsize
continued_at(const PstRedactName *name)
{
    const char *text = name->scan->text;
    gsize last = name->value_end, feed = last;

    if (last > name->value && text[last - 1] == '\r')
        last--;
    else if (pst_redact_name_at(name, feed) == '\r')
        feed++;
    if (last <= name->value + 1 || pst_redact_name_at(name, feed) != '\n' ||
        text[last - 1] != '\\' || g_ascii_isspace(text[last - 2]))
        return 0;
    return feed;
}

static void
read_continued(PstRedactName *name)
{
    gsize feed = 0;

    while (name->value_end - name->value < PST_REDACT_AFTER && (feed = continued_at(name)) > 0)
        name->value_end = pst_redact_parts_line_end(name->scan, feed + 1);
}

void
pst_redact_name_value_read(PstRedactName *name)
{
    char open = name->start > 0 ? name->scan->text[name->start - 1] : '\0';

    if (pst_redact_name_at(name, name->at) == '\\' &&
        pst_redact_name_is_quote(pst_redact_name_at(name, name->at + 1))) {
        name->escaped = TRUE;
        name->at++;
    }
    if (pst_redact_name_is_quote(pst_redact_name_at(name, name->at)) && name->at < name->line_end)
        name->quote = name->scan->text[name->at++];
    name->value = MIN(name->at, name->line_end);
    if (name->quote != '\0')
        read_quoted(name);
    else if (pst_redact_name_is_quote(open) && !name->quoted_name)
        name->value_end = find_quote(name, name->value, open, FALSE);
    else if (name->element)
        name->value_end = find_tag(name);
    else if (pst_redact_name_at(name, name->value) == '[' && name->separated &&
             (name->quoted_name || pst_redact_names_begins_line(name)))
        name->value_end = list_end(name);
    else if ((name->member && !name->own_line) || (name->quoted_name && name->separated))
        name->value_end = stop_at(name, name->line_end, ",}");
    else if (name->scan->argv || name->own_line ||
             (name->separated && !name->option && pst_redact_names_begins_line(name)))
        name->value_end = name->line_end;
    else
        name->value_end = words_end(name);
    if (name->quote == '\0' && !name->element)
        read_continued(name);
    while (name->value_end > name->value && name->quote == '\0' &&
           g_ascii_isspace(name->scan->text[name->value_end - 1]))
        name->value_end--;
}
