// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/doctor.h"

/* The judges of the table in doctor.c, by the file that they are in. */

/* doctor-judge-host.c */
void pst_doctor_judge_host_libvirt(PstDoctorJudging *judging);
void pst_doctor_judge_host_config(PstDoctorJudging *judging);
void pst_doctor_judge_host_daemon_absent(PstDoctorJudging *judging);
void pst_doctor_judge_host_daemon_shut(PstDoctorJudging *judging);
void pst_doctor_judge_host_daemon_silent(PstDoctorJudging *judging);
void pst_doctor_judge_host_daemon_libvirt(PstDoctorJudging *judging);
void pst_doctor_judge_host_daemon_enabled(PstDoctorJudging *judging);
void pst_doctor_judge_host_socket_mode(PstDoctorJudging *judging);
void pst_doctor_judge_host_pool_missing(PstDoctorJudging *judging);
void pst_doctor_judge_host_pool_inactive(PstDoctorJudging *judging);
void pst_doctor_judge_host_pool_autostart(PstDoctorJudging *judging);
void pst_doctor_judge_host_virtlogd_stopped(PstDoctorJudging *judging);
void pst_doctor_judge_host_virtlogd_limits(PstDoctorJudging *judging);

/* doctor-judge-domain.c */
void pst_doctor_judge_domain_channel(PstDoctorJudging *judging);
void pst_doctor_judge_domain_channel_kept(PstDoctorJudging *judging);
void pst_doctor_judge_domain_agent_channel(PstDoctorJudging *judging);
void pst_doctor_judge_domain_agent_channel_kept(PstDoctorJudging *judging);
void pst_doctor_judge_domain_recorder(PstDoctorJudging *judging);
void pst_doctor_judge_domain_recorder_kept(PstDoctorJudging *judging);
void pst_doctor_judge_domain_recorder_elsewhere(PstDoctorJudging *judging);
void pst_doctor_judge_domain_recorder_emptied(PstDoctorJudging *judging);
void pst_doctor_judge_domain_recorder_silent(PstDoctorJudging *judging);
void pst_doctor_judge_domain_port(PstDoctorJudging *judging);
void pst_doctor_judge_domain_shim_silent(PstDoctorJudging *judging);
void pst_doctor_judge_domain_shim_old(PstDoctorJudging *judging);
void pst_doctor_judge_domain_exec(PstDoctorJudging *judging);
void pst_doctor_judge_domain_daemon_blind(PstDoctorJudging *judging);

/* doctor-judge-agent.c */
void pst_doctor_judge_agent_absent(PstDoctorJudging *judging);
void pst_doctor_judge_agent_silent(PstDoctorJudging *judging);
void pst_doctor_judge_agent_exec(PstDoctorJudging *judging);
void pst_doctor_judge_agent_commands(PstDoctorJudging *judging);
void pst_doctor_judge_agent_lists(PstDoctorJudging *judging);
void pst_doctor_judge_agent_unit(PstDoctorJudging *judging);

/* doctor-judge-guest.c */
void pst_doctor_judge_guest_unit_missing(PstDoctorJudging *judging);
void pst_doctor_judge_guest_unit_masked(PstDoctorJudging *judging);
void pst_doctor_judge_guest_unit_disabled(PstDoctorJudging *judging);
void pst_doctor_judge_guest_unit_stopped(PstDoctorJudging *judging);
void pst_doctor_judge_guest_unit_ordering(PstDoctorJudging *judging);
void pst_doctor_judge_guest_config(PstDoctorJudging *judging);
void pst_doctor_judge_guest_program(PstDoctorJudging *judging);
void pst_doctor_judge_guest_file_mode(PstDoctorJudging *judging);
void pst_doctor_judge_guest_noexec(PstDoctorJudging *judging);
void pst_doctor_judge_guest_label(PstDoctorJudging *judging);
void pst_doctor_judge_guest_confined(PstDoctorJudging *judging);
void pst_doctor_judge_guest_fapolicyd(PstDoctorJudging *judging);

/* doctor-judge-profile.c */
void pst_doctor_judge_profile_cuts(PstDoctorJudging *judging);
