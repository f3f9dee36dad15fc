// SPDX-License-Identifier: LGPL-2.1-or-later
/* What there is to do, from what there is. */
#include <stdarg.h>

#include "host-sidecar/enroll.h"

static void
free_step(gpointer step)
{
    pst_fields_free(&pst_enroll_step_fields, step);
}

G_GNUC_PRINTF(5, 6)
static PstEnrollStep *
add(GPtrArray *steps, PstEnrollKind kind, PstEnrollState state, PstEnrollMark parts,
    const char *format, ...)
{
    PstEnrollStep *step = pst_fields_new(&pst_enroll_step_fields);
    va_list args;

    va_start(args, format);
    step->step = (int)kind;
    step->state = (int)state;
    step->parts = parts;
    step->detail = g_strdup_vprintf(format, args);
    va_end(args);
    g_ptr_array_add(steps, step);
    return step;
}

/* ---- ports ---- */

typedef struct {
    PstEnrollKind kind;
    const char *name;
    gsize at; /* of the flag in a sight */
    PstEnrollMark live, lasting;
} Port;

static const Port channel = {PST_ENROLL_CHANNEL, "org.postern.shim.0",
                             G_STRUCT_OFFSET(PstEnrollSight, channel), PST_ENROLL_MARK_CHANNEL_LIVE,
                             PST_ENROLL_MARK_CHANNEL_LASTING};
static const Port recorder = {PST_ENROLL_RECORDER, "org.postern.recorder.0",
                              G_STRUCT_OFFSET(PstEnrollSight, recorder),
                              PST_ENROLL_MARK_RECORDER_LIVE, PST_ENROLL_MARK_RECORDER_LASTING};

static gboolean
has(const PstEnrollSight *sight, const Port *port)
{
    return G_STRUCT_MEMBER(gboolean, sight, port->at);
}

/* How many ports have to be free for it, since the channel comes first. */
static guint
needed_ports(const PstEnrollSight *sight, const Port *port)
{
    return port == &channel || sight->channel ? 1 : 2;
}

/* libvirt plugs no virtio-serial controller into a guest that runs; into a lasting definition it
 * puts one for the port by itself. */
static gboolean
is_without_room(const PstEnrollFacts *facts, const Port *port)
{
    return !has(&facts->live, port) && facts->live.free_ports < needed_ports(&facts->live, port);
}

static PstEnrollMark
lasting_parts(const PstEnrollFacts *facts, const Port *port)
{
    const PstEnrollSight *sight = &facts->definition;

    if (!facts->lasting || has(sight, port))
        return 0;
    return port->lasting |
           (sight->free_ports < needed_ports(sight, port) ? PST_ENROLL_MARK_CONTROLLER : 0);
}

#define NO_ROOM                                                                                    \
    "has no virtio-serial controller with a free port, which libvirt plugs into no guest that runs"

static void
plan_port_later(GPtrArray *steps, const PstEnrollFacts *facts, const Port *port)
{
    PstEnrollMark parts = lasting_parts(facts, port);

    /* What it has live after that start is enroll's too. */
    if (!facts->lasting)
        add(steps, port->kind, PST_ENROLL_FAILED, 0,
            "it " NO_ROOM ", and no lasting definition: %s can't be attached", port->name);
    else if (parts == 0)
        add(steps, port->kind, PST_ENROLL_THERE, 0,
            "%s is there from its next start on: it " NO_ROOM, port->name);
    else
        add(steps, port->kind, PST_ENROLL_DUE, parts | port->live,
            "%s is added to the lasting definition, and is there from its next start on: "
            "it " NO_ROOM,
            port->name)
            ->later = TRUE;
}

static void
plan_port(GPtrArray *steps, const PstEnrollFacts *facts, const Port *port)
{
    gboolean live = has(&facts->live, port);
    gboolean lasting = !facts->lasting || has(&facts->definition, port);
    PstEnrollMark parts = (live ? 0 : port->live) | lasting_parts(facts, port);

    if (is_without_room(facts, port)) {
        plan_port_later(steps, facts, port);
        return;
    }
    if (live && lasting)
        add(steps, port->kind, PST_ENROLL_THERE, 0, "%s is live%s", port->name,
            facts->lasting ? " and lasting" : "; the domain has no lasting definition");
    else if (!live && !lasting)
        add(steps, port->kind, PST_ENROLL_DUE, parts, "%s is attached, live and lasting",
            port->name);
    else if (live)
        add(steps, port->kind, PST_ENROLL_DUE, parts,
            "%s is live only: it is added to the lasting definition", port->name);
    else
        add(steps, port->kind, PST_ENROLL_DUE, parts, "%s is attached live%s", port->name,
            facts->lasting ? ": it is in the lasting definition only" : "");
}

