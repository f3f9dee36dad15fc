// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/account-order.h"

#include "protocol/report-account.h"

static void
note_order(PstReport *report, const char *database, const PstNssOrder *order, PstFinding *finding)
{
    const PstAccountData *data = report->data;

    finding->evidence->path = g_strdup("/etc/nsswitch.conf");
    finding->evidence->line = order->line;
    finding->evidence->user = g_strdup(data->user);
    finding->evidence->source = g_strdup(database);
    finding->evidence->text = g_strdup_printf("%s [%s]", order->source, order->action);
    finding->evidence->expected = g_strdup("files");
    finding->remedy = g_strdup_printf("put files before %s in line %u of /etc/nsswitch.conf, or "
                                      "take [%s] out of it",
                                      order->source, order->line, order->action);
}

void
pst_account_order_blame(PstReport *report, const char *database, const PstNssOrder *order,
                        const char *consequence)
{
    PstAccountData *data = report->data;
    PstFinding *finding = pst_report_add(
        report, "account.files-unasked", PST_SEVERITY_CRITICAL,
        "/etc/nsswitch.conf:%u ends the look-up of %s at '%s [%s]', before the files: %s",
        order->line, database, order->source, order->action, consequence);

    note_order(report, database, order, finding);
    data->key_login = data->password_login = data->console_login = PST_TRI_NO;
}

void
pst_account_order_doubt(PstReport *report, const char *database, const PstNssOrder *order,
                        const char *reason)
{
    PstAccountData *data = report->data;
    PstFinding *finding = pst_report_add(
        report, "account.elsewhere", PST_SEVERITY_UNKNOWN,
        "whether the files are asked for %s, by %s of /etc/nsswitch.conf:%u, hangs on what %s "
        "says: %s",
        data->user, database, order->line, order->source, reason);

    note_order(report, database, order, finding);
    data->key_login = data->password_login = data->console_login = PST_TRI_UNKNOWN;
}

void
pst_account_order_fault(PstReport *report, guint line, gboolean sure)
{
    PstAccountData *data = report->data;
    PstFinding *finding = pst_report_add(
        report, sure ? "account.files-unasked" : "account.elsewhere",
        sure ? PST_SEVERITY_CRITICAL : PST_SEVERITY_UNKNOWN,
        "/etc/nsswitch.conf:%u has in brackets what the C library can't understand: nobody %s "
        "known, %s neither",
        line, sure ? "is" : "may be", data->user);

    finding->evidence->path = g_strdup("/etc/nsswitch.conf");
    finding->evidence->line = line;
    finding->evidence->user = g_strdup(data->user);
    finding->remedy = g_strdup_printf("mend what stands in brackets in line %u of "
                                      "/etc/nsswitch.conf: [STATUS=ACTION]",
                                      line);
    if (sure)
        data->key_login = data->password_login = data->console_login = PST_TRI_NO;
}
