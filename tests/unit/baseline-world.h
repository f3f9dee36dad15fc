// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string.h>

#include "host-sidecar/baseline.h"
#include "protocol/json.h"
#include "protocol/report-journal.h"
#include "protocol/report-services.h"
#include "protocol/report-ssh.h"
#include "protocol/report-sudo.h"
#include "protocol/vocabulary.h"

/* A guest of which baselines are made: small, and all that it tells can be changed. */

#define WORLD_BOOT "9296ef3853e5406c868deba62384c27e"
#define WORLD_OTHER_BOOT "0123456789abcdef0123456789abcdef"
#define WORLD_MACHINE "5fd06ac3b6a44bbca5a0a2bd1a2b3c4d"
#define WORLD_OTHER_MACHINE "6fd06ac3b6a44bbca5a0a2bd1a2b3c4d"
#define WORLD_UUID "3a4f5d6e-1111-4222-8333-444455556666"
#define WORLD_SECONDS(n) ((gint64)(n)*G_USEC_PER_SEC)
#define WORLD_NOW WORLD_SECONDS(1795000000)

typedef struct {
    const char *boot, *machine, *key, *uuid, *after;
    PstTri after_found;
    guint place;            /* the number of the journal's newest entry; 0: it has none */
    gint64 up_us, asked_us; /* of the guest, and by the host's clock */
    gint64 behind_us;       /* of the guest's clock behind the host's */
    int via;
    const char *const *users;
} World;

static const char *const world_users[] = {"harness", NULL};

static inline World
world(void)
{
    return (World){.boot = WORLD_BOOT,
                   .machine = WORLD_MACHINE,
                   .key = "SHA256:one",
                   .uuid = WORLD_UUID,
                   .place = 42,
                   .up_us = WORLD_SECONDS(100),
                   .asked_us = WORLD_NOW,
                   .via = PST_VIA_CHANNEL,
                   .users = world_users};
}

/* A while later, all going on as it does. */
static inline World
world_later(World before, gint64 us)
{
    before.up_us += us;
    before.asked_us += us;
    before.place += 7;
    return before;
}

static inline void
world_answer_system(const World *world, PstSystemData *data)
{
    data->boot_id = g_strdup(world->boot);
    data->machine_id = g_strdup(world->machine);
    data->hostname = g_strdup("web");
    data->uptime_s = world->up_us / G_USEC_PER_SEC;
    data->clock = pst_fields_new(&pst_report_system_clock_fields);
    data->clock->boottime_us = world->up_us;
    data->clock->realtime_us = world->asked_us - world->behind_us;
    data->clock->drift_ms = -world->behind_us / 1000;
}

static inline void
world_answer_journal(const World *world, const PstAnswer *answer, PstJournalData *data)
{
    if (!json_object_has_member(answer->args, "own"))
        return;
    if (world->place > 0)
        data->newest_cursor =
            g_strdup_printf("s=8d1f;i=%x;b=%s;m=3e8;t=5f5e100;x=77", world->place, world->boot);
    if (json_object_has_member(answer->args, "after"))
        data->after_found = world->after_found;
}

static inline void
world_add_unit(PstServicesData *data, const char *name, const char *active, gint64 pid)
{
    PstServicesUnit *unit = pst_fields_append(&pst_report_services_unit_fields, &data->units);

    unit->name = g_strdup(name);
    unit->active = g_strdup(active);
    unit->main_pid = pid;
}

static inline void
world_answer(const World *world, PstAnswer *answer)
{
    const PstReportKind *kind = pst_vocabulary_find(answer->probe);

    answer->via = world->via;
    answer->uuid = g_strdup(world->uuid);
    answer->report = pst_report_new(kind);
    if (kind == &pst_report_system_kind)
        world_answer_system(world, answer->report->data);
    if (kind == &pst_report_journal_kind)
        world_answer_journal(world, answer, answer->report->data);
    if (kind == &pst_report_ssh_kind && world->key != NULL) {
        PstSshHostKey *key = pst_fields_append(&pst_report_ssh_host_key_fields,
                                               &((PstSshData *)answer->report->data)->host_keys);
        key->path = g_strdup("/etc/ssh/ssh_host_ed25519_key");
        key->type = g_strdup("ssh-ed25519");
        key->fingerprint = g_strdup(world->key);
    }
    if (kind == &pst_report_services_kind) {
        world_add_unit(answer->report->data, "cron.service", "active", 100 + world->place);
        world_add_unit(answer->report->data, "ssh.service", "active", 200 + world->place);
    }
    if (kind == &pst_report_sudo_kind)
        ((PstSudoData *)answer->report->data)->verdict = 1;
    pst_report_conclude(answer->report, "all is well");
}

static inline PstBaseline *
world_baseline(const World *world, const PstBaseline *earlier)
{
    const PstBaselineWish wish = {.users = world->users};
    guint n = 0;
    PstAnswer **answers = pst_baseline_questions("web", &wish, earlier, &n);

    for (guint i = 0; i < n; i++) {
        if (json_object_has_member(answers[i]->args, "host_realtime_us"))
            json_object_set_int_member(answers[i]->args, "host_realtime_us", world->asked_us);
        world_answer(world, answers[i]);
    }
    return pst_baseline_make(answers, n, &wish, NULL, "qemu:///system",
                             world->asked_us + 300 * 1000);
}

/* Its answer, to be changed. */
static inline PstAnswer *
world_find(PstBaseline *baseline, const char *probe, const char *user)
{
    PstAnswer *answer = (PstAnswer *)pst_baseline_find(baseline, probe, user);

    g_assert_nonnull(answer);
    return answer;
}

/* A finding of the answer's, about PATH, which may be NULL. */
static inline PstFinding *
world_add_finding(PstAnswer *answer, const char *id, PstSeverity severity, const char *path)
{
    PstFinding *finding = pst_report_add(answer->report, id, severity, "%s", id);

    finding->evidence->path = g_strdup(path);
    pst_report_conclude(answer->report, "all is well");
    return finding;
}

/* As if it had never answered. */
static inline void
world_lose(PstAnswer *answer, const char *why)
{
    g_clear_pointer(&answer->report, pst_report_free);
    answer->via = PST_VIA_NONE;
    answer->error = g_error_new_literal(g_quark_from_static_string("test"), 0, why);
}
