// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* CRC-32C (Castagnoli), as iSCSI has it (RFC 3720, appendix B.4): of "123456789" it is e3069283. */

#define PST_CRC32C_NONE 0

/* The checksum of LEN bytes that follow those of which CRC is; PST_CRC32C_NONE begins. */
guint32 pst_crc32c(guint32 crc, const guint8 *bytes, gsize len);
