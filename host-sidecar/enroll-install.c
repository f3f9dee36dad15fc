// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/enroll-install.h"

#include <string.h>

#include "host-sidecar/enroll-transfer.h"
#include "protocol/error.h"

/* The agent makes files that everybody may write to; in a folder of root's alone nobody can,
 * between the comparing and the installing. It is in memory, and gone with the next boot at the
 * latest. */
#define FOLDER "/run/postern-enroll-"
#define CONFIGURATION "/etc/postern/shim.conf"

const char *
pst_enroll_install_place(PstEnrollPackageKind kind)
{
    return kind == PST_ENROLL_PACKAGE_RPM ? PST_ENROLL_INSTALL_PLACE_RPM
                                          : PST_ENROLL_INSTALL_PLACE_DEB;
}

static gboolean
run(const PstEnrollAgent *agent, const char *const *argv, GError **error)
{
    g_autofree char *said = pst_enroll_agent_output(agent, argv, error);

    return said != NULL;
}

/* ---- a file of root's alone ---- */

static char *
make_folder(const PstEnrollAgent *agent, GError **error)
{
    g_autofree char *name = g_uuid_string_random();
    g_autofree char *folder = g_strconcat(FOLDER, name, NULL);
    const char *const argv[] = {"mkdir", "-m", "0700", "--", folder, NULL};

    return run(agent, argv, error) ? g_steal_pointer(&folder) : NULL;
}

/* With those of who was killed in the middle of it. That they can't be removed harms nobody. */
static void
remove_folders(const PstEnrollAgent *agent)
{
    static const char *const argv[] = {"find",  "/run",  "-maxdepth", "1",     "-type",
                                       "d",     "-user", "root",      "-name", "postern-enroll-*",
                                       "-exec", "rm",    "-rf",       "--",    "{}",
                                       "+",     NULL};

    run(agent, argv, NULL);
}

static gboolean
check_digest(const PstEnrollAgent *agent, const char *path, const char *sha256, GError **error)
{
    const char *const argv[] = {"sha256sum", "--", path, NULL};
    g_autofree char *said = pst_enroll_agent_output(agent, argv, error);

    if (said == NULL)
        return FALSE;
    if (g_str_has_prefix(said, sha256) && said[strlen(sha256)] == ' ')
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT,
                "what arrived in the guest is not what was handed over: its SHA-256 is %.64s, and "
                "nothing was done with it",
                said);
    return FALSE;
}

/* BYTES as a file in FOLDER, compared there; its path. */
static char *
hand_over(const PstEnrollAgent *agent, const char *folder, const char *name, GBytes *bytes,
          GError **error)
{
    g_autofree char *path = g_strconcat(folder, "/", name, NULL);
    g_autofree char *sha256 = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes);

    return pst_enroll_transfer_put(agent, path, bytes, error) &&
                   check_digest(agent, path, sha256, error)
               ? g_steal_pointer(&path)
               : NULL;
}

/* ---- the package ---- */

/* apt-get has what the package needs brought too, where it is not there; dpkg alone has not. It
 * waits for another one to end, as that of an enroll that was killed. */
static gboolean
install_deb(const PstEnrollAgent *agent, const char *path, const char **by, GError **error)
{
    const char *const apt[] = {"apt-get", "-qq",
                               "-y",      "--no-install-recommends",
                               "-o",      "Dpkg::Use-Pty=0",
                               "-o",      "DPkg::Lock::Timeout=300",
                               "install", path,
                               NULL};
    const char *const dpkg[] = {"dpkg", "--install", path, NULL};
    static const char *const find[] = {"test", "-x", "/usr/bin/apt-get", NULL};
    g_auto(PstEnrollRan) found = {0, NULL, NULL};

    if (!pst_enroll_agent_run(agent, find, &found, error))
        return FALSE;
    *by = found.status == 0 ? apt[0] : dpkg[0];
    return run(agent, found.status == 0 ? apt : dpkg, error);
}

