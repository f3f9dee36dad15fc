// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report.h"

/* The report `doctor`: what stands in the way of postern here, or will? Its data are the facts that
 * the host and the guest gave, its findings what follows from them (host-sidecar/doctor.h). What is
 * absent could not be looked at, and the `problem` beside it says why; what does not concern its
 * subject is absent without one. */

typedef struct {
    char *unused; /* the report takes no arguments; a table needs a row's type */
} PstDoctorArgs;

/* ---- the host ---- */

/* A socket of one of the daemons'. */
typedef struct {
    char *path;     /* absent: the configuration says that none is to be asked */
    PstTri there;   /* something is at that path */
    char *mode;     /* four octal digits */
    char *owner;    /* numeric */
    PstTri answers; /* a daemon said hello */
    PstTri shut;    /* the kernel does not let this caller in */
    char *unit;     /* of systemd's that makes it, without `.socket`; absent where it is none of
                     * postern's own places */
    PstTri enabled; /* that is started with the host */
    char *uri;      /* the hypervisor that it serves */
    char *libvirt;  /* why it can't list its domains; absent where it can */
    char *problem;  /* why it did not answer */
} PstDoctorDoor;

/* The storage pool of the recorders' files. */
typedef struct {
    PstTri there, active, autostart;
    char *folder;
    char *problem;
} PstDoctorPool;

/* virtlogd, which writes those files. */
typedef struct {
    PstTri used;        /* libvirt has it do so (stdio_handler in qemu.conf) */
    PstTri socket;      /* its socket is there */
    char *config;       /* the file that the two numbers are of */
    gint64 max_size;    /* bytes of a file before it is rolled; 0: never */
    gint64 max_backups; /* parts that are kept beside it */
    char *problem;
} PstDoctorVirtlogd;

typedef struct {
    char *uri;     /* of libvirt's, as it knows itself */
    PstTri here;   /* the hypervisor is on this host */
    char *user;    /* who asks */
    char *config;  /* what is wrong with postern's configuration; absent where nothing is */
    char *libvirt; /* why libvirt can't be asked; absent where it can */
    PstTri denied; /* that is for want of permission */
    PstDoctorDoor *diagnose, *recover;
    PstDoctorPool *pool;
    PstDoctorVirtlogd *virtlogd; /* absent where the hypervisor is elsewhere */
} PstDoctorHost;

/* ---- the domain ---- */

/* As libvirt says of a port in live XML; of a definition that does not run a port is there or not.
 */
typedef enum {
    PST_DOCTOR_PORT_UNKNOWN, /* it is there, and whether somebody holds it is not told */
    PST_DOCTOR_PORT_ABSENT,
    PST_DOCTOR_PORT_SHUT, /* nobody in the guest holds it open */
    PST_DOCTOR_PORT_OPEN,
} PstDoctorPort;

extern const char *const pst_report_doctor_port_names[];

/* A definition of the domain: the one that runs, or the one of its next start. */
typedef struct {
    int channel; /* PstDoctorPort, of org.postern.shim.0 */
    int agent;   /* of org.qemu.guest_agent.0 */
    PstTri room; /* a port can be attached to it while it runs */
    PstTri recorder;
    PstTri recorder_elsewhere; /* its file is not called as the domain's volume is */
    PstTri recorder_emptied;   /* each start empties it */
    char *recorder_path;
    char *problem; /* why the rest is not known */
} PstDoctorXml;

/* What the shim said of itself. */
typedef struct {
    char *version;
    char **methods;
    char *problem; /* why it did not answer, by the channel */
    PstTri busy;   /* it was not asked: another had its turn, or the guest does not run */
} PstDoctorShim;

typedef struct {
    char *name;
    PstTri enabled; /* NO too where the agent does not know it */
} PstDoctorCommand;

typedef struct {
    char *version;
    GPtrArray *commands; /* of PstDoctorCommand, those that postern calls */
    char *problem;       /* why it did not answer */
    PstTri busy;         /* as of the shim */
} PstDoctorAgent;

/* What its records come to, as the probe `host` has it. */
typedef struct {
    char *finding, *message, *remedy; /* absent where nothing is wrong */
    char *problem;                    /* why that is not known */
} PstDoctorRecorder;