static void
plan_recorder(GPtrArray *steps, const PstEnrollFacts *facts)
{
    gboolean there = facts->live.recorder && (!facts->lasting || facts->definition.recorder);

    if (facts->folder == NULL && !there)
        add(steps, PST_ENROLL_RECORDER, PST_ENROLL_ADMINISTRATOR, 0,
            "there is no storage pool postern for its file: virsh pool-define-as postern dir "
            "--target /var/lib/libvirt/postern, pool-build, pool-start, pool-autostart; or say "
            "--no-recorder");
    else
        plan_port(steps, facts, &recorder);
}

/* ---- devices of the next start ---- */

typedef struct {
    PstEnrollKind kind;
    const char *name;
    gsize at, may; /* of the flags in a sight */
    PstEnrollMark part;
} Device;

#define DEVICE(kind, name, member, part)                                                           \
    {                                                                                              \
        kind, name, G_STRUCT_OFFSET(PstEnrollSight, member),                                       \
            G_STRUCT_OFFSET(PstEnrollSight, may_##member), part                                    \
    }

static const Device panic =
    DEVICE(PST_ENROLL_PANIC, "a panic device", panic, PST_ENROLL_MARK_PANIC);
static const Device video =
    DEVICE(PST_ENROLL_VIDEO, "a video device", video, PST_ENROLL_MARK_VIDEO);
static const Device controller = {PST_ENROLL_CONTROLLER, "the virtio-serial controller", 0, 0,
                                  PST_ENROLL_MARK_CONTROLLER};
static const Device console_log =
    DEVICE(PST_ENROLL_CONSOLE_LOG, "a console log", console_log, PST_ENROLL_MARK_CONSOLE_LOG);

static void
plan_device(GPtrArray *steps, const PstEnrollFacts *facts, const Device *device, gboolean wanted)
{
    const PstEnrollSight *sight = facts->lasting ? &facts->definition : &facts->live;
    PstEnrollState not = wanted ? PST_ENROLL_FAILED : PST_ENROLL_CANNOT;

    if (G_STRUCT_MEMBER(gboolean, sight, device->at))
        add(steps, device->kind, PST_ENROLL_THERE, 0, "it has %s%s", device->name,
            G_STRUCT_MEMBER(gboolean, &facts->live, device->at) ? "" : " from its next start on");
    else if (!facts->lasting)
        add(steps, device->kind, not, 0,
            "%s can't be added to a guest that runs, and it has no lasting definition",
            device->name);
    else if (!G_STRUCT_MEMBER(gboolean, sight, device->may))
        add(steps, device->kind, not, 0, "its machine can't have %s", device->name);
    else
        add(steps, device->kind, PST_ENROLL_DUE, device->part,
            "%s is added to the lasting definition, and is there from its next start on",
            device->name)
            ->spare = !wanted;
}

static void
plan_devices(GPtrArray *steps, const PstEnrollFacts *facts, const PstEnrollWish *wish)
{
    if (wish->panic != PST_ENROLL_UNWANTED)
        plan_device(steps, facts, &panic, wish->panic == PST_ENROLL_WANTED);
    if (wish->video != PST_ENROLL_UNWANTED)
        plan_device(steps, facts, &video, wish->video == PST_ENROLL_WANTED);
    if (!wish->console_log)
        return;
    if (facts->folder == NULL)
        add(steps, PST_ENROLL_CONSOLE_LOG, PST_ENROLL_FAILED, 0,
            "there is no storage pool postern for its file");
    else
        plan_device(steps, facts, &console_log, TRUE);
}

/* ---- the package ---- */

static const char *const kind_ends[] = {
    [PST_ENROLL_PACKAGE_UNKNOWN] = "neither .deb nor .rpm",
    [PST_ENROLL_PACKAGE_DEB] = ".deb",
    [PST_ENROLL_PACKAGE_RPM] = ".rpm",
};

/* Why nobody but its administrator can do something in it; NULL: its agent does. */
static const char *
agent_obstacle(const PstEnrollGuest *guest)
{
    if (guest->agent_problem != NULL)
        return guest->agent_problem;
    return guest->exec_problem != NULL ? guest->exec_problem : guest->file_problem;
}

/* What the wished package is not for this guest; NULL: it fits. To be freed with g_free(). */
static char *
misfit(const PstEnrollGuest *guest, const PstEnrollPackage *package)
{
    if ((int)package->kind != guest->kind)
        return g_strdup_printf("%s is a %s, and packages of the guest are %s", package->path,
                               kind_ends[package->kind], kind_ends[guest->kind]);
    if (guest->architecture == NULL || package->architecture == NULL ||
        g_str_equal(package->architecture, "all") ||
        g_str_equal(package->architecture, guest->architecture))
        return NULL;
    return g_strdup_printf("%s is for %s, and the guest is %s", package->path,
                           package->architecture, guest->architecture);
}

static void
plan_new_package(GPtrArray *steps, const PstEnrollFacts *facts, const PstEnrollWish *wish)
{
    const PstEnrollGuest *guest = &facts->guest;
    const PstEnrollPackage *package = wish->package;

    if (guest->kind == PST_ENROLL_PACKAGE_UNKNOWN) {
        add(steps, PST_ENROLL_PACKAGE, PST_ENROLL_ADMINISTRATOR, 0,
            "packages of %s are neither .deb nor .rpm: docs/operating.md tells how to put the shim "
            "into it by hand",
            guest->system != NULL ? guest->system : "its system");
        return;
    }
    if (package == NULL) {
        add(steps, PST_ENROLL_PACKAGE, PST_ENROLL_FAILED, 0, "%s", wish->package_problem);
        return;
    }
    /* Of what was there before, whoever brought it, nothing is undone. */
    add(steps, PST_ENROLL_PACKAGE, PST_ENROLL_DUE,
        guest->version == NULL ? PST_ENROLL_MARK_PACKAGE : 0,
        "%s %s (%" G_GSIZE_FORMAT " KiB, SHA-256 %s) is handed over by the agent and installed%s%s",
        PST_ENROLL_PACKAGE_NAME, package->version, g_bytes_get_size(package->bytes) / 1024,
        package->sha256, guest->version != NULL ? " in the place of " : "",
        guest->version != NULL ? guest->version : "");
}

static void
plan_package(GPtrArray *steps, const PstEnrollFacts *facts, const PstEnrollWish *wish)
{
    const PstEnrollGuest *guest = &facts->guest;
    const PstEnrollPackage *package = wish->package;
    const char *obstacle = agent_obstacle(guest);
    g_autofree char *why = package != NULL && guest->kind != PST_ENROLL_PACKAGE_UNKNOWN
                               ? misfit(guest, package)
                               : NULL;

    if (why != NULL)
        add(steps, PST_ENROLL_PACKAGE, PST_ENROLL_FAILED, 0, "%s", why);
    else if (obstacle != NULL && facts->shim != NULL)
        add(steps, PST_ENROLL_PACKAGE, PST_ENROLL_THERE, 0, "a shim of version %s answers",
            facts->shim);
    else if (obstacle != NULL)
        add(steps, PST_ENROLL_PACKAGE, PST_ENROLL_ADMINISTRATOR, 0, "%s%s%s", obstacle,
            package == NULL ? "; and " : "", package == NULL ? wish->package_problem : "");
    else if (guest->version != NULL &&
             (package == NULL || g_str_equal(package->version, guest->version)))
        add(steps, PST_ENROLL_PACKAGE, PST_ENROLL_THERE, 0, "%s %s is installed",
            PST_ENROLL_PACKAGE_NAME, guest->version);
    else if (guest->version != NULL && !wish->package_said)
        add(steps, PST_ENROLL_PACKAGE, PST_ENROLL_THERE, 0,
            "%s %s is installed; --package %s puts %s in its place", PST_ENROLL_PACKAGE_NAME,
            guest->version, package->path, package->version);
    else if (guest->version == NULL && guest->loaded && !wish->package_said)
        add(steps, PST_ENROLL_PACKAGE, PST_ENROLL_THERE, 0,
            "it has a shim that no package brought, which is left as it is");
    else
        plan_new_package(steps, facts, wish);
}

/* ---- what comes after it ---- */

static PstEnrollState
state_of(const GPtrArray *steps, PstEnrollKind kind)
{
    const PstEnrollStep *step = pst_enroll_find(steps, kind);

    return step != NULL ? (PstEnrollState)step->state : PST_ENROLL_THERE;
}

static void
plan_configuration(GPtrArray *steps, const PstEnrollFacts *facts, const PstEnrollWish *wish)
{
    const PstEnrollGuest *guest = &facts->guest;
    const char *obstacle = agent_obstacle(guest);

    if (wish->configuration == NULL)
        return;
    if (obstacle != NULL)
        add(steps, PST_ENROLL_CONFIGURATION, PST_ENROLL_ADMINISTRATOR, 0, "%s", obstacle);
    else if (g_strcmp0(guest->configuration, wish->configuration) == 0)
        add(steps, PST_ENROLL_CONFIGURATION, PST_ENROLL_THERE, 0,
            "/etc/postern/shim.conf is as it should be");
    else if (guest->configuration != NULL)
        add(steps, PST_ENROLL_CONFIGURATION, PST_ENROLL_FAILED, 0,
            "/etc/postern/shim.conf is there and another one: it is left as it is");
    else
        add(steps, PST_ENROLL_CONFIGURATION, PST_ENROLL_DUE, PST_ENROLL_MARK_CONFIGURATION,
            "/etc/postern/shim.conf is laid down");
}

/* What of its unit is to be undone: it was disabled, and may have been started by hand. */
static PstEnrollMark
unit_parts(const PstEnrollGuest *guest)
{
    static const char *const stopped[] = {"inactive", "failed", NULL};

    if (g_strcmp0(guest->enabled, "disabled") != 0)
        return 0;
    return guest->active != NULL && g_strv_contains(stopped, guest->active)
               ? PST_ENROLL_MARK_UNIT | PST_ENROLL_MARK_UNIT_STARTED
               : PST_ENROLL_MARK_UNIT;
}

static void
plan_unit(GPtrArray *steps, const PstEnrollFacts *facts)
{
    const PstEnrollGuest *guest = &facts->guest;
    PstEnrollState package = state_of(steps, PST_ENROLL_PACKAGE);
    gboolean active = g_strcmp0(guest->active, "active") == 0;
    gboolean enabled = g_strcmp0(guest->enabled, "enabled") == 0;

    if (agent_obstacle(guest) != NULL && package == PST_ENROLL_THERE)
        add(steps, PST_ENROLL_UNIT, PST_ENROLL_THERE, 0, "the shim runs");
    else if (package == PST_ENROLL_ADMINISTRATOR)
        add(steps, PST_ENROLL_UNIT, PST_ENROLL_ADMINISTRATOR, 0, "it comes with the package");
    else if (package == PST_ENROLL_FAILED)
        add(steps, PST_ENROLL_UNIT, PST_ENROLL_NOT_REACHED, 0, "there is no package");
    else if (package == PST_ENROLL_DUE)
        add(steps, PST_ENROLL_UNIT, PST_ENROLL_DUE, guest->version != NULL ? unit_parts(guest) : 0,
            "postern-shim.service is enabled and started, by the package or else after it");
    else if (g_strcmp0(guest->enabled, "masked") == 0)
        add(steps, PST_ENROLL_UNIT, PST_ENROLL_FAILED, 0,
            "postern-shim.service is masked: guest# systemctl unmask postern-shim");
    else if (active && enabled)
        add(steps, PST_ENROLL_UNIT, PST_ENROLL_THERE, 0,
            "postern-shim.service is enabled and active");
    else
        add(steps, PST_ENROLL_UNIT, PST_ENROLL_DUE, unit_parts(guest),
            "postern-shim.service, which is %s and %s, is enabled and started",
            guest->enabled != NULL && *guest->enabled != '\0' ? guest->enabled : "not known",
            guest->active != NULL ? guest->active : "not known");
}

static void
plan_proof(GPtrArray *steps, const PstEnrollFacts *facts)
{
    PstEnrollState package = state_of(steps, PST_ENROLL_PACKAGE);

    if (package == PST_ENROLL_ADMINISTRATOR || package == PST_ENROLL_FAILED)
        add(steps, PST_ENROLL_PROOF, PST_ENROLL_NOT_REACHED, 0, "no shim is there to answer");
    else if (is_without_room(facts, &channel))
        add(steps, PST_ENROLL_PROOF, PST_ENROLL_ADMINISTRATOR, 0,
            "its channel is there from its next start on: stop it and start it, and say enroll "
            "again");
    else
        add(steps, PST_ENROLL_PROOF, PST_ENROLL_DUE, 0, "the probe system is asked by the channel");
}

GPtrArray *
pst_enroll_plan(const PstEnrollFacts *facts, const PstEnrollWish *wish)
{
    GPtrArray *steps = g_ptr_array_new_with_free_func(free_step);

    plan_port(steps, facts, &channel);
    if (!wish->no_recorder)
        plan_recorder(steps, facts);
    plan_devices(steps, facts, wish);
    plan_package(steps, facts, wish);
    plan_configuration(steps, facts, wish);
    plan_unit(steps, facts);
    plan_proof(steps, facts);
    return steps;
}

/* ---- the way back ---- */

static gboolean
is_marked(const PstEnrollFacts *facts, PstEnrollMark part)
{
    return (facts->mark & part) != 0;
}

static void
undo_in_guest(GPtrArray *steps, const PstEnrollFacts *facts, PstEnrollKind kind, PstEnrollMark part,
              const char *what, gboolean there)
{
    const char *obstacle = agent_obstacle(&facts->guest);

    if (!is_marked(facts, part))
        add(steps, kind, PST_ENROLL_THERE, 0, "enroll did not bring %s: nothing is taken away",
            what);
    else if (obstacle != NULL)
        add(steps, kind, PST_ENROLL_ADMINISTRATOR, 0, "%s", obstacle);
    else if (!there)
        add(steps, kind, PST_ENROLL_DUE, part, "%s is gone already, and is forgotten", what);
    else
        add(steps, kind, PST_ENROLL_DUE, part, "%s is removed", what);
}

static const char *
unit_undone(const PstEnrollFacts *facts)
{
    if (g_strcmp0(facts->guest.enabled, "masked") == 0)
        return "postern-shim.service was masked since: it is left so, and forgotten";
    if (!facts->guest.loaded)
        return "postern-shim.service is gone already, and is forgotten";
    return is_marked(facts, PST_ENROLL_MARK_UNIT_STARTED)
               ? "postern-shim.service is stopped and disabled, which it was"
               : "postern-shim.service is disabled, which it was, and goes on";
}

static void
undo_unit(GPtrArray *steps, const PstEnrollFacts *facts)
{
    const char *obstacle = agent_obstacle(&facts->guest);
    PstEnrollMark parts = facts->mark & (PST_ENROLL_MARK_UNIT | PST_ENROLL_MARK_UNIT_STARTED);

    if (parts == 0)
        return;
    if (obstacle != NULL)
        add(steps, PST_ENROLL_UNIT, PST_ENROLL_ADMINISTRATOR, 0, "%s", obstacle);
    else
        add(steps, PST_ENROLL_UNIT, PST_ENROLL_DUE, parts, "%s", unit_undone(facts));
}

static void
undo_device(GPtrArray *steps, const PstEnrollFacts *facts, const Device *device)
{
    if (!is_marked(facts, device->part))
        return;
    add(steps, device->kind, PST_ENROLL_DUE, device->part,
        "%s is taken out of the lasting definition, and is gone from its next start on",
        device->name);
}

static void
undo_port(GPtrArray *steps, const PstEnrollFacts *facts, const Port *port)
{
    PstEnrollMark parts = facts->mark & (port->live | port->lasting);

    if (parts == 0)
        add(steps, port->kind, PST_ENROLL_THERE, 0,
            "enroll did not attach %s: nothing is taken away", port->name);
    else
        add(steps, port->kind, PST_ENROLL_DUE, parts, "%s is detached%s%s%s", port->name,
            is_marked(facts, port->live) ? ", live" : "",
            parts == (port->live | port->lasting) ? " and" : "",
            is_marked(facts, port->lasting) ? " lasting" : "");
}

GPtrArray *
pst_enroll_plan_undo(const PstEnrollFacts *facts)
{
    GPtrArray *steps = g_ptr_array_new_with_free_func(free_step);

    if (is_marked(facts, PST_ENROLL_MARK_CONFIGURATION))
        undo_in_guest(steps, facts, PST_ENROLL_CONFIGURATION, PST_ENROLL_MARK_CONFIGURATION,
                      "/etc/postern/shim.conf", facts->guest.configuration != NULL);
    undo_unit(steps, facts);
    undo_in_guest(steps, facts, PST_ENROLL_PACKAGE, PST_ENROLL_MARK_PACKAGE,
                  "the package " PST_ENROLL_PACKAGE_NAME,
                  facts->guest.version != NULL || facts->guest.partly);
    undo_device(steps, facts, &console_log);
    undo_device(steps, facts, &video);
    undo_device(steps, facts, &panic);
    undo_port(steps, facts, &recorder);
    undo_port(steps, facts, &channel);
    undo_device(steps, facts, &controller);
    return steps;
}
