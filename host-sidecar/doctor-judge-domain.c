// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/doctor-judges.h"
#include "protocol/exec.h"
#include "protocol/shell-word.h"

#define CHANNEL "org.postern.shim.0"
#define AGENT "org.qemu.guest_agent.0"

/* ---- the two definitions ---- */

static gboolean
is_running(const PstDoctorDomain *domain)
{
    return domain->live != NULL;
}

/* What is known of the one that counts now: the one that runs, or else the lasting one. NULL, which
 * is said, where that can't be told. */
static const PstDoctorXml *
xml_now(PstDoctorJudging *judging)
{
    const PstDoctorDomain *domain = judging->domain;
    const PstDoctorXml *xml = is_running(domain) ? domain->live : domain->lasting;

    if (xml != NULL && xml->problem == NULL)
        return xml;
    pst_doctor_unknown(judging, xml != NULL ? xml->problem : NULL);
    return NULL;
}

/* The one of the next start, where that is another than the one that counts now. NULL where there
 * is none, which is said only where it could not be looked at. */
static const PstDoctorXml *
xml_later(PstDoctorJudging *judging)
{
    const PstDoctorDomain *domain = judging->domain;

    if (!is_running(domain) || domain->persistent == PST_TRI_NO)
        return NULL;
    if (domain->lasting != NULL && domain->lasting->problem == NULL)
        return domain->lasting;
    pst_doctor_unknown(judging, domain->lasting != NULL ? domain->lasting->problem : NULL);
    return NULL;
}

static char *
attach(const PstDoctorDomain *domain, const char *xml, gboolean live)
{
    g_autofree char *name = pst_shell_word(domain->name);
    g_autofree char *virsh = pst_doctor_program("virsh", domain->uri);

    return g_strdup_printf("echo \"%s\" | %s attach-device %s /dev/stdin --%s", xml, virsh, name,
                           live ? "live" : "config");
}

static char *
attach_port(const PstDoctorDomain *domain, const char *port, gboolean live)
{
    g_autofree char *xml =
        g_strdup_printf("<channel type='unix'><target type='virtio' name='%s'/></channel>", port);

    return attach(domain, xml, live);
}

/* That of the pool, where alone it is looked for; else the usual one, which enroll --xml has too.
 * It stands between quotes, of the shell's and of XML's: another one that is odd is not told. */
static const char *
folder_of(const PstDoctorDomain *domain)
{
    const char *folder = domain->folder;
    static const char plain[] = G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "/._-";

    return folder != NULL && *folder == '/' && folder[strspn(folder, plain)] == '\0'
               ? folder
               : "/var/lib/libvirt/postern";
}

static char *
attach_recorder(const PstDoctorDomain *domain, gboolean live)
{
    g_autofree char *xml =
        g_strdup_printf("<channel type='file'><source path='%s/%s.records' append='on'/>"
                        "<target type='virtio' name='org.postern.recorder.0'/></channel>",
                        folder_of(domain), domain->uuid);

    return attach(domain, xml, live);
}

/* libvirt plugs no virtio-serial controller into a guest that runs: where none has a free port, it
 * goes into the lasting definition, by COMMAND, unless that has it. Takes COMMAND over. */
static char *
with_next_start(char *command, gboolean kept)
{
    g_autofree char *own = command;

    return kept ? g_strdup("stop it and start it: its lasting definition has it, and none of its "
                           "virtio-serial controllers has a free port")
                : g_strdup_printf("%s; then stop it and start it, for none of its virtio-serial "
                                  "controllers has a free port",
                                  own);
}

static gboolean
is_without_room(const PstDoctorDomain *domain)
{
    return is_running(domain) && domain->live->room == PST_TRI_NO;
}

