// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/doctor.h"

#include <string.h>

#include "protocol/finding-catalogue.h"
#include "protocol/json.h"

#define UUID "6695eb01-f6a4-8304-79aa-97f2502e193f"

/* A host and a guest in whose way nothing stands, as the report's own JSON. */
static const char *const sound =
    "{'host':{'uri':'qemu:///system','here':true,'user':'root',"
    "'diagnose':{'path':'/run/postern/diagnose.sock','there':true,'mode':'0660','owner':'0:998',"
    "'answers':true,'shut':false,'unit':'postern-diagnose','enabled':true,'uri':'qemu:///system'},"
    "'recover':{'path':'/run/postern-recover/recover.sock','unit':'postern-recover','there':false},"
    "'pool':{'there':true,'active':true,'autostart':true,'folder':'/var/lib/libvirt/postern'},"
    "'virtlogd':{'socket':true,'config':'/etc/libvirt/virtlogd.conf','max_size':2097152,"
    "'max_backups':3}},"
    "'domain':{'uri':'qemu:///system','name':'web','uuid':'" UUID
    "','state':'running','persistent':true,"
    "'by_daemon':true,"
    "'live':{'channel':'open','agent':'open','recorder':true,'recorder_elsewhere':false,"
    "'recorder_emptied':false},"
    "'lasting':{'channel':'unknown','agent':'unknown','recorder':true,"
    "'recorder_elsewhere':false,'recorder_emptied':false},"
    "'shim':{'version':'" PST_VERSION "',"
    "'methods':['ping','describe','probe','cancel','subscribe','exec.start']},"
    "'agent':{'version':'7.2.22','commands':[{'name':'guest-exec','enabled':true},"
    "{'name':'guest-exec-status','enabled':true},{'name':'guest-file-open','enabled':true},"
    "{'name':'guest-get-time','enabled':true}]},"
    "'recorder':{}},"
    "'guest':{'via':'channel',"
    "'shim_unit':{'unit':'postern-shim.service','load':'loaded','active':'active',"
    "'sub':'running','enabled':'enabled','default_dependencies':false,"
    "'ignore_on_isolate':true,'in_emergency':true,'in_rescue':true},"
    "'agent_unit':{'unit':'qemu-guest-agent.service','load':'loaded','active':'active',"
    "'sub':'running','enabled':'static'},"
    "'files':[{'path':'/usr/sbin/postern-shim','there':true,'mode':'0755','owner':'0:0',"
    "'noexec':false,'mount':'/'},{'path':'/etc/postern/shim.conf','there':false}],"
    "'selinux':'enforcing','selinux_configured':'enforcing'},"
    "'profile':{'path':'/x'}}";

/* ---- the world ---- */

/* JSON with the quotes of C. */
static JsonObject *
parse(const char *text)
{
    g_autofree char *json = g_strdelimit(g_strdup(text), "'", '"');
    g_autoptr(GError) error = NULL;
    JsonObject *object = pst_json_parse(json, strlen(json), &pst_validate_from_guest, &error);

    g_assert_no_error(error);
    return object;
}

/* Members of OTHER over those of INTO, object by object; null takes one away, and a list of them is
 * replaced. */
static void
lay_over(JsonObject *into, JsonObject *other)
{
    g_autoptr(GList) members = json_object_get_members(other);

    for (GList *member = members; member != NULL; member = member->next) {
        JsonNode *node = json_object_get_member(other, member->data);
        JsonNode *old = json_object_get_member(into, member->data);

        if (JSON_NODE_HOLDS_NULL(node))
            json_object_remove_member(into, member->data);
        else if (JSON_NODE_HOLDS_OBJECT(node) && old != NULL && JSON_NODE_HOLDS_OBJECT(old))
            lay_over(json_node_get_object(old), json_node_get_object(node));
        else
            json_object_set_member(into, member->data, json_node_copy(node));
    }
}

/* What is judged of the sound one with CHANGE laid over it. */
static PstReport *
judge(const char *change)
{
    g_autoptr(JsonObject) json = parse(sound);
    g_autoptr(JsonObject) other = parse(change);
    g_autoptr(GError) error = NULL;
    PstReport *report = pst_report_new(&pst_report_doctor_kind);

    lay_over(json, other);
    pst_fields_free(pst_report_doctor_kind.data, report->data);
    report->data = pst_fields_decode(pst_report_doctor_kind.data, json, &error);
    g_assert_no_error(error);
    pst_doctor_judge(report);
    return report;
}

