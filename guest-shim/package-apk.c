// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/package-apk.h"

#include <string.h>

#include "protocol/error.h"

#define MAX_DATABASE (32 * 1024 * 1024)
#define SHA1_BYTES 20

static const char format[] = "apk";

typedef struct {
    PstPackageDb *db;
    const char *package, *version, *folder; /* borrowed from the text */
    PstPackageFile *file;                   /* of the latest R: line, where it is wanted and ours */
} Reader;

/* "F:usr/bin", then "R:sudo" for each file in it. apk records what differs from root's 0644. */
static void
begin_file(Reader *reader, const char *name)
{
    g_autofree char *path =
        g_strconcat("/", reader->folder, *reader->folder != '\0' ? "/" : "", name, NULL);

    reader->file = pst_package_db_wanted(reader->db, path);
    if (reader->file == NULL ||
        !pst_package_db_claim(reader->file, format, reader->package, reader->version)) {
        reader->file = NULL;
        return;
    }
    reader->file->config = PST_TRI(g_str_has_prefix(path, "/etc/"));
    reader->file->mode = 0644;
    reader->file->owner = g_strdup("0:0");
}

/* "a:UID:GID:MODE", followed by a checksum of extended attributes in some. */
static void
note_access(PstPackageFile *file, const char *value)
{
    g_auto(GStrv) words = g_strsplit(value, ":", 4);
    guint64 mode;

    if (g_strv_length(words) < 3 || !g_ascii_string_to_unsigned(words[2], 8, 0, 07777, &mode, NULL))
        return;
    g_free(file->owner);
    file->mode = (gint64)mode;
    file->owner = g_strdup_printf("%s:%s", words[0], words[1]);
}

/* "Z:Q1" and a SHA-1 in Base64. */
static void
note_digest(PstPackageFile *file, const char *value)
{
    gsize len = 0;

    if (!g_str_has_prefix(value, "Q1"))
        return;
    g_autofree guchar *bytes = g_base64_decode(value + 2, &len);
    if (len != SHA1_BYTES || file->digest != NULL)
        return;
    GString *digits = g_string_new(NULL);
    for (gsize i = 0; i < len; i++)
        g_string_append_printf(digits, "%02x", bytes[i]);
    file->digest_type = G_CHECKSUM_SHA1;
    file->digest = g_string_free(digits, FALSE);
}

static void
read_line(Reader *reader, const char *line)
{
    const char *value = line + 2;

    switch (line[0]) {
    case 'P':
        reader->package = value;
        break;
    case 'V':
        reader->version = value;
        break;
    case 'F':
        reader->folder = value;
        reader->file = NULL;
        break;
    case 'R':
        if (reader->package != NULL && reader->folder != NULL)
            begin_file(reader, value);
        break;
    case 'a':
        if (reader->file != NULL)
            note_access(reader->file, value);
        break;
    case 'Z':
        if (reader->file != NULL)
            note_digest(reader->file, value);
        break;
    default:
        break;
    }
}

void
pst_package_apk_parse(PstPackageDb *db, char *text)
{
    Reader reader = {.db = db};
    char *rest = text, *line;

    while ((line = strsep(&rest, "\n")) != NULL) {
        if (*line == '\0')
            reader = (Reader){.db = db};
        else if (line[1] == ':')
            read_line(&reader, line);
    }
}

gboolean
pst_package_apk_read(PstPackageDb *db, GError **error)
{
    static const char *const places[] = {"/lib/apk/db/installed", "/usr/lib/apk/db/installed"};
    const PstSysroot *sysroot = pst_package_db_sysroot(db);

    for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autoptr(GError) cause = NULL;
        g_autofree char *text = pst_sysroot_read(sysroot, places[i], MAX_DATABASE, NULL, &cause);

        if (text != NULL) {
            pst_package_apk_parse(db, text);
            return TRUE;
        }
        if (cause->code != PST_ERROR_ABSENT || i + 1 == G_N_ELEMENTS(places)) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return FALSE;
        }
    }
    return FALSE;
}
