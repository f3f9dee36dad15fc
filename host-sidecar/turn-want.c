// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/turn-want.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "protocol/error.h"

#define SUFFIX ".want"
#define EVENTS_BYTES 4096

struct PstTurnWants {
    int fd;
    GSource *source;
    PstTurnWanted wanted;
    gpointer user_data;
};

/* A process that waits itself, for another one, is not told of that. */
static guint32
own_number(void)
{
    static gsize number;

    if (g_once_init_enter(&number))
        g_once_init_leave(&number, (gsize)g_random_int() | 1);
    return (guint32)number;
}

/* A file that is made and taken away again, which its being made tells to who watches the folder:
 * so nothing is left behind, whoever may write where. */
void
pst_turn_want_tell(const char *folder, const char *name)
{
    g_autofree char *path =
        g_strdup_printf("%s/%s.%08x.%08x" SUFFIX, folder, name, own_number(), g_random_int());
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0)
        return;
    unlink(path);
    close(fd);
}

/* `NAME.PROCESS.NUMBER.want` */
static void
take_name(const PstTurnWants *wants, const char *file)
{
    g_auto(GStrv) parts = g_strsplit(file, ".", 4);
    guint64 number = 0;

    if (g_str_has_suffix(file, SUFFIX) && g_strv_length(parts) == 4 &&
        g_ascii_string_to_unsigned(parts[1], 16, 0, G_MAXUINT32, &number, NULL) &&
        number != own_number())
        wants->wanted(parts[0], wants->user_data);
}

/* FALSE where nothing more will be told. */
static gboolean
take_event(const PstTurnWants *wants, const struct inotify_event *event)
{
    if ((event->mask & (IN_IGNORED | IN_Q_OVERFLOW | IN_UNMOUNT)) != 0)
        return FALSE;
    if (event->len > 0)
        take_name(wants, event->name);
    return TRUE;
}

static gboolean
on_readable(int fd, GIOCondition condition G_GNUC_UNUSED, gpointer data)
{
    const PstTurnWants *wants = data;
    union {
        struct inotify_event event;
        char bytes[EVENTS_BYTES];
    } events;
    gssize n = read(fd, events.bytes, sizeof(events.bytes));
    gboolean told = n > 0 || errno == EAGAIN || errno == EINTR;

    for (gssize at = 0; told && at < n;) {
        const struct inotify_event *event = (const void *)(events.bytes + at);

        at += (gssize)(sizeof(*event) + event->len);
        told = take_event(wants, event);
    }
    if (told)
        return G_SOURCE_CONTINUE;
    wants->wanted(NULL, wants->user_data);
    return G_SOURCE_REMOVE;
}

PstTurnWants *
pst_turn_want_hear(const char *folder, GMainContext *context, PstTurnWanted wanted,
                   gpointer user_data, GError **error)
{
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

    if (fd < 0 || inotify_add_watch(fd, folder, IN_CREATE | IN_ONLYDIR | IN_DELETE_SELF) < 0) {
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "%s can't be watched: %s", folder,
                    g_strerror(errno));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    PstTurnWants *wants = g_new0(PstTurnWants, 1);
    *wants = (PstTurnWants){fd, g_unix_fd_source_new(fd, G_IO_IN), wanted, user_data};
    g_source_set_callback(wants->source, G_SOURCE_FUNC(on_readable), wants, NULL);
    g_source_attach(wants->source, context);
    return wants;
}

void
pst_turn_want_stop(PstTurnWants *wants)
{
    g_source_destroy(wants->source);
    g_source_unref(wants->source);
    close(wants->fd);
    g_free(wants);
}
