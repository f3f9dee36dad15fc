// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/sim/sim.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocol/error.h"
#include "tests/sim/sim-peers.h"

struct PstSim {
    guint n;
    PstGuest **guests;
    char **names;
    GHashTable *by_name; /* to PstGuest */
    char *folder;        /* of the small systems, a folder for each */
    pid_t *shims;        /* 0: it has none */
    pid_t scripts;
    int scripts_end; /* closed, it ends them */
};

static gboolean
fail(GError **error, const char *what)
{
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "%s: %s", what, g_strerror(errno));
    return FALSE;
}

/* ---- a small system ---- */

typedef struct {
    const char *path, *text;
} SmallFile;

static const SmallFile small_files[] = {
    {"etc/machine-id", "0123456789abcdef0123456789abcdef\n"},
    {"proc/sys/kernel/random/boot_id", "11111111-2222-3333-4444-555555555555\n"},
    {"proc/net/route", "Iface\tDestination\n"},
    {"proc/uptime", "1000.00 1900.00\n"},
    {"proc/loadavg", "0.01 0.02 0.03 1/100 1000\n"},
    {"etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"},
    {"etc/group", "root:x:0:\n"},
    {"etc/os-release", "ID=sim\nPRETTY_NAME=\"a small system\"\n"},
};

static gboolean
write_file(const char *root, const char *path, const char *text, GError **error)
{
    g_autofree char *whole = g_build_filename(root, path, NULL);
    g_autofree char *folder = g_path_get_dirname(whole);

    if (g_mkdir_with_parents(folder, 0755) < 0)
        return fail(error, folder);
    return g_file_set_contents_full(whole, text, -1, G_FILE_SET_CONTENTS_NONE, 0644, error);
}

/* Its one interface is switched off, and named as no other guest's. */
static gboolean
write_system(const char *root, const char *link, GError **error)
{
    g_autofree char *flags = g_strdup_printf("sys/class/net/%s/flags", link);
    g_autofree char *state = g_strdup_printf("sys/class/net/%s/operstate", link);

    for (guint i = 0; i < G_N_ELEMENTS(small_files); i++)
        if (!write_file(root, small_files[i].path, small_files[i].text, error))
            return FALSE;
    return write_file(root, flags, "0x1002\n", error) && write_file(root, state, "down\n", error);
}

static void
remove_tree(const char *path)
{
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    const char *name;

    while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
        g_autofree char *item = g_build_filename(path, name, NULL);
        if (g_file_test(item, G_FILE_TEST_IS_DIR) && !g_file_test(item, G_FILE_TEST_IS_SYMLINK))
            remove_tree(item);
        else
            unlink(item);
    }
    rmdir(path);
}

/* ---- who is at the other end ---- */

static pid_t
start_shim(const char *program, const char *root, int fd)
{
    pid_t parent = getpid(), pid = fork();

    if (pid != 0)
        return pid;
    /* Whatever ends this process, none of them stays. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent && dup2(fd, STDIN_FILENO) >= 0 && dup2(fd, STDOUT_FILENO) >= 0)
        execl(program, program, "--stdio", "--sysroot", root, NULL);
    _exit(127);
}

static gboolean
make_shim(PstSim *sim, guint i, const char *program, int fd, GError **error)
{
    const PstGuest *guest = sim->guests[i];
    g_autofree char *root = g_build_filename(sim->folder, guest->name, NULL);

    if (!write_system(root, guest->link, error))
        return FALSE;
    sim->shims[i] = start_shim(program, root, fd);
    return sim->shims[i] > 0 ? TRUE : fail(error, program);
}

static gboolean
start_scripts(PstSim *sim, GArray *peers, GError **error)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return fail(error, "pipe");
    sim->scripts = fork();
    if (sim->scripts == 0) {
        close(ends[1]);
        /* Else the guests would not end with whoever has the other ends. */
        for (guint i = 0; i < sim->n; i++)
            close(sim->guests[i]->fd);
        pst_sim_peers_serve((const PstSimPeer *)(gpointer)peers->data, peers->len, ends[0]);
        _exit(0);
    }
    close(ends[0]);
    sim->scripts_end = ends[1];
    return sim->scripts > 0 ? TRUE : fail(error, "fork");
}

/* ---- all of them ---- */

/* The files of turns lie below /run, where root has no other place. Where it may not mount
 * anything, as in a container, those of some guests that never were stay behind there. */
static void
have_own_run(void)
{
    if (geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
        (void)!mount("sim", "/run", "tmpfs", 0, "mode=0755");
}

/* A descriptor for each guest's two ends. */
static void
lift_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static GArray *
mix_kinds(const PstSimPlan *plan)
{
    GArray *kinds = g_array_new(FALSE, FALSE, sizeof(PstSimKind));
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);

    for (PstSimKind kind = 0; kind < PST_SIM_N_KINDS; kind++)
        for (guint i = 0; i < plan->n[kind]; i++)
            g_array_append_val(kinds, kind);
    for (guint i = kinds->len; i > 1; i--) {
        guint other = (guint)g_rand_int_range(rand, 0, (gint32)i);
        PstSimKind kept = g_array_index(kinds, PstSimKind, i - 1);
        g_array_index(kinds, PstSimKind, i - 1) = g_array_index(kinds, PstSimKind, other);
        g_array_index(kinds, PstSimKind, other) = kept;
    }
    return kinds;
}