static PstDoctorVerdict
verdict_of(const PstReport *report, const char *id)
{
    const PstDoctorData *data = report->data;

    for (guint i = 0; i < data->checks->len; i++) {
        const PstDoctorCheck *check = data->checks->pdata[i];
        if (g_str_equal(check->id, id))
            return (PstDoctorVerdict)check->verdict;
    }
    g_error("%s was not checked", id);
}

/* ---- tests ---- */

static void
test_sound(void)
{
    g_autoptr(PstReport) report = judge("{}");
    const PstDoctorData *data = report->data;

    g_assert_cmpstr(report->summary, ==, "nothing stands in the way");
    g_assert_cmpuint(report->findings->len, ==, 0);
    g_assert_cmpuint(data->checks->len, ==, pst_doctor_rows_n);
    for (guint i = 0; i < data->checks->len; i++)
        g_assert_cmpint(((const PstDoctorCheck *)data->checks->pdata[i])->verdict, ==,
                        PST_DOCTOR_OK);
    g_assert_cmpint(pst_doctor_exit_code(report), ==, 0);
}

/* Each obstacle: what is found, and a piece of what is said and of what mends it. Nothing else is
 * found. */
static const struct {
    const char *id, *change, *says, *mend;
    PstSeverity severity;
    const char *also; /* what follows: another id that may be found too */
} obstacles[] = {
    {"doctor.libvirt-unreachable",
     "{'host':{'libvirt':'access denied','denied':true,'user':'ann',"
     "'pool':{'there':null,'active':null,'autostart':null,'problem':'access denied'}}}",
     "libvirt can't be asked: access denied", "usermod -a -G libvirt ann", PST_SEVERITY_CRITICAL,
     "doctor.could-not-look"},
    {"doctor.libvirt-unreachable", "{'host':{'libvirt':'no socket','pool':null}}", "no socket",
     "systemctl start virtqemud.socket || systemctl start libvirtd.socket", PST_SEVERITY_CRITICAL,
     "doctor.could-not-look"},
    {"doctor.config-faulty", "{'host':{'config':'postern.conf: no group'}}",
     "postern.conf: no group", "man postern", PST_SEVERITY_WARNING},
    {"doctor.profile-cuts",
     "{'profile':{'cuts':[{'line':7,'text':'x','cuts':'it stops it','mend':'leave it out'},"
     "{'line':9,'text':'y','cuts':'it starts it','mend':'m','unsure':'nobody knows'}]}}",
     "line 7: it stops it: x", "leave it out", PST_SEVERITY_WARNING},
    {"doctor.daemon-absent",
     "{'host':{'diagnose':{'there':false,'mode':null,'owner':null,'answers':null}}}",
     "the daemon isn't there", "systemctl enable --now postern-diagnose.socket",
     PST_SEVERITY_INFORMATION},
    {"doctor.daemon-shut", "{'host':{'diagnose':{'answers':false,'shut':true},'user':'ann'}}",
     "does not let this user in", "usermod -a -G postern ann", PST_SEVERITY_INFORMATION},
    {"doctor.daemon-silent", "{'host':{'diagnose':{'answers':false,'problem':'nobody listens'}}}",
     "no daemon answers at /run/postern/diagnose.sock: nobody listens",
     "systemctl restart postern-diagnose.socket postern-diagnose.service", PST_SEVERITY_CRITICAL},
    {"doctor.daemon-silent", "{'host':{'recover':{'there':true,'answers':false,'mode':'0660'}}}",
     "/run/postern-recover/recover.sock",
     "systemctl restart postern-recover.socket postern-recover.service", PST_SEVERITY_CRITICAL},
    {"doctor.daemon-silent",
     "{'host':{'diagnose':{'path':'/x','unit':null,'enabled':null,'answers':false}}}",
     "no daemon answers at /x", "start the daemon that is to listen there", PST_SEVERITY_CRITICAL},
    {"doctor.daemon-no-libvirt", "{'host':{'diagnose':{'libvirt':'access denied'}}}",
     "the daemon can't list the domains: access denied",
     "usermod -a -G libvirt postern-diagnose && systemctl restart postern-diagnose.service",
     PST_SEVERITY_CRITICAL},
    {"doctor.daemon-not-enabled", "{'host':{'diagnose':{'enabled':false}}}",
     "nobody listens at /run/postern/diagnose.sock", "systemctl enable postern-diagnose.socket",
     PST_SEVERITY_WARNING},
    {"doctor.socket-mode", "{'host':{'diagnose':{'mode':'0666'}}}", "mode 0666",
     "chmod 0660 /run/postern/diagnose.sock", PST_SEVERITY_WARNING},
    {"doctor.pool-missing",
     "{'host':{'pool':{'there':false,'active':null,'autostart':null,'folder':null}}}",
     "there is no storage pool postern", "virsh -c qemu:///system pool-define-as postern dir",
     PST_SEVERITY_WARNING},
    {"doctor.pool-inactive", "{'host':{'pool':{'active':false}}}", "is not active",
     "virsh -c qemu:///system pool-start postern", PST_SEVERITY_CRITICAL},
    {"doctor.pool-no-autostart", "{'host':{'pool':{'autostart':false}}}", "after the host's next",
     "virsh -c qemu:///system pool-autostart postern", PST_SEVERITY_WARNING},
    {"doctor.virtlogd-stopped", "{'host':{'virtlogd':{'socket':false}}}", "virtlogd is not there",
     "systemctl enable --now virtlogd.socket", PST_SEVERITY_CRITICAL},
    {"doctor.virtlogd-limits", "{'host':{'virtlogd':{'used':false}}}", "nobody rolls it",
     "stdio_handler[[:space:]]*=/d", PST_SEVERITY_WARNING},
    {"doctor.virtlogd-limits", "{'host':{'virtlogd':{'max_size':0}}}", "never rolls a file",
     ">>/etc/libvirt/virtlogd.conf && systemctl reload virtlogd.service", PST_SEVERITY_WARNING},
    {"doctor.virtlogd-limits", "{'host':{'virtlogd':{'max_backups':0}}}", "keeps no part",
     "max_backups = 3", PST_SEVERITY_WARNING},
    {"doctor.virtlogd-limits", "{'host':{'virtlogd':{'max_size':65536}}}", "less than 1 MiB",
     "max_size = 2097152", PST_SEVERITY_WARNING},

    {"doctor.no-channel", "{'domain':{'live':{'channel':'absent'},'shim':null}}",
     "the running domain has no channel org.postern.shim.0",
     "echo \"<channel type='unix'><target type='virtio' name='org.postern.shim.0'/></channel>\" | "
     "virsh -c qemu:///system attach-device web /dev/stdin --live",
     PST_SEVERITY_CRITICAL, "doctor.could-not-look"},
    {"doctor.no-channel",
     "{'domain':{'live':{'channel':'absent','room':false},'shim':null,"
     "'lasting':{'channel':'open'}}}",
     "the running domain has no channel org.postern.shim.0", "stop it and start it: its lasting",
     PST_SEVERITY_CRITICAL, "doctor.could-not-look"},
    {"doctor.no-agent-channel",
     "{'domain':{'live':{'agent':'absent','room':false},'agent':null,'persistent':false,"
     "'lasting':null}}",
     "no channel org.qemu.guest_agent.0", "/dev/stdin --config; then stop it and start it",
     PST_SEVERITY_CRITICAL},
    {"doctor.no-channel",
     "{'domain':{'state':'off','live':null,'shim':null,'agent':null,'recorder':null,"
     "'lasting':{'channel':'absent'}},'guest':null}",
     "the domain has no channel", "/dev/stdin --config", PST_SEVERITY_CRITICAL},
    {"doctor.channel-not-kept", "{'domain':{'name':'a b','lasting':{'channel':'absent'}}}",
     "it is gone after the next start", "attach-device 'a b' /dev/stdin --config",
     PST_SEVERITY_WARNING},
    {"doctor.port-held-by-nobody", "{'domain':{'live':{'channel':'shut'},'shim':null}}",
     "nobody in the guest holds the port", "guest# systemctl enable --now postern-shim",
     PST_SEVERITY_CRITICAL, "doctor.could-not-look"},
    {"doctor.shim-silent",
     "{'domain':{'shim':{'version':null,'methods':null,'problem':'no answer'}}}",
     "no shim answers: no answer", "guest# systemctl restart postern-shim", PST_SEVERITY_CRITICAL,
     "doctor.could-not-look"},
    {"doctor.shim-silent",
     "{'domain':{'shim':{'version':null,'methods':null,'problem':'Active channel stream exists'}}}",
     "Active channel stream exists", "end the program on this host", PST_SEVERITY_CRITICAL,
     "doctor.could-not-look"},
    {"doctor.old-shim", "{'domain':{'shim':{'version':'0.0.10'}}}", "of version 0.0.10",
     "guest# systemctl restart postern-shim", PST_SEVERITY_WARNING},
    {"doctor.old-shim",
     "{'domain':{'shim':{'methods':['ping','describe','probe','cancel','exec.start']}}}",
     "does not know the method subscribe", "copy this version's postern-shim",
     PST_SEVERITY_WARNING},
    {"doctor.no-exec",
     "{'domain':{'shim':{'methods':['ping','describe','probe','cancel','subscribe']}}}",
     "postern-exec.socket isn't there", "guest# systemctl enable --now postern-exec.socket",
     PST_SEVERITY_INFORMATION},
    {"doctor.no-agent-channel", "{'domain':{'live':{'agent':'absent'},'agent':null}}",
     "no channel org.qemu.guest_agent.0", "name='org.qemu.guest_agent.0'", PST_SEVERITY_CRITICAL},
    {"doctor.agent-channel-not-kept", "{'domain':{'lasting':{'agent':'absent'}}}",
     "no channel org.qemu.guest_agent.0", "--config", PST_SEVERITY_WARNING},
    {"doctor.agent-absent", "{'domain':{'live':{'agent':'shut'},'agent':null}}",
     "no guest agent runs", "guest# systemctl start qemu-guest-agent", PST_SEVERITY_CRITICAL,
     "doctor.could-not-look"},
    {"doctor.agent-silent",
     "{'domain':{'agent':{'version':null,'commands':null,'problem':'not in time'}}}",
     "does not answer: not in time", "guest# systemctl restart qemu-guest-agent",
     PST_SEVERITY_CRITICAL, "doctor.could-not-look"},
    {"doctor.agent-exec-blocked",
     "{'domain':{'agent':{'commands':[{'name':'guest-exec','enabled':false},"
     "{'name':'guest-exec-status','enabled':false}]}},"
     "'guest':{'agent_lists':[{'path':'/etc/sysconfig/qemu-ga','line':14,"
     "'text':'BLOCK_RPCS=guest-exec','blocked':['guest-exec']}]}}",
     "does not run guest-exec, guest-exec-status", "in /etc/sysconfig/qemu-ga:14, then",
     PST_SEVERITY_CRITICAL},
    {"doctor.agent-commands-blocked",
     "{'domain':{'agent':{'commands':[{'name':'guest-exec','enabled':true},"
     "{'name':'guest-file-open','enabled':false}]}}}",
     "does not run guest-file-open", "/etc/qemu/qemu-ga.conf of the guest", PST_SEVERITY_WARNING},
    {"doctor.agent-unit", "{'guest':{'agent_unit':{'load':'masked'}}}", "is masked",
     "guest# systemctl unmask qemu-guest-agent", PST_SEVERITY_WARNING},
    {"doctor.agent-unit", "{'guest':{'agent_unit':{'load':'not-found'}}}", "the guest has no",
     "apt-get install qemu-guest-agent", PST_SEVERITY_WARNING},
    {"doctor.agent-unit", "{'guest':{'agent_unit':{'enabled':'disabled'}}}", "is disabled",
     "guest# systemctl enable qemu-guest-agent", PST_SEVERITY_WARNING},
    {"doctor.agent-will-block",
     "{'guest':{'agent_lists':[{'path':'/etc/qemu/qemu-ga.conf','line':2,"
     "'text':'block-rpcs=guest-exec','blocked':['guest-exec']}]}}",
     "will not run guest-exec", "/etc/qemu/qemu-ga.conf:2", PST_SEVERITY_WARNING},
    {"doctor.no-recorder",
     "{'domain':{'folder':'/srv/records','live':{'recorder':false,'recorder_elsewhere':null,"
     "'recorder_emptied':null},'recorder':null}}",
     "has no recorder", "<source path='/srv/records/" UUID ".records' append='on'/>",
     PST_SEVERITY_CRITICAL},
    {"doctor.no-recorder",
     "{'domain':{'folder':'/srv/$(x)','live':{'recorder':false,'recorder_elsewhere':null,"
     "'recorder_emptied':null},'recorder':null}}",
     "has no recorder", "<source path='/var/lib/libvirt/postern/" UUID ".records'",
     PST_SEVERITY_CRITICAL},
    {"doctor.no-recorder",
     "{'domain':{'live':{'recorder':false,'recorder_elsewhere':null,'recorder_emptied':null},"
     "'recorder':null}}",
     "has no recorder", "/var/lib/libvirt/postern/" UUID ".records' append='on'/>",
     PST_SEVERITY_CRITICAL},
    {"doctor.recorder-not-kept",
     "{'domain':{'lasting':{'recorder':false,'recorder_elsewhere':null,'recorder_emptied':null}}}",
     "lasting definition has no recorder", "/dev/stdin --config", PST_SEVERITY_WARNING},
    {"doctor.recorder-elsewhere",
     "{'domain':{'live':{'recorder_elsewhere':true,'recorder_path':'/x/y.records'},"
     "'recorder':{'finding':'host.recorder-elsewhere','message':'the same'}}}",
     "/x/y.records",
     "virsh -c qemu:///system edit web: name the file /var/lib/libvirt/postern/" UUID ".records",
     PST_SEVERITY_WARNING},
    {"doctor.recorder-emptied", "{'domain':{'lasting':{'recorder_emptied':true}}}",
     "empties what its recorder wrote", "append='on'", PST_SEVERITY_WARNING},
    {"doctor.recorder-silent",
     "{'domain':{'recorder':{'finding':'host.recorder-silent','message':'it has fallen silent',"
     "'remedy':'what it says itself'}}}",
     "it has fallen silent", "postern -c qemu:///system records web --heal", PST_SEVERITY_CRITICAL},
    {"doctor.daemon-blind", "{'domain':{'by_daemon':false}}", "does not list this domain", "grants",
     PST_SEVERITY_WARNING},

    {"doctor.unit-missing", "{'guest':{'shim_unit':{'load':'not-found','active':'inactive'}}}",
     "no unit postern-shim.service", "systemctl enable --now postern-shim", PST_SEVERITY_WARNING},
    {"doctor.unit-masked", "{'guest':{'shim_unit':{'load':'masked','active':'inactive'}}}",
     "is masked", "guest# systemctl unmask postern-shim && systemctl enable --now postern-shim",
     PST_SEVERITY_WARNING},
    {"doctor.unit-disabled",
     "{'guest':{'shim_unit':{'enabled':'disabled','in_emergency':false,'in_rescue':false}}}",
     "is disabled", "guest# systemctl enable postern-shim", PST_SEVERITY_WARNING},
    {"doctor.unit-stopped", "{'guest':{'shim_unit':{'active':'failed','sub':'failed'}}}",
     "it is failed (failed)", "guest# systemctl start postern-shim", PST_SEVERITY_CRITICAL},
    {"doctor.unit-ordering", "{'guest':{'shim_unit':{'default_dependencies':true}}}",
     "DefaultDependencies=yes", "systemctl daemon-reload", PST_SEVERITY_WARNING},
    {"doctor.unit-ordering", "{'guest':{'shim_unit':{'ignore_on_isolate':false}}}",
     "IgnoreOnIsolate=no", "IgnoreOnIsolate=yes", PST_SEVERITY_WARNING},
    {"doctor.unit-ordering", "{'guest':{'shim_unit':{'in_rescue':false}}}", "rescue mode",
     "guest# systemctl reenable postern-shim", PST_SEVERITY_WARNING},
    {"doctor.shim-config-faulty",
     "{'guest':{'config':'/etc/postern/shim.conf: not taken, because others than root can'}}",
     "does not count", "guest# chown root:root /etc/postern/shim.conf && chmod 0644",
     PST_SEVERITY_WARNING},
    {"doctor.shim-config-faulty", "{'guest':{'config':'/etc/postern/shim.conf:3: no key'}}",
     "shim.conf:3: no key", "correct it in the guest", PST_SEVERITY_WARNING},
    {"doctor.program-missing",
     "{'guest':{'files':[{'path':'/usr/sbin/postern-shim','there':false}]}}",
     "no /usr/sbin/postern-shim", "copy postern-shim", PST_SEVERITY_CRITICAL},
    {"doctor.file-mode",
     "{'guest':{'files':[{'path':'/usr/sbin/postern-shim','there':true,'mode':'0644',"
     "'owner':'0:0','noexec':false}]}}",
     "it can't be run", "guest# chown root:root /usr/sbin/postern-shim && chmod 0755",
     PST_SEVERITY_CRITICAL},
    {"doctor.file-mode",
     "{'guest':{'files':[{'path':'/usr/sbin/postern-shim','there':true,'mode':'0755',"
     "'owner':'0:0','noexec':false},{'path':'/etc/postern/shim.conf','there':true,"
     "'mode':'0664','owner':'0:0'}]}}",
     "mode 0664", "chmod 0644 /etc/postern/shim.conf", PST_SEVERITY_WARNING},
    {"doctor.file-mode",
     "{'guest':{'files':[{'path':'/usr/sbin/postern-shim','there':true,'mode':'0755',"
     "'owner':'1000:0','noexec':false}]}}",
     "owner 1000:0", "chown root:root", PST_SEVERITY_WARNING},
    {"doctor.noexec",
     "{'guest':{'files':[{'path':'/usr/sbin/postern-shim','there':true,'mode':'0755',"
     "'owner':'0:0','noexec':true,'mount':'/usr'}]}}",
     "/usr is mounted noexec", "guest# mount -o remount,exec /usr", PST_SEVERITY_CRITICAL},
    {"doctor.mislabelled",
     "{'guest':{'files':[{'path':'/usr/sbin/postern-shim','there':true,'mode':'0755',"
     "'owner':'0:0','noexec':false,'label':'of another place'}]}}",
     "of another place", "guest# restorecon -v /usr/sbin/postern-shim", PST_SEVERITY_CRITICAL},
    {"doctor.confined",
     "{'guest':{'denials':[{'program':'qemu-ga','source':'selinux','target':'postern-shim',"
     "'count':3,'enforced':true}]}}",
     "selinux denies qemu-ga postern-shim, 3 times", "ausearch -m avc -c qemu-ga",
     PST_SEVERITY_CRITICAL},
    {"doctor.confined",
     "{'guest':{'selinux':'permissive','denials':[{'program':'qemu-ga','source':'selinux',"
     "'target':'postern-shim','count':1,'enforced':false}]}}",
     "selinux would deny qemu-ga", "audit2allow", PST_SEVERITY_WARNING},
    {"doctor.fapolicyd-denies",
     "{'guest':{'denials':[{'program':'systemd','source':'fapolicyd',"
     "'target':'/usr/sbin/postern-shim','count':1,'enforced':true}]}}",
     "fapolicyd denies systemd /usr/sbin/postern-shim",
     "guest# fapolicyd-cli --file add /usr/sbin/postern-shim", PST_SEVERITY_CRITICAL},
};

