// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>
#include <linux/rtnetlink.h>

/* Asking the kernel over rtnetlink(7), and the messages of its answers. A dump changes nothing and
 * needs no privilege. */

#define PST_NETLINK_ATTRIBUTES 64

/* The attributes of one message by their type, below PST_NETLINK_ATTRIBUTES; borrowed, NULL for
 * those that it does not have. Each lies whole in the message. */
typedef struct {
    const struct rtattr *rows[PST_NETLINK_ATTRIBUTES];
} PstNetlinkAttributes;

/* Of LEN bytes that are aligned as messages are. */
void pst_netlink_attributes(const guint8 *bytes, gsize len, PstNetlinkAttributes *attributes);

/* Those behind a message's own head of HEAD bytes. FALSE where that is cut short. */
gboolean pst_netlink_attributes_behind(const guint8 *body, gsize len, gsize head,
                                       PstNetlinkAttributes *attributes);

/* Is given each message of an answer: its type and what is behind its head. */
typedef void (*PstNetlinkTake)(guint16 type, const guint8 *body, gsize len, gpointer data);

/* The messages of one answer: a pure function. FALSE once the dump is done, or makes no sense. */
gboolean pst_netlink_parse(const guint8 *bytes, gsize len, PstNetlinkTake take, gpointer data);

/* Why the kernel refused the dump, as errno, where the answer says so; 0 for any other answer, and
 * for a kernel that was built without what was asked for (EOPNOTSUPP): it has none. A pure
 * function. */
int pst_netlink_error(const guint8 *bytes, gsize len);

/* A socket, which waits a second for each answer; -1 with PST_ERROR_UNAVAILABLE. Close it. */
int pst_netlink_open(GError **error);

/* Asks for a dump of TYPE with BODY, at most 64 bytes, behind the head. FALSE with
 * PST_ERROR_UNAVAILABLE where the kernel did not answer. */
gboolean pst_netlink_dump(int fd, guint16 type, gconstpointer body, gsize len, PstNetlinkTake take,
                          gpointer data, GError **error);
