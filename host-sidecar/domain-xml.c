// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/domain-xml.h"

#include <stdlib.h>
#include <string.h>

#include "host-sidecar/virt-error.h"
#include "protocol/error.h"

char *
pst_domain_xml_read(const PstGuest *guest, GError **error)
{
    virDomainPtr domain = pst_guest_connect(guest, error);
    char *copy = NULL;

    if (domain == NULL)
        return NULL;
    /* Not VIR_DOMAIN_XML_SECURE: a bundle is passed on. */
    char *text = virDomainGetXMLDesc(domain, 0);
    if (text == NULL)
        pst_virt_error_set(error, "its XML");
    else if (strlen(text) > PST_DOMAIN_XML_MAX)
        g_set_error(error, PST_ERROR, PST_ERROR_TOO_LARGE, "its XML is too large");
    else
        copy = g_strdup(text);
    free(text);
    pst_guest_disconnect(domain);
    return copy;
}
