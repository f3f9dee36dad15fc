// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/doctor-judges.h"
#include "protocol/shell-word.h"

#define PROGRAM "/usr/sbin/postern-shim"

/* ---- the unit ---- */

/* What is known of it; NULL, which is said, where nothing is. */
static const PstDoctorUnit *
unit_of(PstDoctorJudging *judging)
{
    const PstDoctorUnit *unit = judging->guest->shim_unit;

    if (unit != NULL && unit->problem == NULL && unit->load != NULL)
        return unit;
    pst_doctor_unknown(judging, unit != NULL ? unit->problem : NULL);
    return NULL;
}

static gboolean
is(const char *value, const char *word)
{
    return g_strcmp0(value, word) == 0;
}

/* Nothing else is to be said of one that is not there or masked. */
static const PstDoctorUnit *
loaded_unit_of(PstDoctorJudging *judging)
{
    const PstDoctorUnit *unit = unit_of(judging);

    return unit != NULL && !is(unit->load, "not-found") && !is(unit->load, "masked") ? unit : NULL;
}

void
pst_doctor_judge_guest_unit_missing(PstDoctorJudging *judging)
{
    const PstDoctorUnit *unit = unit_of(judging);

    if (unit != NULL && is(unit->load, "not-found"))
        pst_doctor_stands(judging, PST_SEVERITY_WARNING,
                          g_strdup("copy systemd/postern-shim.service to "
                                   "/etc/systemd/system/postern-shim.service in the guest, then "
                                   "guest# systemctl daemon-reload && systemctl enable --now "
                                   "postern-shim"),
                          "the guest has no unit %s: nothing starts the shim", unit->unit);
}

void
pst_doctor_judge_guest_unit_masked(PstDoctorJudging *judging)
{
    const PstDoctorUnit *unit = unit_of(judging);

    if (unit != NULL && is(unit->load, "masked"))
        pst_doctor_stands(judging, PST_SEVERITY_WARNING,
                          g_strdup("guest# systemctl unmask postern-shim && systemctl enable "
                                   "--now postern-shim"),
                          "%s is masked: nothing can start the shim", unit->unit);
}

void
pst_doctor_judge_guest_unit_disabled(PstDoctorJudging *judging)
{
    const PstDoctorUnit *unit = loaded_unit_of(judging);

    if (unit != NULL && unit->enabled == NULL)
        pst_doctor_unknown(judging, NULL);
    else if (unit != NULL && (is(unit->enabled, "disabled") || is(unit->enabled, "linked") ||
                              is(unit->enabled, "enabled-runtime")))
        pst_doctor_stands(
            judging, PST_SEVERITY_WARNING, g_strdup("guest# systemctl enable postern-shim"),
            "%s is %s: no shim runs after the guest's next start", unit->unit, unit->enabled);
}

void
pst_doctor_judge_guest_unit_stopped(PstDoctorJudging *judging)
{
    const PstDoctorUnit *unit = loaded_unit_of(judging);

    if (unit != NULL && unit->active == NULL)
        pst_doctor_unknown(judging, NULL);
    else if (unit != NULL && !is(unit->active, "active") && !is(unit->active, "activating"))
        pst_doctor_stands(judging, PST_SEVERITY_CRITICAL,
                          g_strdup("guest# systemctl start postern-shim"),
                          "%s does not run: it is %s (%s)", unit->unit, unit->active,
                          unit->sub != NULL ? unit->sub : "?");
}

#define DROP_IN "/etc/systemd/system/postern-shim.service.d"

/* Ordinary services are stopped when another target is isolated, and need sysinit.target, which
 * emergency mode does not reach. */
static void
judge_dependencies(PstDoctorJudging *judging, const PstDoctorUnit *unit)
{
    if (unit->default_dependencies == PST_TRI_YES || unit->ignore_on_isolate == PST_TRI_NO)
        pst_doctor_stands(
            judging, PST_SEVERITY_WARNING,
            g_strdup("guest# mkdir -p " DROP_IN " && printf "
                     "'[Unit]\\nDefaultDependencies=no\\nIgnoreOnIsolate=yes\\n' >" DROP_IN
                     "/emergency.conf && systemctl daemon-reload"),
            "%s does not stay in emergency mode: %s", unit->unit,
            unit->default_dependencies == PST_TRI_YES ? "it has DefaultDependencies=yes"
                                                      : "it has IgnoreOnIsolate=no");
    else if (unit->default_dependencies == PST_TRI_UNKNOWN ||
             unit->ignore_on_isolate == PST_TRI_UNKNOWN)
        pst_doctor_unknown(judging, "the shim does not tell its unit's DefaultDependencies= and "
                                    "IgnoreOnIsolate=");
}

