// SPDX-License-Identifier: LGPL-2.1-or-later
/* Whatever a check says, what is kept of it is bounded and is text. */
#include <string.h>

#include "guest-shim/checks-output.h"
#include "tests/fuzz/fuzz.h"

#define MAX_VALUES 100
#define MAX_DETAILS 20

static void
check_text(const char *text)
{
    if (text != NULL)
        g_assert_true(g_utf8_validate(text, -1, NULL));
}

static void
check_value(const PstChecksValue *value)
{
    const char *const texts[] = {value->label, value->value, value->unit, value->warn,
                                 value->crit,  value->min,   value->max};

    g_assert_nonnull(value->label);
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        check_text(texts[i]);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    PstChecksCheck *check = pst_fields_new(&pst_report_checks_check_fields);
    g_autofree char *text = g_strndup((const char *)data, len);

    pst_checks_output_parse(text, check);
    check_text(check->message);
    for (guint i = 0; check->details != NULL && check->details[i] != NULL; i++) {
        g_assert_cmpuint(i, <, MAX_DETAILS);
        check_text(check->details[i]);
    }
    for (guint i = 0; check->values != NULL && i < check->values->len; i++) {
        g_assert_cmpuint(i, <, MAX_VALUES);
        check_value(check->values->pdata[i]);
    }
    pst_fields_free(&pst_report_checks_check_fields, check);
    return 0;
}
