// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* What sudo and sudo-rs say on standard error, recognised. Only the kind of a refusal is taken from
 * there, never a path or a name: the words differ from version to version, and users can write
 * some of them. */

/* The strongest word that stands in TEXT, such as "password-required" or "account-expired": a cause
 * before the symptom that sudo ends with. NULL where none is known. Static. */
const char *pst_sudo_words_recognise(const char *text);

/* A half sentence for people on what the word means. */
const char *pst_sudo_words_explain(const char *word);
