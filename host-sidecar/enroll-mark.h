// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* What enroll has added to a guest: bits, and the element of the domain's <metadata> that keeps
 * them (docs/decisions/0042-what-enroll-added.md). Pure functions. */

#define PST_ENROLL_MARK_URI "urn:postern:enroll:1"
#define PST_ENROLL_MARK_KEY "postern"

enum {
    PST_ENROLL_MARK_CHANNEL_LIVE = 1 << 0,
    PST_ENROLL_MARK_CHANNEL_LASTING = 1 << 1,
    PST_ENROLL_MARK_RECORDER_LIVE = 1 << 2,
    PST_ENROLL_MARK_RECORDER_LASTING = 1 << 3,
    PST_ENROLL_MARK_PANIC = 1 << 4,
    PST_ENROLL_MARK_VIDEO = 1 << 5,
    PST_ENROLL_MARK_CONSOLE_LOG = 1 << 6,
    PST_ENROLL_MARK_PACKAGE = 1 << 7,
    PST_ENROLL_MARK_CONFIGURATION = 1 << 8,
    PST_ENROLL_MARK_UNIT = 1 << 9, /* enabled, of a package that was there and had it disabled */
    PST_ENROLL_MARK_UNIT_STARTED = 1 << 10, /* and did not run */
    PST_ENROLL_MARK_CONTROLLER = 1 << 11,   /* libvirt made one for a port, in the lasting one */
    PST_ENROLL_MARK_ALL = (1 << 12) - 1,
};
typedef guint PstEnrollMark;

/* The element; NULL where nothing is to be kept. Free with g_free(). */
char *pst_enroll_mark_write(PstEnrollMark mark);

/* The other way. What is not understood, as words of a later version, counts as not added: it is
 * left alone. */
PstEnrollMark pst_enroll_mark_read(const char *element);
