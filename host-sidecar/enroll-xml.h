// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* A domain's XML with what postern needs in it: what virt-install's wrappers, Terraform and
 * KubeVirt's onDefineDomain hook put between a definition and libvirt. A pure function over the
 * text. What is there already is left alone, so that twice is once; nothing else is changed. */

typedef struct {
    gboolean no_channel, no_panic, no_video; /* without these */
    gboolean no_recorder;
    /* Opt-in: where virtlogd stops, a guest that writes to a console with a log stands still. */
    gboolean console_log;
    const char *folder; /* of the recorder's files and console logs; NULL: the pool's usual one */
} PstEnrollXmlWish;

/* Of a definition, bytes. */
#define PST_ENROLL_XML_MAX (4 * 1024 * 1024)

/* Adds the shim's channel, the recorder with its file, a panic device and a video device where the
 * machine can have them and has none, and the log of the first serial port. *ADDED becomes what was
 * added, in words, NULL-terminated, freed with g_strfreev(). A definition without a UUID gets one
 * where a file is named by it. NULL with PST_ERROR_INVALID_PARAMS where XML is no definition of a
 * domain of QEMU's, has something else in that place, or has no serial port for the log that is
 * wished for. */
char *pst_enroll_xml(const char *xml, gsize len, const PstEnrollXmlWish *wish, char ***added,
                     GError **error);

/* What can be taken away again. */
typedef enum {
    PST_ENROLL_XML_PANIC,
    PST_ENROLL_XML_VIDEO,
    PST_ENROLL_XML_CONSOLE_LOG,
    PST_ENROLL_XML_CONTROLLER, /* that libvirt made for a port: the last one that has none */
} PstEnrollXmlThing;

/* The definition without THING, of the kind that is added above: what somebody else has made of it
 * since stays. XML as it is where it has none. NULL as above. */
char *pst_enroll_xml_take(const char *xml, gsize len, PstEnrollXmlThing thing, GError **error);
