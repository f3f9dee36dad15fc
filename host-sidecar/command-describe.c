// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/commands.h"
#include "host-sidecar/describe.h"
#include "host-sidecar/output.h"
#include "host-sidecar/render.h"
#include "protocol/finding-catalogue.h"
#include "protocol/vocabulary.h"

static void
describe_findings(GString *out, const char *probe)
{
    g_autofree char *prefix = g_strdup_printf("%s.", probe);

    g_string_append(out, "\nfindings:\n");
    for (guint i = 0; i < pst_finding_catalogue_n; i++) {
        const PstFindingPage *page = &pst_finding_catalogue[i];
        if (!g_str_has_prefix(page->id, prefix))
            continue;
        g_string_append_printf(out, "  %s (%s)\n    %s\n    impact: %s\n    remedy: %s\n", page->id,
                               page->severity, page->meaning, page->impact, page->remedy);
    }
}

static void
describe_kind(GString *out, const PstReportKind *kind)
{
    g_string_append_printf(out, "%s: %s\n", kind->name, kind->question);
    g_string_append_printf(out, "leaves behind: %s\n",
                           *kind->footprint != '\0' ? kind->footprint : "nothing");
    if (kind->args->n_rows > 0)
        g_string_append(out, "\narguments:\n");
    for (guint i = 0; i < kind->args->n_rows; i++)
        g_string_append_printf(out, "  %s=  %s\n", kind->args->rows[i].name,
                               kind->args->rows[i].doc);
    describe_findings(out, kind->name);
}

static char *
as_text(const PstReportKind *only)
{
    GString *out = g_string_new(NULL);

    if (only != NULL)
        describe_kind(out, only);
    for (guint i = 0; only == NULL && i < pst_vocabulary_n; i++)
        g_string_append_printf(out, "%-10s %s\n", pst_vocabulary[i]->name,
                               pst_vocabulary[i]->question);
    return g_string_free(out, FALSE);
}

gboolean
pst_command_describe_run(const PstCommand *command, PstOptions *options, int argc, char **argv,
                         int *exit_code, GError **error)
{
    const PstReportKind *only = NULL;

    if (!pst_options_parse(options, command->name, command->arguments, command->summary, NULL, 0, 1,
                           &argc, &argv, error))
        return FALSE;
    if (argc == 2) {
        only = pst_vocabulary_require(argv[1], error);
        if (only == NULL)
            return FALSE;
    }
    g_autoptr(JsonObject) json = pst_describe_json(only);
    g_autofree char *text = options->json ? pst_render_json(json) : as_text(only);
    *exit_code = 0;
    return pst_output_write(options->output, text, error);
}