static void
check_obstacle(guint i)
{
    g_autoptr(PstReport) report = judge(obstacles[i].change);
    gboolean found = FALSE;

    for (guint j = 0; j < report->findings->len; j++) {
        const PstFinding *finding = report->findings->pdata[j];
        gboolean it = g_str_equal(finding->id, obstacles[i].id);

        g_test_message("%s: %s: %s", finding->id, finding->message, finding->remedy);
        g_assert_true(it || g_strcmp0(finding->id, obstacles[i].also) == 0);
        if (!it)
            continue;
        found = TRUE;
        g_assert_cmpint(finding->severity, ==, (int)obstacles[i].severity);
        g_assert_nonnull(strstr(finding->message, obstacles[i].says));
        g_assert_nonnull(strstr(finding->remedy, obstacles[i].mend));
    }
    g_assert_true(found);
    g_assert_cmpint((int)verdict_of(report, obstacles[i].id), ==, PST_DOCTOR_STANDS);
    g_assert_cmpint(pst_doctor_exit_code(report), ==,
                    obstacles[i].severity == PST_SEVERITY_INFORMATION ? 0 : 1);
}

static void
test_obstacles(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(obstacles); i++) {
        g_test_message("%s", obstacles[i].change);
        check_obstacle(i);
    }
}

