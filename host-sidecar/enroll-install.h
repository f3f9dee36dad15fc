// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/enroll-guest.h"

/* The guest's side of enrolling, done by its agent. Each returns what was done, in words, to be
 * freed with g_free(), or NULL with the error. Blocks. */

/* Where a package is put for an administrator who has to install it himself; a folder that is
 * root's alone. */
#define PST_ENROLL_INSTALL_PLACE_DEB "/root/postern-shim.deb"
#define PST_ENROLL_INSTALL_PLACE_RPM "/root/postern-shim.rpm"

/* Hands PACKAGE over, has its digest compared there, and has the guest's own package manager
 * install it. */
char *pst_enroll_install_package(const PstEnrollAgent *agent, const PstEnrollPackage *package,
                                 GError **error);

/* Only hands it over, to the place above; for an agent that runs no programs. */
gboolean pst_enroll_install_leave(const PstEnrollAgent *agent, const PstEnrollPackage *package,
                                  GError **error);

char *pst_enroll_install_remove(const PstEnrollAgent *agent, PstEnrollPackageKind kind,
                                GError **error);

/* The unit: nothing where it is enabled and active. */
char *pst_enroll_install_unit(const PstEnrollAgent *agent, GError **error);

/* Disabled again, and where STOP is set stopped. */
char *pst_enroll_install_disable_unit(const PstEnrollAgent *agent, gboolean stop, GError **error);

/* TEXT as /etc/postern/shim.conf, and the shim anew where it runs already. */
char *pst_enroll_install_configuration(const PstEnrollAgent *agent, GBytes *text, GError **error);

/* The same file away; LOADED: there is a unit, whose shim goes by it. */
char *pst_enroll_install_remove_configuration(const PstEnrollAgent *agent, gboolean loaded,
                                              GError **error);

/* The three lines for an administrator of a guest whose agent may not do it, as root in it, once
 * the package is at its place; NULL-terminated, freed with g_strfreev(). */
char **pst_enroll_install_lines(const PstEnrollPackage *package);

/* Where the package has to be for them. */
const char *pst_enroll_install_place(PstEnrollPackageKind kind);
