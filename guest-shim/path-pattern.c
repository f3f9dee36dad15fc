// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/path-pattern.h"

#include <string.h>

static gsize
part_len(const char *path)
{
    return strcspn(path, "/");
}

static char
fold(char c, gboolean any_case)
{
    return any_case ? g_ascii_tolower(c) : c;
}

/* One part against one part. On a mismatch only the last star is tried again: that is enough, and
 * takes no longer than the product of the lengths. */
static gboolean
match_part(const char *pattern, gsize pattern_len, const char *part, gsize len, gboolean any_case)
{
    gsize p = 0, i = 0, star = G_MAXSIZE, from = 0;

    while (i < len) {
        if (p < pattern_len && pattern[p] == '*') {
            star = p++;
            from = i;
        } else if (p < pattern_len &&
                   (pattern[p] == '?' || fold(pattern[p], any_case) == fold(part[i], any_case))) {
            p++;
            i++;
        } else if (star != G_MAXSIZE) {
            p = star + 1;
            i = ++from;
        } else {
            return FALSE;
        }
    }
    while (p < pattern_len && pattern[p] == '*')
        p++;
    return p == pattern_len;
}

static const char *
next_part(const char *path, gsize len)
{
    return path[len] == '/' ? path + len + 1 : path + len;
}

/* Whole parts; neither begins with a slash. What is left of the path is below the match. The same
 * holds for `**` among parts as for a star within one. */
static gboolean
match_parts(const char *pattern, const char *path, gboolean any_case)
{
    const char *star = NULL, *from = NULL;

    while (*pattern != '\0') {
        gsize n = part_len(pattern), len = part_len(path);

        if (n == 2 && memcmp(pattern, "**", 2) == 0) {
            star = pattern = next_part(pattern, n);
            from = path;
        } else if (*path != '\0' && match_part(pattern, n, path, len, any_case)) {
            pattern = next_part(pattern, n);
            path = next_part(path, len);
        } else if (star != NULL && *from != '\0') {
            pattern = star;
            path = from = next_part(from, part_len(from));
        } else {
            return FALSE;
        }
    }
    return TRUE;
}

gboolean
pst_path_pattern_matches(const char *pattern, const char *path, gboolean any_case)
{
    if (*pattern == '/')
        return match_parts(pattern + 1, path + 1, any_case);
    for (const char *part = path + 1; *part != '\0'; part = next_part(part, part_len(part)))
        if (match_parts(pattern, part, any_case))
            return TRUE;
    return FALSE;
}

gboolean
pst_path_pattern_leads(const char *pattern, const char *path)
{
    if (*pattern++ != '/')
        return FALSE;
    for (path++; *path != '\0'; path = next_part(path, part_len(path))) {
        gsize n = part_len(pattern);

        if (n == 2 && memcmp(pattern, "**", 2) == 0)
            return TRUE;
        if (n == 0 || !match_part(pattern, n, path, part_len(path), FALSE))
            return FALSE;
        pattern = next_part(pattern, n);
    }
    return *pattern != '\0';
}
