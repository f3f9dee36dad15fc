// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* A header of rpm's as its database stores it: two counts, an index of tags, a store of data
 * (https://rpm-software-management.github.io/rpm/manual/format_v4.html, lib/header.c). A view onto
 * bytes that may be anybody's: nothing is copied, and nothing outside of them is touched. */

/* rpmtag.h */
typedef enum {
    PST_RPM_HEADER_NAME = 1000,
    PST_RPM_HEADER_VERSION = 1001,
    PST_RPM_HEADER_RELEASE = 1002,
    PST_RPM_HEADER_EPOCH = 1003,
    PST_RPM_HEADER_INSTALL_TIME = 1008,
    PST_RPM_HEADER_FILE_STATES = 1029,
    PST_RPM_HEADER_FILE_MODES = 1030,
    PST_RPM_HEADER_FILE_DIGESTS = 1035,
    PST_RPM_HEADER_FILE_FLAGS = 1037,
    PST_RPM_HEADER_FILE_USERS = 1039,
    PST_RPM_HEADER_FILE_GROUPS = 1040,
    PST_RPM_HEADER_FILE_VERIFY = 1045,
    PST_RPM_HEADER_DIR_INDEXES = 1116,
    PST_RPM_HEADER_BASE_NAMES = 1117,
    PST_RPM_HEADER_DIR_NAMES = 1118,
    PST_RPM_HEADER_DIGEST_ALGORITHM = 5011,
} PstRpmHeaderTag;

typedef struct {
    const guint8 *index, *store;
    guint32 n_tags, store_len;
} PstRpmHeader;

/* One tag's value. `n` is 0 where the header does not have it, or not in a type that it can have.
 */
typedef struct {
    const guint8 *at; /* the first element */
    const guint8 *end;
    guint32 type;
    guint32 n;
} PstRpmHeaderValue;

/* FALSE for what is no header. */
gboolean pst_rpm_header_open(const guint8 *bytes, gsize len, PstRpmHeader *header);

PstRpmHeaderValue pst_rpm_header_get(const PstRpmHeader *header, PstRpmHeaderTag tag);

/* A string, or the first of a list; NULL where there is none. Borrowed. */
const char *pst_rpm_header_string(const PstRpmHeader *header, PstRpmHeaderTag tag);

/* Element I of a value of whole numbers (char, 8 to 64 bits); FALSE where it has none. */
gboolean pst_rpm_header_number(const PstRpmHeaderValue *value, guint32 i, guint64 *number);

/* The next string of a list, and on to the one after it; NULL at its end. Borrowed. */
const char *pst_rpm_header_next(PstRpmHeaderValue *value);

/* All strings of a list: an array of borrowed strings, to be freed with g_ptr_array_unref(). */
GPtrArray *pst_rpm_header_strings(const PstRpmHeader *header, PstRpmHeaderTag tag);
