// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/firewall-listened.h"

#include <string.h>

#include "guest-shim/sshd-process.h"

#define MAX_ROWS 256
#define MAPPED "::ffff:" /* of an address of IPv4 in a socket of IPv6, by inet_ntop(3) */

/* ---- the verdict ---- */

static PstFilterDecision
walk(const PstFilterRules *rules, const PstFilterQuestion *question)
{
    g_auto(PstFilterResult) result = {PST_FILTER_UNKNOWN};

    pst_filter_walk(rules, question, NULL, NULL, NULL, &result);
    return result.decision;
}

static gboolean
is_denied(PstFilterDecision decision)
{
    return decision == PST_FILTER_IS_DROPPED || decision == PST_FILTER_IS_REJECTED;
}

/* Of the first packet, of what follows it, and of the answers: what denies one of them denies the
 * connection. */
static const char *
verdict_on(const PstFilterRules *rules, const PstFilterQuestion *first)
{
    PstFilterQuestion later = *first, reply = *first;

    later.later = TRUE;
    reply.reply = TRUE;
    const PstFilterDecision all[] = {walk(rules, first), walk(rules, &later), walk(rules, &reply)};
    PstFilterDecision worst = PST_FILTER_IS_ACCEPTED;

    for (guint i = 0; i < G_N_ELEMENTS(all); i++) {
        if (is_denied(all[i]))
            return pst_filter_walk_decision_names[PST_FILTER_IS_DROPPED];
        worst = MAX(worst, all[i]);
    }
    return pst_filter_walk_decision_names[worst];
}

static gboolean
is_told(const PstFirewallData *data, gint64 port, const char *protocol, const char *family)
{
    for (guint i = 0; data->listened != NULL && i < data->listened->len; i++) {
        const PstFirewallListened *row = data->listened->pdata[i];

        if (row->port == port && g_str_equal(row->protocol, protocol) &&
            g_str_equal(row->family, family))
            return TRUE;
    }
    return FALSE;
}

static void
add_version(const PstFilterRules *rules, const PstFirewallScene *scene, const PstFirewallArgs *args,
            int protocol, guint16 port, gboolean six, PstFirewallData *data)
{
    const char *name = protocol == IPPROTO_UDP ? "udp" : "tcp";
    const char *family = six ? "ipv6" : "ipv4";
    const PstFilterQuestion question = {
        .six = six,
        .protocol = (guint8)protocol,
        .port = port,
        .from = args->from,
        .own = (const char *const *)(six ? scene->own6 : scene->own4),
        .links = (const char *const *)scene->links,
    };

    if (!pst_firewall_scene_concerns(scene, args->from, six) || is_told(data, port, name, family) ||
        (data->listened != NULL && data->listened->len >= MAX_ROWS))
        return;
    PstFirewallListened *row =
        pst_fields_append(&pst_report_firewall_listened_fields, &data->listened);
    row->port = port;
    row->protocol = g_strdup(name);
    row->family = g_strdup(family);
    row->verdict = g_strdup(verdict_on(rules, &question));
}

void
pst_firewall_listened_add(const PstFilterRules *rules, const PstFirewallScene *scene,
                          const PstFirewallArgs *args, int protocol, const PstFirewallPort *port,
                          PstFirewallData *data)
{
    if (port->four)
        add_version(rules, scene, args, protocol, port->port, FALSE, data);
    if (port->six)
        add_version(rules, scene, args, protocol, port->port, TRUE, data);
}

/* ---- who listens ---- */

/* A socket on "::" takes IPv4 too unless it says otherwise. */
static PstFirewallPort
port_of(const PstSshdSocket *socket)
{
    const char *address = socket->address;

    if (g_str_has_prefix(address, MAPPED) && strchr(address, '.') != NULL)
        address += strlen(MAPPED);
    gboolean six = strchr(address, ':') != NULL;
    if (g_str_has_prefix(address, "127.") || g_str_equal(address, "::1"))
        return (PstFirewallPort){(guint16)socket->port, FALSE, FALSE};
    return (PstFirewallPort){(guint16)socket->port, !six || g_str_equal(address, "::"), six};
}