static void
tell_absent(PstDoctorJudging *judging, const char *port)
{
    const PstDoctorDomain *domain = judging->domain;
    gboolean later = is_without_room(domain);
    const PstDoctorXml *kept =
        domain->lasting != NULL && domain->lasting->problem == NULL ? domain->lasting : NULL;
    int there = kept == NULL                 ? PST_DOCTOR_PORT_ABSENT
                : g_str_equal(port, CHANNEL) ? kept->channel
                                             : kept->agent;
    char *mend = attach_port(domain, port, is_running(domain) && !later);

    if (later)
        mend = with_next_start(mend, there != PST_DOCTOR_PORT_ABSENT);
    pst_doctor_stands(judging, PST_SEVERITY_CRITICAL, mend, "%s has no channel %s",
                      is_running(domain) ? "the running domain" : "the domain", port);
}

static void
tell_not_kept(PstDoctorJudging *judging, const char *port)
{
    pst_doctor_stands(judging, PST_SEVERITY_WARNING, attach_port(judging->domain, port, FALSE),
                      "the lasting definition has no channel %s: it is gone after the next start",
                      port);
}

void
pst_doctor_judge_domain_channel(PstDoctorJudging *judging)
{
    const PstDoctorXml *xml = xml_now(judging);

    if (xml != NULL && xml->channel == PST_DOCTOR_PORT_ABSENT)
        tell_absent(judging, CHANNEL);
}

void
pst_doctor_judge_domain_channel_kept(PstDoctorJudging *judging)
{
    const PstDoctorXml *xml = xml_later(judging);

    if (xml != NULL && xml->channel == PST_DOCTOR_PORT_ABSENT)
        tell_not_kept(judging, CHANNEL);
}

void
pst_doctor_judge_domain_agent_channel(PstDoctorJudging *judging)
{
    const PstDoctorXml *xml = xml_now(judging);

    if (xml != NULL && xml->agent == PST_DOCTOR_PORT_ABSENT)
        tell_absent(judging, AGENT);
}

void
pst_doctor_judge_domain_agent_channel_kept(PstDoctorJudging *judging)
{
    const PstDoctorXml *xml = xml_later(judging);

    if (xml != NULL && xml->agent == PST_DOCTOR_PORT_ABSENT)
        tell_not_kept(judging, AGENT);
}

/* ---- the recorder ---- */

void
pst_doctor_judge_domain_recorder(PstDoctorJudging *judging)
{
    const PstDoctorXml *xml = xml_now(judging);
    const PstDoctorDomain *domain = judging->domain;
    gboolean running = is_running(domain), later = is_without_room(domain);

    if (xml == NULL || xml->recorder != PST_TRI_NO)
        return;
    char *mend = attach_recorder(domain, running && !later);
    if (later)
        mend = with_next_start(mend,
                               domain->lasting != NULL && domain->lasting->recorder == PST_TRI_YES);
    pst_doctor_stands(judging, PST_SEVERITY_CRITICAL, mend,
                      "%s has no recorder: when nothing in it answers, nothing is known of it",
                      running ? "the running domain" : "the domain");
}

void
pst_doctor_judge_domain_recorder_kept(PstDoctorJudging *judging)
{
    const PstDoctorXml *xml = xml_later(judging);

    if (xml != NULL && xml->recorder == PST_TRI_NO)
        pst_doctor_stands(judging, PST_SEVERITY_WARNING, attach_recorder(judging->domain, FALSE),
                          "the lasting definition has no recorder: it is gone after the next "
                          "start");
}

/* Where both have it, it is told once. */
static const PstDoctorXml *
find_recorder(PstDoctorJudging *judging, gboolean (*is_wrong)(const PstDoctorXml *xml))
{
    const PstDoctorXml *now = xml_now(judging), *later = xml_later(judging);

    if (now != NULL && is_wrong(now))
        return now;
    return later != NULL && is_wrong(later) ? later : NULL;
}

static gboolean
is_elsewhere(const PstDoctorXml *xml)
{
    return xml->recorder_elsewhere == PST_TRI_YES;
}

static gboolean
is_emptied(const PstDoctorXml *xml)
{
    return xml->recorder_emptied == PST_TRI_YES;
}

