// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/answer.h"
#include "protocol/report-access.h"
#include "protocol/report-services.h"
#include "protocol/report-system.h"

/* What a guest that is waited for told, in one line without its name; what the guest wrote is not
 * escaped in it. All are freed with g_free(). */

/* Whether the guest's start is over and its default target reached. */
gboolean pst_wait_words_is_started(const PstSystemData *system);

char *pst_wait_words_target(const PstSystemData *system);
char *pst_wait_words_unit(const PstServicesUnit *unit);
char *pst_wait_words_access(const PstAccessData *access);
char *pst_wait_words_shim(const PstAnswer *system);

/* Why the guest itself told nothing of now. */
char *pst_wait_words_silence(PstAnswer *const *answers, guint n);
