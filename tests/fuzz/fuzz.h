// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* What every target defines: judges one input, and aborts where a promise is broken. libFuzzer
 * calls it with inputs of its own making, driver.c with the files of the corpus. Returns 0. */
int LLVMFuzzerTestOneInput(const guint8 *data, gsize len);
