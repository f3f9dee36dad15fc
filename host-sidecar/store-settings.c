// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/store-settings.h"

#include <string.h>
#include <unistd.h>

#include "host-sidecar/config.h"
#include "host-sidecar/options.h"
#include "protocol/error.h"

#define GROUP "store"
#define OWN "POSTERN_STORE"
#define MIB ((gsize)1024 * 1024)
/* In memory the records of a domain are up to PST_RECORD_MEMORY times as large. */
#define DOMAIN_BYTES (2 * MIB)
#define MIN_DOMAIN_BYTES (MIB / 16)
#define MAX_DOMAIN_BYTES (8 * MIB)
#define TOTAL_BYTES (512 * MIB)
#define KEEP_US (30 * G_GINT64_CONSTANT(86400) * G_USEC_PER_SEC)

static char *
default_folder(void)
{
    if (geteuid() == 0)
        return g_strdup("/var/lib/postern/records");
    return g_build_filename(g_get_user_state_dir(), "postern", "records", NULL);
}

static gboolean
refuse(const char *key, const char *value, const char *hint, GError **error)
{
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "configuration: [" GROUP "] %s=%s: %s", key,
                value, hint);
    return FALSE;
}

/* Bytes, or with K, M or G behind the number. */
static gboolean
read_size(GKeyFile *config, const char *key, gsize max, gsize *bytes, GError **error)
{
    static const char suffixes[] = "KMG";
    g_autofree char *value = g_key_file_get_string(config, GROUP, key, NULL);
    char *end = NULL;

    if (value == NULL)
        return TRUE;
    guint64 number = g_ascii_strtoull(value, &end, 10);
    const char *suffix = *end != '\0' ? strchr(suffixes, *end) : NULL;
    guint shift = suffix != NULL ? 10 * (guint)(suffix - suffixes + 1) : 0;
    if (!g_ascii_isdigit(value[0]) || (*end != '\0' && (suffix == NULL || end[1] != '\0')) ||
        number > (guint64)G_MAXINT64 >> shift)
        return refuse(key, value, "say a number of bytes, as 2M", error);
    number <<= shift;
    if (number < MIN_DOMAIN_BYTES || number > max)
        return refuse(key, value, "too little or too much, see postern(1)", error);
    *bytes = (gsize)number;
    return TRUE;
}

static gboolean
read_keep(GKeyFile *config, gint64 *keep_us, GError **error)
{
    g_autofree char *value = g_key_file_get_string(config, GROUP, "keep", NULL);
    g_autoptr(GError) cause = NULL;

    if (value == NULL || pst_options_parse_span(value, keep_us, &cause))
        return TRUE;
    return refuse("keep", value, cause->message, error);
}

static gboolean
read_folder(GKeyFile *config, char **folder, GError **error)
{
    const char *own = g_getenv(OWN);

    *folder = g_key_file_get_string(config, GROUP, "folder", NULL);
    if (*folder == NULL)
        *folder = default_folder();
    if (!g_path_is_absolute(*folder))
        return refuse("folder", *folder, "say a path that begins with /", error);
    /* The configuration is everybody's on this host, and a service can write to its own place
     * alone.
     */
    if (own == NULL)
        return TRUE;
    g_free(*folder);
    *folder = g_strdup(own);
    if (g_path_is_absolute(own))
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, OWN "=%s: say a path that begins with /", own);
    return FALSE;
}

PstStoreSettings *
pst_store_settings_read(GKeyFile *config, GError **error)
{
    static const char *const keys[] = {"folder", "domain_size", "total_size", "keep"};
    g_autoptr(PstStoreSettings) settings = g_new0(PstStoreSettings, 1);

    settings->domain_bytes = DOMAIN_BYTES;
    settings->total_bytes = TOTAL_BYTES;
    settings->keep_us = KEEP_US;
    if (!pst_config_check_keys(config, GROUP, keys, G_N_ELEMENTS(keys), error) ||
        !read_folder(config, &settings->folder, error) ||
        !read_size(config, "domain_size", MAX_DOMAIN_BYTES, &settings->domain_bytes, error) ||
        !read_size(config, "total_size", G_MAXINT64, &settings->total_bytes, error) ||
        !read_keep(config, &settings->keep_us, error))
        return NULL;
    return g_steal_pointer(&settings);
}

void
pst_store_settings_free(PstStoreSettings *settings)
{
    g_free(settings->folder);
    g_free(settings);
}