typedef struct {
    char *uri; /* of its hypervisor */
    char *name, *uuid, *state;
    char *folder; /* of the recorders' pool; absent where there is none, or it was not told */
    PstTri persistent;
    PstTri by_daemon; /* the daemon lists it too; absent where none was asked */
    PstDoctorXml *live, *lasting;
    PstDoctorShim *shim;         /* absent where it was not asked: no port, or nobody there */
    PstDoctorAgent *agent;       /* the same */
    PstDoctorRecorder *recorder; /* the same */
} PstDoctorDomain;

/* ---- the guest ---- */

typedef struct {
    char *unit;
    char *load, *active, *sub, *enabled;
    PstTri default_dependencies, ignore_on_isolate;
    PstTri in_emergency, in_rescue; /* these targets want it */
    char *problem;
} PstDoctorUnit;

typedef struct {
    char *path;
    PstTri there;
    char *mode, *owner;
    PstTri noexec; /* its file system is mounted so */
    char *mount;   /* where that is mounted */
    char *label;   /* what is wrong with its SELinux label; absent where nothing is */
    char *problem;
} PstDoctorFile;

/* A line of the guest agent's configuration that takes commands from it. */
typedef struct {
    char *path;
    gint64 line;
    char *text;
    char **blocked; /* those of postern's that it blocks */
} PstDoctorAgentList;

typedef struct {
    char *program, *source, *target;
    gint64 count;
    PstTri enforced;
} PstDoctorDenial;

typedef struct {
    char *via; /* by which path it told */
    PstDoctorUnit *shim_unit, *agent_unit;
    GPtrArray *files;          /* of PstDoctorFile */
    GPtrArray *agent_lists;    /* of PstDoctorAgentList */
    char *agent_lists_problem; /* why they are not all known */
    char *config; /* what is wrong with the shim's configuration; absent where nothing is */
    char *selinux, *selinux_configured;
    GPtrArray *denials; /* of PstDoctorDenial: the shim's and the agent's */
    char *security_problem;
    char *problem; /* why nothing of it is known */
} PstDoctorGuest;

/* ---- a planned profile ---- */

/* A line of it that by itself cuts a path, or may. */
typedef struct {
    gint64 line; /* from 1 */
    char *text;
    char *cuts;   /* what it does to a path */
    char *mend;   /* what to do about it */
    char *unsure; /* why it is not certain; absent where it is */
} PstDoctorCut;

typedef struct {
    char *path;
    GPtrArray *cuts; /* of PstDoctorCut */
    char *problem;   /* why not all of it was looked at */
} PstDoctorProfile;

/* ---- what was looked at ---- */

typedef enum {
    PST_DOCTOR_OK,
    PST_DOCTOR_STANDS, /* a finding has it */
    PST_DOCTOR_UNKNOWN,
} PstDoctorVerdict;

extern const char *const pst_report_doctor_verdict_names[];

typedef struct {
    char *id; /* of the finding that it would be */
    int verdict;
    char *reason; /* why it is not known */
} PstDoctorCheck;

typedef struct {
    PstDoctorHost *host;
    PstDoctorDomain *domain;
    PstDoctorGuest *guest;
    PstDoctorProfile *profile;
    GPtrArray *checks; /* of PstDoctorCheck */
} PstDoctorData;

extern const PstFields pst_report_doctor_door_fields;
extern const PstFields pst_report_doctor_pool_fields;
extern const PstFields pst_report_doctor_virtlogd_fields;
extern const PstFields pst_report_doctor_host_fields;
extern const PstFields pst_report_doctor_xml_fields;
extern const PstFields pst_report_doctor_shim_fields;
extern const PstFields pst_report_doctor_command_fields;
extern const PstFields pst_report_doctor_agent_fields;
extern const PstFields pst_report_doctor_recorder_fields;
extern const PstFields pst_report_doctor_domain_fields;
extern const PstFields pst_report_doctor_unit_fields;
extern const PstFields pst_report_doctor_file_fields;
extern const PstFields pst_report_doctor_agent_list_fields;
extern const PstFields pst_report_doctor_denial_fields;
extern const PstFields pst_report_doctor_guest_fields;
extern const PstFields pst_report_doctor_cut_fields;
extern const PstFields pst_report_doctor_profile_fields;
extern const PstFields pst_report_doctor_check_fields;
extern const PstReportKind pst_report_doctor_kind;
