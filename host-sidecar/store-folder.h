// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* A folder of files of the sidecar's own (store-file.h): mode 0700, and no link. */

typedef struct {
    char *path;
    int fd;
} PstStoreFolder;

/* Makes the folder where it is missing; NULL with PST_ERROR_UNAVAILABLE. */
PstStoreFolder *pst_store_folder_open(const char *path, GError **error);
void pst_store_folder_free(PstStoreFolder *folder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstStoreFolder, pst_store_folder_free)

/* A file's name that stands for NAME, whatever is in it. Free with g_free(). */
char *pst_store_folder_name(const char *name);

/* Calls VISIT with each name in the folder that ends in SUFFIX. */
void pst_store_folder_walk(const PstStoreFolder *folder, const char *suffix,
                           void (*visit)(const char *name, gpointer user_data), gpointer user_data);