static char *
edit(const PstDoctorDomain *domain, const char *what)
{
    g_autofree char *name = pst_shell_word(domain->name);
    g_autofree char *virsh = pst_doctor_program("virsh", domain->uri);

    return g_strdup_printf("%s edit %s: %s; it holds from the next start on", virsh, name, what);
}

void
pst_doctor_judge_domain_recorder_elsewhere(PstDoctorJudging *judging)
{
    const PstDoctorDomain *domain = judging->domain;
    const PstDoctorXml *xml = find_recorder(judging, is_elsewhere);

    if (xml == NULL)
        return;
    g_autofree char *what =
        g_strdup_printf("name the file %s/%s.records in the source of that channel",
                        folder_of(domain), domain->uuid);
    pst_doctor_stands(judging, PST_SEVERITY_WARNING, edit(domain, what),
                      "the recorder's file is not called by the domain's UUID, where its records "
                      "are looked for: %s",
                      xml->recorder_path != NULL ? xml->recorder_path : "it has no path");
}

void
pst_doctor_judge_domain_recorder_emptied(PstDoctorJudging *judging)
{
    if (find_recorder(judging, is_emptied) != NULL)
        pst_doctor_stands(judging, PST_SEVERITY_WARNING,
                          edit(judging->domain, "say append='on' in the source of that channel"),
                          "each start of the domain empties what its recorder wrote");
}

/* Two of its faults stand in the XML, and are told by that. */
void
pst_doctor_judge_domain_recorder_silent(PstDoctorJudging *judging)
{
    const PstDoctorRecorder *recorder = judging->domain->recorder;
    const PstDoctorXml *live = judging->domain->live;

    if (live != NULL && live->problem != NULL)
        pst_doctor_unknown(judging, live->problem);
    if (live == NULL || live->recorder != PST_TRI_YES)
        return;
    if (recorder == NULL || recorder->problem != NULL) {
        pst_doctor_unknown(judging, recorder != NULL ? recorder->problem
                                                     : "no shim says what it has written");
        return;
    }
    if (recorder->finding == NULL ||
        (g_str_equal(recorder->finding, "host.recorder-elsewhere") && is_elsewhere(live)) ||
        g_str_equal(recorder->finding, "host.recorder-emptied"))
        return;
    g_autofree char *name = pst_shell_word(judging->domain->name);
    g_autofree char *postern = pst_doctor_program("postern", judging->domain->uri);
    char *mend = g_str_equal(recorder->finding, "host.recorder-silent")
                     ? g_strdup_printf("%s records %s --heal", postern, name)
                     : g_strdup(recorder->remedy);
    pst_doctor_stands(judging, PST_SEVERITY_CRITICAL, mend, "%s", recorder->message);
}

/* ---- the shim at its port ---- */

void
pst_doctor_judge_domain_port(PstDoctorJudging *judging)
{
    const PstDoctorDomain *domain = judging->domain;
    const PstDoctorXml *live = domain->live;
    gboolean answers = domain->shim != NULL && domain->shim->problem == NULL;

    if (live == NULL || answers)
        return;
    if (live->problem != NULL)
        pst_doctor_unknown(judging, live->problem);
    else if (live->channel == PST_DOCTOR_PORT_SHUT)
        pst_doctor_stands(judging, PST_SEVERITY_CRITICAL,
                          g_strdup("guest# systemctl enable --now postern-shim"),
                          "nobody in the guest holds the port " CHANNEL " open");
    else if (live->channel == PST_DOCTOR_PORT_UNKNOWN)
        pst_doctor_unknown(judging, "libvirt does not tell it of a port that was attached to a "
                                    "running guest and not opened since");
}

