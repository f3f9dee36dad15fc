// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the validator accepts, json-glib parses, and what json-glib makes of it is accepted again
 * and stays the same from then on. What was cut off an accepted text is never accepted. */
#include <string.h>

#include "protocol/json.h"
#include "tests/fuzz/fuzz.h"

static char *
write_again(const char *text, gsize len, const PstValidateLimits *limits)
{
    g_autoptr(GError) error = NULL;
    JsonObject *object = pst_json_parse(text, len, limits, &error);

    g_assert_no_error(error);
    char *again = pst_json_to_text(object, NULL);
    json_object_unref(object);
    return again;
}

static void
check_accepted(const guint8 *data, gsize len, const PstValidateLimits *limits)
{
    g_autofree char *once = write_again((const char *)data, len, limits);
    g_autofree char *twice = write_again(once, strlen(once), limits);
    gsize end = len;

    g_assert_cmpstr(once, ==, twice);
    g_assert_true(g_utf8_validate_len((const char *)data, len, NULL));

    while (data[end - 1] != '}')
        end--;
    /* One cut of each text; the fuzzer makes many texts. */
    gsize cut = (len * 2654435761u) % end;
    g_assert_cmpint(pst_validate(data, cut, limits).reason, !=, PST_VALIDATE_OK);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    PstValidateResult strict = pst_validate(data, len, &pst_validate_from_guest);
    PstValidateResult agent = pst_validate(data, len, &pst_validate_from_agent);

    g_assert_cmpuint(strict.offset, <=, len);
    g_assert_cmpuint(agent.offset, <=, len);
    if (strict.reason == PST_VALIDATE_OK) {
        g_assert_cmpint(agent.reason, ==, PST_VALIDATE_OK);
        check_accepted(data, len, &pst_validate_from_guest);
    } else if (agent.reason == PST_VALIDATE_OK) {
        check_accepted(data, len, &pst_validate_from_agent);
    }
    return 0;
}