/* A guest that is booted into one of them starts what that wants, and nothing of sysinit.target. */
static void
judge_targets(PstDoctorJudging *judging, const PstDoctorUnit *unit)
{
    if (!is(unit->enabled, "enabled"))
        return;
    if (unit->in_emergency == PST_TRI_NO || unit->in_rescue == PST_TRI_NO)
        pst_doctor_stands(judging, PST_SEVERITY_WARNING,
                          g_strdup("guest# systemctl reenable postern-shim"),
                          "%s is not started in a guest that is booted into %s", unit->unit,
                          unit->in_emergency == PST_TRI_NO ? "emergency mode" : "rescue mode");
    else if (unit->in_emergency == PST_TRI_UNKNOWN || unit->in_rescue == PST_TRI_UNKNOWN)
        pst_doctor_unknown(judging, "what emergency.target and rescue.target want was not told");
}

void
pst_doctor_judge_guest_unit_ordering(PstDoctorJudging *judging)
{
    const PstDoctorUnit *unit = loaded_unit_of(judging);

    if (unit == NULL)
        return;
    judge_dependencies(judging, unit);
    judge_targets(judging, unit);
}

/* ---- its files ---- */

static const PstDoctorFile *
program_of(PstDoctorJudging *judging)
{
    const GPtrArray *files = judging->guest->files;

    for (guint i = 0; files != NULL && i < files->len; i++) {
        const PstDoctorFile *file = files->pdata[i];

        if (!is(file->path, PROGRAM))
            continue;
        if (file->problem == NULL)
            return file;
        pst_doctor_unknown(judging, file->problem);
        return NULL;
    }
    pst_doctor_unknown(judging, NULL);
    return NULL;
}

#define CONFIG_FOLDER "/etc/postern/"

/* `PATH: REASON` or `PATH:LINE: REASON`; a file does not count that others than root can change. */
static char *
mend_config(const char *config)
{
    g_autofree char *path = g_strndup(config, strcspn(config, ":"));
    g_autofree char *word = pst_shell_word(path);

    if (strstr(config, "others than root") == NULL || !g_str_has_prefix(path, CONFIG_FOLDER))
        return g_strdup("correct it in the guest; man postern-shim, CONFIGURATION, tells what may "
                        "stand there");
    return g_strdup_printf("guest# chown root:root %s && chmod 0644 %s", word, word);
}

/* By the same door that it is about: where no file was given, for whatever reason, that is told. */
void
pst_doctor_judge_guest_config(PstDoctorJudging *judging)
{
    const char *config = judging->guest->config;

    if (config != NULL)
        pst_doctor_stands(judging, PST_SEVERITY_WARNING, mend_config(config),
                          "the shim's configuration does not count, and what depends on it is not "
                          "answered: %s",
                          config);
    else
        (void)program_of(judging);
}

void
pst_doctor_judge_guest_program(PstDoctorJudging *judging)
{
    const PstDoctorFile *file = program_of(judging);

    if (file != NULL && file->there == PST_TRI_NO)
        pst_doctor_stands(judging, PST_SEVERITY_CRITICAL,
                          g_strdup("copy postern-shim to " PROGRAM " in the guest, owned by root, "
                                   "mode 0755"),
                          "the guest has no " PROGRAM ": neither its unit nor the agent can start "
                          "it");
}

/* The superuser's own, and not to be written by others; a program is to be run, too. */
static void
judge_mode(PstDoctorJudging *judging, const PstDoctorFile *file)
{
    gboolean program = is(file->path, PROGRAM);
    guint64 mode = file->mode != NULL ? g_ascii_strtoull(file->mode, NULL, 8) : 0;
    gboolean foreign = !g_str_has_prefix(file->owner != NULL ? file->owner : "", "0:");

    if (file->mode == NULL || file->owner == NULL) {
        pst_doctor_unknown(judging, NULL);
        return;
    }
    gboolean inert = program && (mode & 0100) == 0;
    if (!foreign && (mode & 022) == 0 && !inert)
        return;
    g_autofree char *path = pst_shell_word(file->path);
    pst_doctor_stands(judging, inert ? PST_SEVERITY_CRITICAL : PST_SEVERITY_WARNING,
                      g_strdup_printf("guest# chown root:root %s && chmod %s %s", path,
                                      program ? "0755" : "0644", path),
                      "%s has mode %s and owner %s: %s", file->path, file->mode, file->owner,
                      inert ? "it can't be run"
                            : "others than root can write to it, or could before");
}