/* A check without its obstacle among them could not fail. */
static void
test_table(void)
{
    for (guint i = 0; i < pst_doctor_rows_n; i++) {
        gboolean tried = FALSE;

        g_test_message("%s", pst_doctor_rows[i].id);
        g_assert_nonnull(pst_finding_catalogue_find(pst_doctor_rows[i].id));
        for (guint j = 0; j < G_N_ELEMENTS(obstacles); j++)
            tried |= g_str_equal(obstacles[j].id, pst_doctor_rows[i].id);
        g_assert_true(tried);
        for (guint j = 0; j < i; j++)
            g_assert_cmpstr(pst_doctor_rows[j].id, !=, pst_doctor_rows[i].id);
    }
}

/* What is not well and no obstacle: it is not held against anybody. */
static const char *const harmless[] = {
    /* Who has turned the daemon off is told of none. */
    "{'host':{'diagnose':{'path':null,'there':null,'answers':null}}}",
    "{'host':{'recover':{'there':true,'shut':true,'answers':false}}}",
    "{'host':{'virtlogd':null}}",
    "{'host':{'diagnose':{'enabled':null}}}",
    /* A transient domain has no next start. */
    "{'domain':{'persistent':false,'lasting':null}}",
    "{'domain':{'by_daemon':null}}",
    /* A newer shim than this program. */
    "{'domain':{'shim':{'version':'0.10.0','methods':['ping','describe','probe','cancel',"
    "'subscribe','exec.start']}}}",
    /* A port that was attached to the running guest, and answers. */
    "{'domain':{'live':{'channel':'unknown'}}}",
    "{'domain':{'live':{'agent':'unknown'}}}",
    /* A list that the agent follows already is told by the agent. */
    "{'domain':{'agent':{'commands':[{'name':'guest-exec','enabled':true}]}},"
    "'guest':{'agent_lists':[{'path':'/etc/qemu/qemu-ga.conf','line':2,'text':'x',"
    "'blocked':['guest-get-users']}]}}",
    "{'guest':{'shim_unit':{'active':'activating'}}}",
    /* What SELinux only logs, and goes on only logging. */
    "{'guest':{'selinux':'permissive','selinux_configured':'permissive','denials':["
    "{'program':'qemu-ga','source':'selinux','target':'x','count':1,'enforced':false}]}}",
};

