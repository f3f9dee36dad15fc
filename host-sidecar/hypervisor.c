// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/hypervisor.h"

#include <errno.h>
#include <libvirt-glib/libvirt-glib.h>
#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>

#include "host-sidecar/task.h"
#include "host-sidecar/virt-error.h"
#include "protocol/error.h"

struct PstHypervisor {
    gint references;
    char *uri;
    PstChannelKeep *keep; /* borrowed */
};

static gpointer
run_loop(gpointer loop)
{
    g_main_loop_run(loop);
    return NULL;
}

/* libvirt knows one event loop a process: GLib's default context, in a thread of its own, so that
 * callers can wait for their answers in theirs. */
static void
start_events(void)
{
    static gsize started;

    if (!g_once_init_enter(&started))
        return;
    pst_virt_error_init();
    gvir_event_register();
    g_thread_unref(g_thread_new("libvirt-events", run_loop, g_main_loop_new(NULL, FALSE)));
    g_once_init_leave(&started, 1);
}

PstHypervisor *
pst_hypervisor_new(const char *uri)
{
    PstHypervisor *hypervisor = g_new0(PstHypervisor, 1);

    start_events();
    hypervisor->references = 1;
    hypervisor->uri = g_strdup(uri);
    return hypervisor;
}

PstHypervisor *
pst_hypervisor_ref(PstHypervisor *hypervisor)
{
    g_atomic_int_inc(&hypervisor->references);
    return hypervisor;
}

void
pst_hypervisor_unref(PstHypervisor *hypervisor)
{
    if (!g_atomic_int_dec_and_test(&hypervisor->references))
        return;
    g_free(hypervisor->uri);
    g_free(hypervisor);
}

void
pst_hypervisor_set_keep(PstHypervisor *hypervisor, PstChannelKeep *keep)
{
    hypervisor->keep = keep;
}

PstChannelKeep *
pst_hypervisor_keep(const PstHypervisor *hypervisor)
{
    return hypervisor->keep;
}

/* By the kernel, which keeps this user from libvirt's socket, or by libvirt itself. */
static gboolean
is_refused(const GError *cause)
{
    virErrorPtr last = virGetLastError();

    if (cause->code == PST_ERROR_NO_PERMISSION)
        return TRUE;
    return last != NULL && last->code == VIR_ERR_SYSTEM_ERROR &&
           (last->int1 == EACCES || last->int1 == EPERM);
}

virConnectPtr
pst_hypervisor_connect(const PstHypervisor *hypervisor, GError **error)
{
    virConnectPtr connection = virConnectOpen(hypervisor->uri);

    if (connection != NULL)
        return connection;

    /* Whatever libvirt calls it (an odd URI is an "internal error"), there is no hypervisor. */
    g_autoptr(GError) cause = NULL;
    pst_virt_error_set(&cause, "libvirt does not answer");
    if (!is_refused(cause)) {
        cause->code = PST_ERROR_NO_HYPERVISOR;
        g_propagate_error(error, g_steal_pointer(&cause));
        return NULL;
    }
    g_set_error(error, PST_ERROR, PST_ERROR_NO_PERMISSION,
                "%s; libvirt lets in root and, as a rule, the group libvirt", cause->message);
    return NULL;
}

char *
pst_hypervisor_uri(virConnectPtr connection)
{
    char *uri = virConnectGetURI(connection);
    char *copy = g_strdup(uri != NULL ? uri : "unknown");

    free(uri);
    return copy;
}

gboolean
pst_hypervisor_is_here(const char *uri)
{
    g_autoptr(GUri) parts = g_uri_parse(uri, G_URI_FLAGS_PARSE_RELAXED, NULL);
    const char *host = parts != NULL ? g_uri_get_host(parts) : "unknown";

    return host == NULL || *host == '\0' || g_str_equal(host, "localhost");
}

static gpointer
ask_uri(gpointer data, GError **error)
{
    virConnectPtr connection = pst_hypervisor_connect(data, error);

    if (connection == NULL)
        return NULL;
    char *uri = pst_hypervisor_uri(connection);
    virConnectClose(connection);
    return uri;
}

char *
pst_hypervisor_ask_uri(PstHypervisor *hypervisor, gint64 deadline_us, GError **error)
{
    return pst_task_call(ask_uri, pst_hypervisor_ref(hypervisor),
                         (GDestroyNotify)pst_hypervisor_unref, g_free, deadline_us, "libvirt",
                         error);
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static gpointer
list_names(gpointer data, GError **error)
{
    virConnectPtr connection = pst_hypervisor_connect(data, error);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    virDomainPtr *domains = NULL;

    if (connection == NULL)
        return NULL;
    int n = virConnectListAllDomains(connection, &domains, 0);
    if (n < 0)
        pst_virt_error_set(error, "the domains can't be listed");
    for (int i = 0; i < n; i++) {
        g_ptr_array_add(names, g_strdup(virDomainGetName(domains[i])));
        virDomainFree(domains[i]);
    }
    free(domains);
    virConnectClose(connection);
    if (n < 0)
        return NULL;

    g_ptr_array_sort(names, compare_names);
    g_ptr_array_add(names, NULL);
    return g_ptr_array_free(g_steal_pointer(&names), FALSE);
}

char **
pst_hypervisor_list(PstHypervisor *hypervisor, gint64 deadline_us, GError **error)
{
    return pst_task_call(list_names, pst_hypervisor_ref(hypervisor),
                         (GDestroyNotify)pst_hypervisor_unref, (GDestroyNotify)g_strfreev,
                         deadline_us, "libvirt", error);
}