static gboolean
install_rpm(const PstEnrollAgent *agent, const char *path, const char **by, GError **error)
{
    const char *const rpm[] = {"rpm", "-U", path, NULL};

    *by = rpm[0];
    return run(agent, rpm, error);
}

static char *
install_from(const PstEnrollAgent *agent, const char *folder, const PstEnrollPackage *package,
             GError **error)
{
    gboolean is_rpm = package->kind == PST_ENROLL_PACKAGE_RPM;
    g_autofree char *path = hand_over(
        agent, folder, is_rpm ? "postern-shim.rpm" : "postern-shim.deb", package->bytes, error);
    const char *by = NULL;

    if (path == NULL ||
        !(is_rpm ? install_rpm(agent, path, &by, error) : install_deb(agent, path, &by, error)))
        return NULL;
    gsize size = g_bytes_get_size(package->bytes);
    return g_strdup_printf(PST_ENROLL_PACKAGE_NAME
                           " %s: %" G_GSIZE_FORMAT " KiB handed over in "
                           "%" G_GSIZE_FORMAT " pieces, SHA-256 the same there, installed by %s",
                           package->version, size / 1024,
                           (size + PST_ENROLL_TRANSFER_PIECE - 1) / PST_ENROLL_TRANSFER_PIECE, by);
}

char *
pst_enroll_install_package(const PstEnrollAgent *agent, const PstEnrollPackage *package,
                           GError **error)
{
    g_autofree char *folder = make_folder(agent, error);

    if (folder == NULL)
        return NULL;
    char *done = install_from(agent, folder, package, error);
    remove_folders(agent);
    return done;
}

gboolean
pst_enroll_install_leave(const PstEnrollAgent *agent, const PstEnrollPackage *package,
                         GError **error)
{
    return pst_enroll_transfer_put(agent, pst_enroll_install_place(package->kind), package->bytes,
                                   error);
}

/* What an administrator has laid down stays; without that a purge leaves nothing. */
static const char *
deb_removal(const PstEnrollAgent *agent)
{
    static const char *const find[] = {"find",   "/etc/postern", "-mindepth", "1",
                                       "-print", "-quit",        NULL};
    g_auto(PstEnrollRan) ran = {0, NULL, NULL};

    if (!pst_enroll_agent_run(agent, find, &ran, NULL) || (ran.status == 0 && *ran.out != '\0'))
        return "--remove";
    return "--purge";
}

/* apt-get waits for whoever has dpkg's lock; where it is not there, dpkg does it. */
static gboolean
remove_deb(const PstEnrollAgent *agent, const char *how, GError **error)
{
    const char *const apt[] = {"apt-get",
                               "-qq",
                               "-y",
                               "-o",
                               "Dpkg::Use-Pty=0",
                               "-o",
                               "DPkg::Lock::Timeout=300",
                               how + strlen("--"),
                               PST_ENROLL_PACKAGE_NAME,
                               NULL};
    const char *const dpkg[] = {"dpkg", how, PST_ENROLL_PACKAGE_NAME, NULL};
    static const char *const find[] = {"test", "-x", "/usr/bin/apt-get", NULL};
    g_auto(PstEnrollRan) found = {0, NULL, NULL};

    return pst_enroll_agent_run(agent, find, &found, error) &&
           run(agent, found.status == 0 ? apt : dpkg, error);
}

char *
pst_enroll_install_remove(const PstEnrollAgent *agent, PstEnrollPackageKind kind, GError **error)
{
    static const char *const rpm[] = {"rpm", "-e", PST_ENROLL_PACKAGE_NAME, NULL};
    gboolean is_rpm = kind == PST_ENROLL_PACKAGE_RPM;
    const char *how = is_rpm ? NULL : deb_removal(agent);

    if (!(is_rpm ? run(agent, rpm, error) : remove_deb(agent, how, error)))
        return NULL;
    remove_folders(agent);
    return g_strdup_printf(PST_ENROLL_PACKAGE_NAME " was %s",
                           is_rpm || g_str_equal(how, "--remove") ? "removed" : "purged");
}

