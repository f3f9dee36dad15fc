// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/enroll-mark.h"

#include <libxml/parser.h>
#include <string.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)

/* Of an element that we write there are some hundred bytes. */
#define MAX_BYTES 4096

static const char *const words[] = {
    "channel-live", "channel-lasting", "recorder-live", "recorder-lasting", "panic",
    "video",        "console-log",     "package",       "configuration",    "unit",
    "unit-started", "controller"};

char *
pst_enroll_mark_write(PstEnrollMark mark)
{
    g_autoptr(GString) added = g_string_new(NULL);

    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        if ((mark & (1U << i)) != 0)
            g_string_append_printf(added, "%s%s", added->len > 0 ? " " : "", words[i]);
    return added->len > 0 ? g_strdup_printf("<enrolled added='%s'/>", added->str) : NULL;
}

PstEnrollMark
pst_enroll_mark_read(const char *element)
{
    gsize len = strlen(element);
    g_autoptr(xmlDoc) document =
        len <= MAX_BYTES ? xmlReadMemory(element, (int)len, "mark.xml", NULL,
                                         XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING)
                         : NULL;
    xmlNodePtr root = document != NULL ? xmlDocGetRootElement(document) : NULL;
    xmlChar *text = root != NULL ? xmlGetProp(root, BAD_CAST "added") : NULL;
    g_auto(GStrv) added = text != NULL ? g_strsplit((const char *)text, " ", 64) : NULL;
    PstEnrollMark mark = 0;

    xmlFree(text);
    for (guint i = 0; added != NULL && i < G_N_ELEMENTS(words); i++)
        if (g_strv_contains((const char *const *)added, words[i]))
            mark |= 1U << i;
    return mark;
}