static void
test_harmless(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(harmless); i++) {
        g_test_message("%s", harmless[i]);
        g_autoptr(PstReport) report = judge(harmless[i]);
        for (guint j = 0; j < report->findings->len; j++)
            g_test_message("%s", ((const PstFinding *)report->findings->pdata[j])->message);
        g_assert_cmpuint(report->findings->len, ==, 0);
    }
}

/* What could not be looked at is never well, and says why. */
static const struct {
    const char *id, *change, *reason;
} unlooked[] = {
    {"doctor.pool-inactive", "{'host':{'pool':{'problem':'denied'}}}", "denied"},
    {"doctor.virtlogd-limits", "{'host':{'virtlogd':{'problem':'not to be read'}}}",
     "not to be read"},
    {"doctor.no-channel", "{'domain':{'live':{'problem':'no XML'}}}", "no XML"},
    {"doctor.channel-not-kept", "{'domain':{'lasting':{'problem':'no XML'}}}", "no XML"},
    {"doctor.recorder-not-kept", "{'domain':{'lasting':null}}", "it was not told"},
    {"doctor.port-held-by-nobody", "{'domain':{'live':{'channel':'unknown'},'shim':null}}",
     "libvirt does not tell it"},
    {"doctor.agent-absent", "{'domain':{'live':{'agent':'unknown'},'agent':null}}",
     "libvirt does not tell it"},
    {"doctor.old-shim", "{'domain':{'shim':null}}", "no shim answers by the channel"},
    {"doctor.no-exec", "{'domain':{'shim':null}}", "no shim answers by the channel"},
    {"doctor.shim-silent",
     "{'domain':{'shim':{'version':null,'methods':null,'problem':'it has the turn','busy':true}}}",
     "it has the turn"},
    {"doctor.agent-silent",
     "{'domain':{'agent':{'version':null,'commands':null,'problem':'no place','busy':true}}}",
     "no place"},
    {"doctor.agent-exec-blocked", "{'domain':{'agent':null}}", "no guest agent answers"},
    {"doctor.recorder-silent", "{'domain':{'recorder':null}}", "no shim says what"},
    {"doctor.recorder-silent", "{'domain':{'recorder':{'problem':'no pool'}}}", "no pool"},
    {"doctor.unit-masked", "{'guest':{'problem':'it is off'}}", "it is off"},
    {"doctor.noexec", "{'guest':{'problem':'it is off'}}", "it is off"},
    {"doctor.unit-missing", "{'guest':{'shim_unit':{'problem':'no systemd'}}}", "no systemd"},
    {"doctor.unit-disabled", "{'guest':{'shim_unit':{'enabled':null}}}", "it was not told"},
    {"doctor.unit-ordering", "{'guest':{'shim_unit':{'ignore_on_isolate':null}}}",
     "the shim does not tell"},
    {"doctor.unit-ordering", "{'guest':{'shim_unit':{'in_emergency':null}}}",
     "emergency.target and rescue.target"},
    {"doctor.file-mode",
     "{'guest':{'files':[{'path':'/usr/sbin/postern-shim','problem':'denied'}]}}", "denied"},
    {"doctor.noexec",
     "{'guest':{'files':[{'path':'/usr/sbin/postern-shim','there':true,'mode':'0755',"
     "'owner':'0:0'}]}}",
     "how its file system is mounted"},
    {"doctor.confined", "{'guest':{'security_problem':'no log'}}", "no log"},
    {"doctor.fapolicyd-denies", "{'guest':{'security_problem':'no log'}}", "no log"},
    {"doctor.agent-will-block", "{'guest':{'agent_lists_problem':'denied'}}", "denied"},
    {"doctor.agent-unit", "{'guest':{'agent_unit':null}}", "it was not told"},
    {"doctor.profile-cuts",
     "{'profile':{'cuts':[{'line':9,'text':'y','cuts':'starts it','unsure':'nobody knows'}]}}",
     "line 9 starts it, and nobody knows"},
    {"doctor.profile-cuts", "{'profile':{'problem':'too much'}}", "too much"},
};