char **
pst_enroll_install_lines(const PstEnrollPackage *package)
{
    const char *place = pst_enroll_install_place(package->kind);
    g_autoptr(GStrvBuilder) lines = g_strv_builder_new();
    /* Nobody but root may write to it, and then it is the right one. */
    g_autofree char *check = g_strdup_printf("chmod 0600 %s && echo '%s  %s' | sha256sum -c", place,
                                             package->sha256, place);
    g_autofree char *install = g_strdup_printf(package->kind == PST_ENROLL_PACKAGE_RPM
                                                   ? "rpm -U %s"
                                                   : "DEBIAN_FRONTEND=noninteractive apt-get -y "
                                                     "--no-install-recommends install %s",
                                               place);
    g_autofree char *start = g_strdup_printf("systemctl enable --now postern-shim && rm %s", place);

    g_strv_builder_add_many(lines, check, install, start, NULL);
    return g_strv_builder_end(lines);
}

/* ---- the unit ---- */

static gboolean
is_up(const PstEnrollGuest *guest)
{
    return g_strcmp0(guest->active, "active") == 0 && g_strcmp0(guest->enabled, "enabled") == 0;
}

char *
pst_enroll_install_unit(const PstEnrollAgent *agent, GError **error)
{
    static const char *const enable[] = {"systemctl", "enable", "--now", "postern-shim.service",
                                         NULL};
    PstEnrollGuest guest = {NULL};
    gboolean looked = pst_enroll_guest_look_unit(agent, &guest, error);
    gboolean was_up = is_up(&guest);

    if (looked && !was_up)
        looked = run(agent, enable, error) && pst_enroll_guest_look_unit(agent, &guest, error);
    gboolean up = looked && is_up(&guest);
    if (looked && !up)
        g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT,
                    "postern-shim.service is %.32s and %.32s still: guest# systemctl status "
                    "postern-shim",
                    guest.enabled != NULL ? guest.enabled : "not known",
                    guest.active != NULL ? guest.active : "not known");
    g_free(guest.active);
    g_free(guest.enabled);
    if (!up)
        return NULL;
    return g_strdup(was_up ? "postern-shim.service is enabled and active, by its package"
                           : "postern-shim.service was enabled and started");
}

char *
pst_enroll_install_disable_unit(const PstEnrollAgent *agent, gboolean stop, GError **error)
{
    const char *const disable[] = {"systemctl", "disable", "postern-shim.service",
                                   stop ? "--now" : NULL, NULL};

    if (!run(agent, disable, error))
        return NULL;
    return g_strdup(stop ? "postern-shim.service is disabled and stopped"
                         : "postern-shim.service is disabled, and goes on");
}

/* ---- the configuration ---- */

/* A part of it is read by a shim when it starts, and no later. */
static gboolean
restart(const PstEnrollAgent *agent, GError **error)
{
    static const char *const argv[] = {"systemctl", "try-restart", "postern-shim.service", NULL};

    return run(agent, argv, error);
}

char *
pst_enroll_install_configuration(const PstEnrollAgent *agent, GBytes *text, GError **error)
{
    g_autofree char *folder = make_folder(agent, error);

    if (folder == NULL)
        return NULL;
    g_autofree char *path = hand_over(agent, folder, "shim.conf", text, error);
    const char *const install[] = {"install",     "-D", "-m",   "0644", "-o",
                                   "root",        "-g", "root", "--",   path != NULL ? path : "",
                                   CONFIGURATION, NULL};
    gboolean done = path != NULL && run(agent, install, error) && restart(agent, error);
    remove_folders(agent);
    return done ? g_strdup(CONFIGURATION " was laid down") : NULL;
}

char *
pst_enroll_install_remove_configuration(const PstEnrollAgent *agent, gboolean loaded,
                                        GError **error)
{
    static const char *const argv[] = {"rm", "-f", "--", CONFIGURATION, NULL};

    return run(agent, argv, error) && (!loaded || restart(agent, error))
               ? g_strdup(CONFIGURATION " was removed")
               : NULL;
}