/* libvirt serves one stream of a channel at a time. */
void
pst_doctor_judge_domain_shim_silent(PstDoctorJudging *judging)
{
    const PstDoctorDomain *domain = judging->domain;
    const char *problem = domain->shim != NULL ? domain->shim->problem : NULL;

    if (domain->live != NULL && domain->live->problem != NULL)
        pst_doctor_unknown(judging, domain->live->problem);
    if (problem == NULL)
        return;
    if (domain->shim->busy == PST_TRI_YES) {
        pst_doctor_unknown(judging, problem);
        return;
    }
    gboolean taken = strstr(problem, "stream exists") != NULL;
    char *mend = taken ? g_strdup_printf("end the program on this host that holds the channel, as "
                                         "virsh console --devname %s does",
                                         CHANNEL)
                       : g_strdup("guest# systemctl restart postern-shim");
    pst_doctor_stands(judging, PST_SEVERITY_CRITICAL, mend,
                      "the port " CHANNEL " is held open, and no shim answers: %s", problem);
}

/* The numbers of a version, one after the other, so that 0.10 comes after 0.9. */
static int
compare_versions(const char *a, const char *b)
{
    while (*a != '\0' || *b != '\0') {
        char *end_a = NULL, *end_b = NULL;
        guint64 number_a = g_ascii_strtoull(a, &end_a, 10),
                number_b = g_ascii_strtoull(b, &end_b, 10);

        if (number_a != number_b)
            return number_a < number_b ? -1 : 1;
        if (end_a == a && end_b == b)
            return strcmp(a, b);
        a = end_a + (*end_a == '.');
        b = end_b + (*end_b == '.');
    }
    return 0;
}

/* Those that this version calls. */
static const char *
find_missing(char *const *methods)
{
    static const char *const called[] = {"ping", "describe", "probe", "cancel", "subscribe"};

    for (guint i = 0; i < G_N_ELEMENTS(called); i++)
        if (!g_strv_contains((const char *const *)methods, called[i]))
            return called[i];
    return NULL;
}

void
pst_doctor_judge_domain_shim_old(PstDoctorJudging *judging)
{
    static const char mend[] = "copy this version's postern-shim to /usr/sbin/postern-shim in the "
                               "guest, then guest# systemctl restart postern-shim";
    const PstDoctorShim *shim = judging->domain->shim;

    if (judging->domain->live == NULL)
        return;
    if (shim == NULL || shim->problem != NULL || shim->version == NULL) {
        pst_doctor_unknown(judging, "no shim answers by the channel");
        return;
    }
    const char *missing = shim->methods != NULL ? find_missing(shim->methods) : NULL;
    if (compare_versions(shim->version, PST_VERSION) < 0)
        pst_doctor_stands(judging, PST_SEVERITY_WARNING, g_strdup(mend),
                          "its shim is of version %s, and this is %s: what is new is not answered",
                          shim->version, PST_VERSION);
    else if (missing != NULL)
        pst_doctor_stands(judging, PST_SEVERITY_WARNING, g_strdup(mend),
                          "its shim does not know the method %s", missing);
}

/* It says which methods it has; those of commands are there where their socket is. */
void
pst_doctor_judge_domain_exec(PstDoctorJudging *judging)
{
    const PstDoctorShim *shim = judging->domain->shim;

    if (judging->domain->live == NULL)
        return;
    if (shim == NULL || shim->problem != NULL || shim->methods == NULL) {
        pst_doctor_unknown(judging, "no shim answers by the channel");
        return;
    }
    if (!g_strv_contains((const char *const *)shim->methods, PST_EXEC_START))
        pst_doctor_stands(
            judging, PST_SEVERITY_INFORMATION,
            g_strdup("guest# systemctl enable --now postern-exec.socket, and allow=yes "
                     "below [exec] in /etc/postern/shim.conf"),
            "no command is run in it by the channel, so that exec and an undo of "
            "recover go by the agent or not at all: postern-exec.socket isn't there");
}

void
pst_doctor_judge_domain_daemon_blind(PstDoctorJudging *judging)
{
    if (judging->domain->by_daemon == PST_TRI_NO)
        pst_doctor_stands(judging, PST_SEVERITY_WARNING,
                          g_strdup("see the grants in /etc/postern/postern.conf and libvirt's "
                                   "access control: 40-postern-diagnose.rules"),
                          "the daemon does not list this domain, and libvirt does");
}
