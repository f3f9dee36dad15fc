// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any bytes as what a recover left: what is taken is written as it was read, and has a next step.
 */
#include "host-sidecar/recovery-ladder.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    /* Of the exact size, so that the address sanitizer sees a read beyond it. */
    g_autofree char *text = g_memdup2(data, len);
    g_autoptr(PstRecoveryState) state = pst_recovery_state_parse(text, len, NULL);
    gsize first_len = 0, second_len = 0;

    if (state == NULL)
        return 0;
    PstRecoveryNext next = pst_recovery_ladder_next(state);
    g_assert_cmpint(next.step, <=, PST_RECOVERY_N_STEPS);
    for (int step = 0; step < PST_RECOVERY_N_STEPS; step++) {
        g_autofree char *plan = pst_recovery_ladder_plan(state, (PstRecoveryStep)step);
    }
    g_autofree char *first = pst_recovery_state_to_text(state, &first_len);
    g_autoptr(PstRecoveryState) again = pst_recovery_state_parse(first, first_len, NULL);
    g_assert_nonnull(again);
    g_autofree char *second = pst_recovery_state_to_text(again, &second_len);
    g_assert_cmpmem(first, first_len, second, second_len);
    return 0;
}