void
pst_firewall_listened_tell(const PstProbeContext *context, const PstFilterRules *rules,
                           const PstFirewallScene *scene, const PstFirewallArgs *args,
                           PstFirewallData *data)
{
    static const struct {
        const char *path;
        int protocol;
        guint state;
    } tables[] = {
        {"/proc/net/tcp", IPPROTO_TCP, PST_SSHD_LISTENS},
        {"/proc/net/tcp6", IPPROTO_TCP, PST_SSHD_LISTENS},
        {"/proc/net/udp", IPPROTO_UDP, PST_SSHD_UNCONNECTED},
        {"/proc/net/udp6", IPPROTO_UDP, PST_SSHD_UNCONNECTED},
    };

    for (guint i = 0; i < G_N_ELEMENTS(tables); i++) {
        g_autoptr(GPtrArray) sockets = pst_sshd_process_sockets_new();

        /* Of what can't be looked at nothing is told: the probe `network` says so. */
        (void)pst_sshd_process_table(context->sysroot, tables[i].path, tables[i].state, sockets,
                                     NULL);
        for (guint j = 0; j < sockets->len && pst_probe_time_left_ms(context, 1) > 0; j++) {
            const PstFirewallPort port = port_of(sockets->pdata[j]);
            pst_firewall_listened_add(rules, scene, args, tables[i].protocol, &port, data);
        }
    }
}

/* ---- the rules ---- */

static void
add_text(GChecksum *sum, const char *text)
{
    /* With its end, so that no two texts run into each other. */
    g_checksum_update(sum, (const guchar *)(text != NULL ? text : ""),
                      (gssize)(text != NULL ? strlen(text) + 1 : 1));
}

static void
add_number(GChecksum *sum, guint64 number)
{
    g_checksum_update(sum, (const guchar *)&number, sizeof(number));
}

static void
add_verdict(GChecksum *sum, const PstFilterVerdict *verdict)
{
    add_number(sum, verdict->kind);
    add_text(sum, verdict->target);
}

static void
add_element(GChecksum *sum, const PstFilterElement *element)
{
    for (guint i = 0; i < PST_FILTER_MAX_KEYS; i++) {
        const PstFilterRange *range = &element->ranges[i];

        g_checksum_update(sum, range->low, sizeof(range->low));
        g_checksum_update(sum, range->high, sizeof(range->high));
        add_text(sum, range->name);
    }
    add_verdict(sum, &element->verdict);
}

/* FALSE where something of it is not modelled. */
static gboolean
add_step(GChecksum *sum, const PstFilterStep *step)
{
    guint n = step->elements != NULL ? step->elements->len : 0;
    gboolean known = step->set == NULL && step->verdict.kind != PST_FILTER_ELSEWHERE;

    add_number(sum, step->kind);
    add_number(sum, step->n_keys);
    for (guint i = 0; i < step->n_keys; i++) {
        add_number(sum, step->keys[i]);
        known = known && step->keys[i] < PST_FILTER_OPAQUE;
    }
    add_number(sum, (guint64)step->negated << 1 | (guint64)step->any_bit);
    add_number(sum, step->mask);
    add_text(sum, step->what);
    add_verdict(sum, &step->verdict);
    add_number(sum, n);
    for (guint i = 0; i < n; i++)
        add_element(sum, step->elements->pdata[i]);
    return known;
}

static gboolean
add_chain(GChecksum *sum, const PstFilterChain *chain)
{
    gboolean known = TRUE;

    add_text(sum, chain->name);
    add_number(sum, chain->hook);
    add_text(sum, chain->type);
    add_number(sum, (guint64)chain->priority);
    add_number(sum, (guint64)chain->policy_drops);
    for (guint i = 0; chain->devices != NULL && chain->devices[i] != NULL; i++)
        add_text(sum, chain->devices[i]);
    add_number(sum, chain->rules->len);
    for (guint i = 0; i < chain->rules->len && known; i++) {
        const PstFilterRule *rule = chain->rules->pdata[i];

        known = !rule->foreign;
        add_number(sum, rule->steps->len);
        for (guint j = 0; j < rule->steps->len && known; j++)
            known = add_step(sum, rule->steps->pdata[j]);
    }
    return known;
}

char *
pst_firewall_listened_digest(const PstFilterRules *rules)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

    for (guint i = 0; i < rules->tables->len; i++) {
        const PstFilterTable *table = rules->tables->pdata[i];

        add_text(sum, table->source);
        add_text(sum, table->family);
        add_text(sum, table->name);
        add_number(sum, table->chains->len);
        for (guint j = 0; j < table->chains->len; j++)
            if (!add_chain(sum, table->chains->pdata[j]))
                return NULL;
    }
    return g_strdup(g_checksum_get_string(sum));
}
