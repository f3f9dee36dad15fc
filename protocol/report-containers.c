// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/report-containers.h"

static const PstField runtime_rows[] = {
    PST_REQUIRED_STRING(PstContainersRuntime, name, "docker, podman or nspawn", PST_KEY),
    PST_STRING(PstContainersRuntime, state,
               "answers, stopped, hangs, not-used in this boot, not-asked, failed"),
    PST_STRING(PstContainersRuntime, source, "the socket, program or folder that was asked"),
    PST_STRING(PstContainersRuntime, version, "as the runtime says"),
    PST_INT(PstContainersRuntime, took_ms, "time of asking, milliseconds", PST_PASSING),
};
const PstFields pst_report_containers_runtime_fields =
    PST_FIELDS(PstContainersRuntime, runtime_rows);

static const PstField line_rows[] = {
    PST_STRING(PstContainersLine, stream, "stdout or stderr", PST_PASSING),
    PST_STRING(PstContainersLine, text, "the line", PST_PASSING),
};
const PstFields pst_report_containers_line_fields = PST_FIELDS(PstContainersLine, line_rows);

static const PstField container_rows[] = {
    PST_REQUIRED_STRING(PstContainersContainer, runtime, "docker, podman or nspawn", PST_KEY),
    PST_STRING(PstContainersContainer, id, "the first 12 digits of its id"),
    PST_STRING(PstContainersContainer, name, "its name", PST_KEY),
    PST_STRING(PstContainersContainer, image, "what it was made from"),
    PST_STRING(PstContainersContainer, state, "running, exited, created, paused, restarting …"),
    PST_STRING(PstContainersContainer, health, "healthy, unhealthy or starting"),
    PST_INT(PstContainersContainer, restarts, "automatic ones", PST_PASSING),
    PST_INT(PstContainersContainer, exit_code, "of its last run"),
    PST_BOOL(PstContainersContainer, out_of_memory, "killed for want of memory"),
    PST_INT(PstContainersContainer, started_us,
            "when it was last started, microseconds since 1970 UTC by the guest's clock",
            PST_PASSING),
    PST_INT(PstContainersContainer, finished_us,
            "when it last ended, microseconds since 1970 UTC by the guest's clock", PST_PASSING),
    PST_STRING(PstContainersContainer, restart_policy, "no, always, unless-stopped, on-failure"),
    PST_STRING(PstContainersContainer, unit, "the systemd unit that manages it"),
    PST_STRING(PstContainersContainer, error, "why it could not be started"),
    PST_LIST(PstContainersContainer, lines, pst_report_containers_line_fields,
             "its last words, oldest first", PST_PASSING),
};
const PstFields pst_report_containers_container_fields =
    PST_FIELDS(PstContainersContainer, container_rows);

static const PstField data_rows[] = {
    PST_LIST(PstContainersData, runtimes, pst_report_containers_runtime_fields,
             "the runtimes that are installed"),
    PST_LIST(PstContainersData, containers, pst_report_containers_container_fields,
             "the containers that they tell of"),
    PST_INT(PstContainersData, n_running, "number of containers that run", PST_PASSING),
    PST_STRINGS(PstContainersData, rootless_not_asked,
                "numbers of users whose own podman was not asked"),
};
static const PstFields data_fields = PST_FIELDS(PstContainersData, data_rows);

static const PstField args_rows[] = {
    PST_BOOL(PstContainersArgs, passive, "leave out the run of podman"),
};
static const PstFields args_fields = PST_FIELDS(PstContainersArgs, args_rows);

const PstReportKind pst_report_containers_kind = {
    .name = "containers",
    .question = "is what runs in containers up?",
    .footprint = "where podman was used in this boot, a run of it, which takes its locks and opens "
                 "its database; passive=true leaves it out",
    .args = &args_fields,
    .data = &data_fields,
};
