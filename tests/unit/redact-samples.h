// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* The samples of guest-shim/redaction/rules.ini. */
typedef struct {
    const char *rule;
    const char *text;
    const char *expected; /* the same as text where nothing must go */
} PstRedactSample;

extern const PstRedactSample pst_redact_samples[];
extern const guint pst_redact_samples_n;
