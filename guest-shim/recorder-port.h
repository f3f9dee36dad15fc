// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"

/* The port behind which a file on the hypervisor stands: bytes go one way, and whether anybody
 * reads them nobody can tell. A write never waits: what the port does not take is kept, up to a
 * bound, and goes on when it takes more. Served from the default main loop; at rest nothing wakes
 * it up. */

typedef struct PstRecorderPort PstRecorderPort;

/* The port called NAME, not opened yet. Never NULL. */
PstRecorderPort *pst_recorder_port_new(const char *name, const PstSysroot *sysroot);
void pst_recorder_port_free(PstRecorderPort *port);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstRecorderPort, pst_recorder_port_free)

/* Opens the port where it is there, can be opened, and is not open. TRUE where it was opened now.
 */
gboolean pst_recorder_port_look(PstRecorderPort *port);

gboolean pst_recorder_port_is_open(const PstRecorderPort *port);

/* Takes a frame around TEXT, all of it or, where the port is not there or too much waits already,
 * none: FALSE. ONCE: it will not be written anew; of the others fewer may wait. What waits when the
 * device is taken away is written to the next one. */
gboolean pst_recorder_port_write(PstRecorderPort *port, const char *text, gsize len, gboolean once);

/* Bytes that the port has taken since the shim began. */
guint64 pst_recorder_port_written(const PstRecorderPort *port);

/* How many records it was given, or was to be given, that it never took to their end: too much
 * waited, the device was taken away in the middle of one, or was not there when something
 * happened. */
guint64 pst_recorder_port_lost(const PstRecorderPort *port);

/* Writes what still waits, for at most MS milliseconds: for the last record of a shim that ends. */
void pst_recorder_port_flush(PstRecorderPort *port, guint ms);
