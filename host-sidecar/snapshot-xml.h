// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/snapshot.h"

/* libvirt's XML of a snapshot and of a domain's disks
 * (https://libvirt.org/formatsnapshot.html,
 * https://libvirt.org/formatdomain.html#hard-drives-floppy-disks-cdroms). Pure functions over the
 * text. */

/* Of either, bytes: a snapshot's has the domain's in it, twice at most. */
#define PST_SNAPSHOT_XML_MAX (8 * 1024 * 1024)

/* A disk of the domain that a snapshot can be of: not those that are only read. */
typedef struct {
    char *target;
    char *format; /* raw, qcow2 …; NULL where that is not said */
    char *file;   /* NULL where it is none */
} PstSnapshotXmlDisk;

/* What of a domain bears on its snapshots. */
typedef struct {
    gboolean qemu; /* QEMU runs it, with or without KVM */
    GPtrArray *disks;
    gboolean nvram;   /* its firmware keeps variables in a file of its own */
    gboolean shares;  /* it has a folder of the host's (virtiofs, 9p) */
    gboolean devices; /* it has a device of the host's (PCI, mediated) */
} PstSnapshotXmlDomain;

void pst_snapshot_xml_clear(PstSnapshotXmlDomain *domain);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstSnapshotXmlDomain, pst_snapshot_xml_clear)

/* FALSE with PST_ERROR_INTERNAL where libvirt's text is not such XML; *DOMAIN is filled, whatever
 * was in it. */
gboolean pst_snapshot_xml_read_domain(const char *text, PstSnapshotXmlDomain *domain,
                                      GError **error);

/* A snapshot's row, with its age at NOW_US (the host's real time); whether it is current is not
 * known by it. NULL with PST_ERROR_INTERNAL. */
PstSnapshot *pst_snapshot_xml_read(const char *text, gint64 now_us, GError **error);

/* What libvirt is told to make. MEMORY is the file for the memory of a live one, else NULL. Free
 * with g_free(). */
char *pst_snapshot_xml_write(const PstSnapshotWish *wish, const char *name, const char *memory);

/* Where the memory of a live snapshot goes: beside the first disk that is a file. NULL with
 * PST_ERROR_PATH_SHUT where there is none. Free with g_free(). */
char *pst_snapshot_xml_memory(const PstSnapshotXmlDomain *domain, const char *guest,
                              const char *name, GError **error);
