// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* libvirt's numbers for what happens to a domain, in the words that `watch` uses. */

/* The kind, as `started`; "changed" where this version of libvirt has one that is not known. */
const char *pst_domain_words_event(int event);

/* How, as `booted`; NULL where that is not known. */
const char *pst_domain_words_detail(int event, int detail);