static void
test_unlooked(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(unlooked); i++) {
        g_autoptr(PstReport) report = judge(unlooked[i].change);
        gboolean said = FALSE;

        g_test_message("%s: %s", unlooked[i].id, unlooked[i].change);
        g_assert_cmpint((int)verdict_of(report, unlooked[i].id), ==, PST_DOCTOR_UNKNOWN);
        for (guint j = 0; j < report->findings->len; j++) {
            const PstFinding *finding = report->findings->pdata[j];
            g_test_message("%s", finding->message);
            g_assert_cmpstr(finding->id, ==, "doctor.could-not-look");
            said |= strstr(finding->message, unlooked[i].reason) != NULL;
        }
        g_assert_true(said);
        g_assert_cmpint(pst_doctor_exit_code(report), ==, 3);
    }
}

/* One reason is said once, with all that it holds for. */
static void
test_one_reason(void)
{
    g_autoptr(PstReport) report = judge("{'guest':{'problem':'it is off'}}");
    const PstFinding *finding = report->findings->pdata[0];

    g_assert_cmpuint(report->findings->len, ==, 1);
    g_assert_nonnull(
        strstr(finding->message,
               "could not look at the shim's unit, whether the shim's unit is masked, "));
    g_assert_true(g_str_has_suffix(finding->message, ": it is off"));
}

