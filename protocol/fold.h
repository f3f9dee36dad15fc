// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* The message with every number, hexadecimal word and the like folded into one character: the same
 * for those that differ in nothing else. Free with g_free(). */
char *pst_fold(const char *message);