static gboolean
make_guest(PstSim *sim, PstSimKind kind, const char *program, GArray *peers, GError **error)
{
    int ends[2];
    guint i = sim->n;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return fail(error, "socketpair");
    sim->guests[i] = pst_sim_guest_new(i, kind, ends[0]);
    sim->names[i] = g_strdup(sim->guests[i]->name);
    sim->n++;
    g_hash_table_insert(sim->by_name, sim->names[i], sim->guests[i]);
    if (kind != PST_SIM_REAL) {
        const PstSimPeer peer = {ends[1], kind, sim->guests[i]->link};
        g_array_append_val(peers, peer);
        return TRUE;
    }
    gboolean made = make_shim(sim, i, program, ends[1], error);
    close(ends[1]);
    return made;
}

static gboolean
make_all(PstSim *sim, const PstSimPlan *plan, GError **error)
{
    g_autoptr(GArray) kinds = mix_kinds(plan);
    g_autoptr(GArray) peers = g_array_new(FALSE, FALSE, sizeof(PstSimPeer));
    gboolean made = TRUE;

    sim->guests = g_new0(PstGuest *, kinds->len + 1);
    sim->names = g_new0(char *, kinds->len + 1);
    sim->shims = g_new0(pid_t, kinds->len + 1);
    for (guint i = 0; made && i < kinds->len; i++)
        made = make_guest(sim, g_array_index(kinds, PstSimKind, i), plan->shim, peers, error);
    made = made && (peers->len == 0 || start_scripts(sim, peers, error));
    for (guint i = 0; i < peers->len; i++)
        close(g_array_index(peers, PstSimPeer, i).fd);
    return made;
}

PstSim *
pst_sim_new(const PstSimPlan *plan, GError **error)
{
    PstSim *sim = g_new0(PstSim, 1);

    sim->scripts_end = -1;
    sim->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    lift_descriptors();
    have_own_run();
    sim->folder = g_dir_make_tmp("pst-sim-XXXXXX", error);
    if (sim->folder != NULL && make_all(sim, plan, error))
        return sim;
    pst_sim_end(sim, NULL);
    return NULL;
}

static gint64
wait_for(pid_t pid)
{
    struct rusage used = {0};

    while (wait4(pid, NULL, 0, &used) < 0 && errno == EINTR)
        continue;
    return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * G_USEC_PER_SEC + used.ru_utime.tv_usec +
           used.ru_stime.tv_usec;
}

void
pst_sim_end(PstSim *sim, PstSimUsage *usage)
{
    PstSimUsage used = {0};

    /* A shim ends with its input. */
    for (guint i = 0; i < sim->n; i++)
        shutdown(sim->guests[i]->fd, SHUT_RDWR);
    if (sim->scripts_end >= 0)
        close(sim->scripts_end);
    if (sim->scripts > 0)
        used.scripts_us = wait_for(sim->scripts);
    for (guint i = 0; i < sim->n; i++)
        if (sim->shims[i] > 0)
            used.shims_us += wait_for(sim->shims[i]);
    if (usage != NULL)
        *usage = used;
    for (guint i = 0; i < sim->n; i++)
        pst_sim_guest_unref(sim->guests[i]);
    if (sim->folder != NULL)
        remove_tree(sim->folder);
    g_hash_table_unref(sim->by_name);
    g_strfreev(sim->names);
    g_free(sim->guests);
    g_free(sim->shims);
    g_free(sim->folder);
    g_free(sim);
}

char *const *
pst_sim_names(const PstSim *sim)
{
    return sim->names;
}

guint
pst_sim_size(const PstSim *sim)
{
    return sim->n;
}

PstGuest *
pst_sim_guest(const PstSim *sim, guint i)
{
    return sim->guests[i];
}

/* ---- for a sweep ---- */

static PstGuest *
look_up(gpointer data, gint64 until_us G_GNUC_UNUSED, PstHealthSight *sight, PstSweepLook *look,
        GError **error)
{
    const PstSim *sim = data;
    PstGuest *guest = g_hash_table_lookup(sim->by_name, sight->name);

    if (guest == NULL) {
        g_set_error_literal(error, PST_ERROR, PST_ERROR_NO_DOMAIN, sight->name);
        return NULL;
    }
    sight->uuid = g_strdup(guest->uuid);
    sight->state = g_strdup("running");
    sight->reason = g_strdup("booted");
    sight->run = 1;
    *look = (PstSweepLook){.runs = TRUE};
    return pst_sim_guest_ref(guest);
}

static void
note_job(PstGuest *guest, PstHealthSight *sight G_GNUC_UNUSED, gint64 deadline_us G_GNUC_UNUSED)
{
    guest->told_us = g_get_monotonic_time();
}

PstSweepGuests
pst_sim_sweep_guests(PstSim *sim)
{
    /* All of them run: nobody is looked at from outside. */
    return (PstSweepGuests){
        .look_up = look_up,
        .ladder = &pst_sim_guest_ladder,
        .short_ladder = &pst_sim_guest_ladder,
        .note_job = note_job,
        .user_data = sim,
    };
}