/* Nothing at all is known: nothing is said to be well. */
static void
test_nothing(void)
{
    g_autoptr(PstReport) report = pst_report_new(&pst_report_doctor_kind);
    PstDoctorData *data = report->data;

    data->domain = pst_fields_new(&pst_report_doctor_domain_fields);
    data->domain->live = pst_fields_new(&pst_report_doctor_xml_fields);
    data->domain->live->problem = g_strdup("nobody was asked");
    data->guest = pst_fields_new(&pst_report_doctor_guest_fields);
    pst_doctor_judge(report);
    g_assert_cmpint((int)verdict_of(report, "doctor.no-channel"), ==, PST_DOCTOR_UNKNOWN);
    g_assert_cmpint((int)verdict_of(report, "doctor.unit-masked"), ==, PST_DOCTOR_UNKNOWN);
    g_assert_cmpint((int)verdict_of(report, "doctor.program-missing"), ==, PST_DOCTOR_UNKNOWN);
    g_assert_cmpint(pst_doctor_exit_code(report), ==, 3);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/doctor/sound", test_sound);
    g_test_add_func("/doctor/obstacles", test_obstacles);
    g_test_add_func("/doctor/table", test_table);
    g_test_add_func("/doctor/harmless", test_harmless);
    g_test_add_func("/doctor/unlooked", test_unlooked);
    g_test_add_func("/doctor/one-reason", test_one_reason);
    g_test_add_func("/doctor/nothing", test_nothing);
    return g_test_run();
}