void
pst_doctor_judge_guest_file_mode(PstDoctorJudging *judging)
{
    const GPtrArray *files = judging->guest->files;

    for (guint i = 0; files != NULL && i < files->len; i++) {
        const PstDoctorFile *file = files->pdata[i];

        if (file->problem != NULL)
            pst_doctor_unknown(judging, file->problem);
        else if (file->there == PST_TRI_YES)
            judge_mode(judging, file);
    }
    if (files == NULL)
        pst_doctor_unknown(judging, NULL);
}

void
pst_doctor_judge_guest_noexec(PstDoctorJudging *judging)
{
    const PstDoctorFile *file = program_of(judging);

    if (file == NULL || file->there == PST_TRI_NO)
        return;
    if (file->noexec == PST_TRI_UNKNOWN)
        pst_doctor_unknown(judging, "how its file system is mounted was not told");
    if (file->noexec != PST_TRI_YES)
        return;
    g_autofree char *mount = pst_shell_word(file->mount != NULL ? file->mount : "/usr");
    pst_doctor_stands(judging, PST_SEVERITY_CRITICAL,
                      g_strdup_printf("guest# mount -o remount,exec %s, and take noexec from its "
                                      "line in /etc/fstab",
                                      mount),
                      "%s is mounted noexec: " PROGRAM " can't be started there", mount);
}

/* ---- what confines it ---- */

void
pst_doctor_judge_guest_label(PstDoctorJudging *judging)
{
    const PstDoctorGuest *guest = judging->guest;

    if (guest->security_problem != NULL) {
        pst_doctor_unknown(judging, guest->security_problem);
        return;
    }
    for (guint i = 0; guest->files != NULL && i < guest->files->len; i++) {
        const PstDoctorFile *file = guest->files->pdata[i];

        if (file->label == NULL)
            continue;
        g_autofree char *path = pst_shell_word(file->path);
        pst_doctor_stands(
            judging, is(guest->selinux, "enforcing") ? PST_SEVERITY_CRITICAL : PST_SEVERITY_WARNING,
            g_strdup_printf("guest# restorecon -v %s", path),
            "the SELinux label of %s is wrong: %s", file->path, file->label);
    }
}

static char *
mend_denial(const PstDoctorDenial *denial)
{
    g_autofree char *program = pst_shell_word(denial->program);

    if (is(denial->source, "selinux"))
        return g_strdup_printf("guest# ausearch -m avc -c %s --raw | audit2allow -M postern-local "
                               "&& semodule -i postern-local.pp",
                               program);
    if (is(denial->source, "apparmor"))
        return g_strdup_printf("guest# aa-complain %s", program);
    return g_strdup("guest# fapolicyd-cli --file add " PROGRAM " && fapolicyd-cli --update");
}

/* What is only logged now bites where the mode is to become another one. */
static void
judge_denials(PstDoctorJudging *judging, gboolean of_fapolicyd)
{
    const PstDoctorGuest *guest = judging->guest;

    if (guest->security_problem != NULL) {
        pst_doctor_unknown(judging, guest->security_problem);
        return;
    }
    for (guint i = 0; guest->denials != NULL && i < guest->denials->len; i++) {
        const PstDoctorDenial *denial = guest->denials->pdata[i];
        gboolean logged = denial->enforced == PST_TRI_NO;
        gboolean lasts =
            !is(denial->source, "selinux") || is(guest->selinux_configured, "enforcing");

        if (is(denial->source, "fapolicyd") != of_fapolicyd || (logged && !lasts))
            continue;
        pst_doctor_stands(judging, logged ? PST_SEVERITY_WARNING : PST_SEVERITY_CRITICAL,
                          mend_denial(denial), "%s %s %s %s, %" G_GINT64_FORMAT " times",
                          denial->source, logged ? "would deny" : "denies", denial->program,
                          denial->target != NULL ? denial->target : "something", denial->count);
    }
}

void
pst_doctor_judge_guest_confined(PstDoctorJudging *judging)
{
    judge_denials(judging, FALSE);
}

void
pst_doctor_judge_guest_fapolicyd(PstDoctorJudging *judging)
{
    judge_denials(judging, TRUE);
}
