# SPDX-License-Identifier: LGPL-2.1-or-later
"""One breakage after another: a clean guest, a script that breaks it, and what postern must say.

A scenario is a row here and a script breakages/NAME.sh. Those in CHECKED, a third of them, are part of
every check; all of them are the campaign "breakages".
"""

from guestlib.breakage import Breakage, run
from guestlib.scenario import Scenario

# What follows from a root that can't become root any more.
REFUSED = {"sudo.refuses"}
IN_EMERGENCY = {"account.nologin", "pam.nologin", "system.nologin", "services.stopped",
             "services.failed", "ssh.not-running", "network.link-down",
                "network.no-default-route", "network.no-address", "system.units-failed",
                "system.target-not-reached", "journal.critical-entries"}
NO_SPACE = {"journal.no-space", "services.failed", "system.units-failed"}
SSH_DOWN = {"services.stopped", "ssh.not-listening"}

ROWS = [
    # sudo
    Breakage("sudoers-0666", {"sudo.file-world-writable": ["/etc/sudoers.d/harness", "0666"]},
             REFUSED | {"sudo.no-rule"}, "critical"),
    Breakage("sudoers-0640"),
    Breakage("sudoers-owner", {"sudo.file-wrong-owner": ["/etc/sudoers"]},
             REFUSED | {"sudo.no-rule"}, "critical"),
    Breakage("dropin-owner", {"sudo.file-wrong-owner": ["/etc/sudoers.d/harness"]},
             REFUSED | {"sudo.no-rule"}, "critical"),
    Breakage("sudoers-syntax", {"sudo.syntax-error": ["/etc/sudoers.d/harness", '"line": 1'],
                                "sudo.no-rule": ["harness"]}, REFUSED, "critical",
             first="sudo.syntax-error"),
    # sudo tells the journal of the line with the priority alert whenever it is run.
    Breakage("sudoers-syntax-other", {"sudo.syntax-error": ["/etc/sudoers.d/50-deploy"]},
             {"journal.critical-entries"}, "warning"),
    Breakage("nopasswd-removed", {"sudo.password-required": ["/etc/sudoers.d/harness"]}, REFUSED,
             "critical"),
    Breakage("rule-removed", {"sudo.no-rule": ["harness"]}, REFUSED, "critical"),
    Breakage("sudo-not-setuid", {"sudo.setuid-missing": ["/usr/bin/sudo"]}, REFUSED, "critical"),
    # PAM: the cause is in a line or a module of PAM's, whatever it shuts
    Breakage("pam-module-gone", {"pam.module-missing": ["/etc/pam.d/sudo", "pam_tally2.so"],
                                 "sudo.pam-module-missing": ["/etc/pam.d/sudo", "pam_tally2.so"]},
             REFUSED, "critical"),
    Breakage("pam-module-deleted", {"pam.module-missing": ["pam_unix.so", "sshd"],
                                    "sudo.pam-module-missing": ["pam_unix.so"]}, REFUSED,
             "critical"),
    Breakage("pam-auth-module-gone", {"pam.module-missing": ["pam_tally2.so"],
                                      "sudo.pam-module-missing": ["pam_tally2.so"]},
             status="warning"),
    Breakage("pam-sudo-emptied", {"pam.service-empty": ["/etc/pam.d/sudo"],
                                  "sudo.pam-service-empty": ["/etc/pam.d/sudo"]},
             status="warning"),
    Breakage("pam-common-account", {"pam.module-missing": ["/etc/pam.d/common-account", "sshd",
                                                           '"line": 1']},
             REFUSED | {"sudo.pam-module-missing"}, "critical"),
    Breakage("pam-sshd-module-gone", {"pam.module-missing": ["/etc/pam.d/sshd", "pam_tally2.so"]},
             status="critical"),
    Breakage("pam-login-module-gone", {"pam.module-missing": ["/etc/pam.d/login"]},
             status="warning"),
    Breakage("pam-include-missing", {"pam.include-missing": ["common-session", "sshd"]},
             REFUSED | {"sudo.pam-aborts"}, "critical"),
    Breakage("pam-module-truncated", {"pam.module-truncated": ["pam_permit.so"]},
             {"sudo.pam-module-truncated", "sudo.crashes", "changes.package-file-changed"},
             "critical", first="pam.module-truncated"),
    Breakage("pam-access-denies", {"pam.access-denies": ["/etc/security/access.conf",
                                                         "-:ALL:ALL", "sshd"]},
             status="critical"),
    Breakage("pam-time-denies", {"pam.time-denies": ["/etc/security/time.conf"]},
             status="critical"),
    Breakage("pam-maxlogins", {"pam.limits": ["/etc/security/limits.d/90-none.conf",
                                              "maxlogins 0"]}, status="critical"),
    Breakage("pam-listfile", {"pam.denies-user": ["/etc/ssh/allowed"]}, status="critical"),
    Breakage("pam-hardened"),
    Breakage("faillock-locked", {"account.faillock": ["/var/log/faillock/harness"]},
             status="warning"),
    Breakage("account-expired", {"account.expired": ["harness"],
                                 "sudo.account-expired": ["harness"]}, REFUSED, "critical",
             first="account.expired"),
    Breakage("must-change-password", {"account.must-change-password": ["harness"]},
             status="critical"),
    Breakage("shell-gone", {"account.shell-unusable": ["/bin/zsh"]}, status="critical"),
    Breakage("password-locked"),
    # ssh
    Breakage("ssh-config-syntax", {"ssh.config-error": ["/etc/ssh/sshd_config", "nope"]},
             status="critical"),
    Breakage("ssh-host-key-0644", {"ssh.host-key-mode": ["/etc/ssh/ssh_host_", "0644"]},
             {"ssh.no-host-key", "ssh.check-failed", "ssh.config-error", "ssh.handshake-failed"},
             "critical"),
    Breakage("ssh-deny-users", {"ssh.user-denied": ["50-deny.conf", '"line": 1', "harness"]},
             status="critical"),
    Breakage("ssh-allow-users", {"ssh.user-not-allowed": ["99-cis.conf", '"line": 2']},
             status="critical"),
    Breakage("ssh-allow-users-match", {"ssh.user-not-allowed": ["/etc/ssh/sshd_config",
                                                                "AllowGroups wheel"]},
             status="critical", ask=["--from", "192.0.2.10"]),
    Breakage("ssh-allow-users-sound", status="ok"),
    Breakage("ssh-no-method", {"ssh.no-authorized-key": ["/home/harness/.ssh/authorized_keys"],
                               "ssh.no-method-left": ["50-keys-only.conf"]}, status="critical"),
    Breakage("ssh-password-off", status="ok"),
    Breakage("ssh-no-key", {"ssh.no-authorized-key": ["/home/harness/.ssh/authorized_keys"]},
             status="ok"),
    Breakage("ssh-max-auth-tries-zero", {"ssh.max-auth-tries-zero": ["50-tries.conf"]},
             status="critical"),
    Breakage("ssh-port-moved", {"ssh.port-moved": ["2222", "50-port.conf"]}, status="critical",
             ask=["--port", "22"]),
    Breakage("ssh-listen-address-gone",
             {"ssh.listen-address-gone": ["192.0.2.77", "50-listen.conf"]},
             {"ssh.not-running", "services.failed", "system.units-failed",
              "journal.critical-entries"}, "critical"),
    Breakage("ssh-address-family", {"ssh.family-shut": ["50-family.conf", '"line": 1', "IPv4"]},
             status="critical", ask=["--from", "10.0.2.2"]),
    Breakage("ssh-home-group", {"ssh.strict-modes": ["/home/harness", "0775"]},
             {"ssh.no-method-left"}, "critical"),
    Breakage("ssh-home-own-group", status="ok"),
    Breakage("ssh-authorized-keys-0666", {"ssh.strict-modes": ["authorized_keys", "0666"]},
             status="critical"),
    Breakage("ssh-authorized-keys-root", {"ssh.keys-unreadable": ["authorized_keys", "0600"]},
             status="critical"),
    Breakage("ssh-no-common-algorithm",
             {"ssh.no-common-algorithm": ["diffie-hellman-group1-sha1"]}, status="warning"),
    Breakage("ssh-restart-pending", {"ssh.restart-pending": ["restart"]}, status="warning"),
    Breakage("ssh-pubkey-off", {"ssh.key-login-off": ["50-none.conf"],
                                "ssh.no-method-left": []}, status="critical"),
    Breakage("ssh-hosts-deny", {"ssh.handshake-failed": [],
                                "ssh.address-denied": ["/etc/hosts.deny", '"line": 1']},
             status="critical"),
    Breakage("ssh-hosts-deny-outside", {"ssh.address-denied": ["/etc/hosts.deny", "EXCEPT"]},
             status="critical", ask=["--from", "10.0.2.2"]),
    Breakage("ssh-address-denied", {"ssh.address-denied": ["50-addresses.conf", '"line": 2']},
             status="critical"),
    Breakage("ssh-max-sessions", {"ssh.max-sessions-zero": ["40-sessions.conf"]},
             status="critical"),
    Breakage("ssh-forced-command", {"ssh.forced-command": ["40-force.conf", "/bin/false"]},
             status="critical"),
    Breakage("ssh-chroot-mode", {"ssh.chroot-refused": ["40-chroot.conf", "/home/harness"]},
             status="critical"),
    Breakage("ssh-stopped", {"ssh.not-running": [], "services.stopped": ["ssh.service"]}, SSH_DOWN,
             "critical", first="services.stopped"),
    Breakage("ssh-socket"),
    # network
    Breakage("interface-down", {"network.link-down": ["ip link set"]},
             {"network.no-default-route"}, "critical"),
    Breakage("no-default-route", {"network.no-default-route": []}, status="warning"),
    # firewall
    Breakage("nft-port-dropped", {"firewall.port-dropped": ["tcp dport 22 counter packets",
                                                            "nft delete rule inet filter input"]},
             status="critical"),
    Breakage("nft-default-drop", {"firewall.default-drop": ["policy drop", "nft insert rule"]},
             status="critical"),
    Breakage("nft-default-drop-open"),
    Breakage("nft-established-dropped", {"firewall.established-dropped": ["chain input"]},
             status="critical"),
    Breakage("nft-replies-dropped", {"firewall.replies-dropped": ["chain output"]},
             status="critical"),
    # the system
    Breakage("unit-fails", {"services.failed": ["shop.service", "cannot read /etc/shop.conf"]},
             {"system.units-failed"}, "warning"),
    Breakage("restart-loop", {"services.restart-loop": ["shop.service"]}, {"services.failed"},
             "warning"),
    Breakage("dbus-stopped", {"system.dbus-stopped": [], "services.stopped": ["dbus.service"]},
             {"services.failed"}, first="services.stopped"),
    Breakage("dbus-hangs", {"system.dbus-stuck": ["dbus.service", "signal"]}, status="warning"),
    # Its process is as any other that sleeps: only whoever asks it notices.
    Breakage("dbus-mute", {"system.dbus-stuck": ["dbus.service", "/run/dbus/system_bus_socket"]},
             status="warning"),
    Breakage("journald-stopped", {"services.stopped": ["systemd-journald.service"],
                                  "journal.stopped": []},
             {"services.failed", "services.no-journal-lines"}, first="services.stopped"),
    # The agent logs too, and waits.
    Breakage("journald-hangs", {"journal.stuck": ["systemd-journald.service"],
                                "pam.log-blocked": ["/dev/log"]},
             {"sudo.hangs"}, "critical", first="journal.stuck", wait=60, detach=True),
    Breakage("journal-damaged", {"journal.damaged": []}, status="unknown"),
    Breakage("clock-years-off", {"system.clock-off": []}, {"journal.foreign-cursor"}, "critical"),
    Breakage("root-read-only", {"storage.read-only": ["the kernel took that away", "remount,rw"],
                                "system.root-read-only": []},
             {"services.failed", "system.units-failed"}, "critical"),
    Breakage("nologin", {"system.nologin": ["/etc/nologin"]},
             {"account.nologin", "pam.nologin", "sudo.pam-denies"}, "critical"),
    # Whatever looks up a user's groups waits for a source that does not answer.
    Breakage("nss-hangs", {"account.lookup-hangs": ["/etc/nsswitch.conf", "hang"]},
             {"sudo.hangs", "ssh.handshake-failed", "ssh.could-not-look", "sudo.could-not-look"},
             "critical", push={"tests/guest/libnss_hang.so.2":
                               "/usr/lib/x86_64-linux-gnu/libnss_hang.so.2"}),
    # room
    Breakage("disk-full", {"storage.full": ["/ is full: 0 bytes left", "/var/cache/dump"]},
             NO_SPACE, "critical"),
    Breakage("disk-full-deleted",
             {"storage.full": ["deleted but still open: /var/cache/shop.log", "shop.service"]},
             NO_SPACE, "critical"),
    Breakage("inodes-gone", {"storage.inodes-gone": ["/ can hold no more files: 0 of its"]},
             NO_SPACE, "critical"),
    Breakage("ext4-errors", {"storage.errors": ["ext4", "/sys/fs/ext4/"]},
             {"storage.read-only", "system.root-read-only", "journal.io-error", "services.failed",
              "system.units-failed"}, "critical"),
    Breakage("fstab-device-gone",
             {"storage.fstab-not-mounted": ["/srv/data", "there is no UUID=5e0cc2fb"]},
             status="warning"),
    Breakage("fstab-nofail"),
    Breakage("mount-hangs", {"storage.mount-hangs": ["/mnt/share"]}, status="warning"),
    # memory
    Breakage("oom-kill", {"memory.oom-kills": ["tail", "shop.service", "its control group"],
                          "services.failed": ["shop.service", "oom-kill"]},
             {"journal.oom-kill", "system.units-failed"}, "warning"),
    Breakage("oom-kill-guest", {"memory.oom-kills": ["tail", "shop.service", "no more"]},
             {"services.failed", "journal.oom-kill", "system.units-failed", "memory.pressure"},
             "critical", wait=40, detach=True),
    Breakage("memory-low", {"memory.low": ["tmpfs and shared memory"]}, {"memory.pressure"}),
    Breakage("fork-limit", {"memory.pids-exhausted": [".slice has 20 of at most 20"]},
             status="critical"),
    # hardening: whoever may write to the kernel's ring can't forge a denial
    Breakage("denial-forged"),
    # the site's own checks
    Breakage("checks-sound"),
    Breakage("check-critical", {"checks.failed": ["/opt/checks/queue", "no worker", "nobody"]},
             status="critical"),
    Breakage("check-hangs", {"checks.timed-out": ["queue", "1000 ms"]}, status="unknown"),
    Breakage("check-writable", {"checks.not-runnable": ["/opt/checks/queue", "0777"]},
             status="unknown"),
    Breakage("agent-stopped", allow={"services.stopped"}, detach=True),
    Breakage("guest-exec-blocked", detach=True),
    Breakage("emergency", {"system.emergency": []}, IN_EMERGENCY, "critical", wait=60,
             detach=True),
    Breakage("rescue", {"system.rescue": []}, IN_EMERGENCY, "critical", wait=60, detach=True),
    # A job that is still running may have a reason for two minutes.
    Breakage("jobs-stuck", {"system.jobs-stuck": ["import.service", "1 other job waits"]},
             {"services.changing"}, "warning", wait=160),
    Breakage("pid1-crashed", {"system.pid1-not-answering": [], "journal.pid1-crashed": []},
             {"services.could-not-look", "sudo.hangs", "account.could-not-look",
              "checks.could-not-look", "journal.critical-entries"}, "critical", wait=60, detach=True),
    # two at once
    Breakage("two-causes", {"sudo.file-world-writable": ["/etc/sudoers.d/harness"],
                            "account.shell-unusable": ["/bin/zsh"]},
             REFUSED | {"sudo.no-rule"}, "critical"),
    # what is on no list: reports are tried on what they were not written for
    Breakage("passwd-0600", {"account.files-unreadable": ["/etc/passwd", "0600"]},
             status="warning"),
    Breakage("root-folder-0700", {"account.shell-shut": ['"path": "/"', "0700"],
                                  "sudo.not-executable": ['"path": "/"']},
             REFUSED | {"ssh.keys-unreadable"}, "critical", first="account.shell-shut"),
    Breakage("usr-0750", {"account.shell-shut": ['"path": "/usr"', "0750"],
                          "sudo.not-executable": ['"path": "/usr"']},
             REFUSED, "critical", first="account.shell-shut"),
    Breakage("shell-0750", {"account.shell-shut": ["/usr/bin/bash", "0750"]}, status="critical"),
    Breakage("sudo-dangling", {"sudo.not-installed": ["/usr/bin/sudo"]}, status="critical"),
    Breakage("sudoers-folder-missing", {"sudo.include-missing": ["/etc/sudoers.d"],
                                        "sudo.no-rule": ["harness"]},
             REFUSED, "critical", first="sudo.include-missing"),
    Breakage("pam-folder-missing", {"pam.service-empty": ["/etc/pam.d"],
                                    "sudo.pam-aborts": ["/etc/pam.d"]},
             REFUSED | {"pam.include-missing"}, "critical", first="pam.service-empty"),
    Breakage("library-missing", {"pam.module-damaged": ["pam_unix.so", "libcrypt.so.1"],
                                 "ssh.check-failed": ["libcrypt.so.1"]},
             REFUSED | {"sudo.pam-module-damaged", "ssh.handshake-failed",
                        "journal.could-not-look", "services.no-journal-lines"}, "critical"),
    # sshd says it at every connection, with the priority critical.
    Breakage("run-sshd-owner", {"ssh.check-failed": ["/run/sshd"]},
             {"ssh.handshake-failed", "journal.critical-entries"}, "critical"),
    Breakage("sshd-not-executable",
             {"services.failed": ["/usr/sbin/sshd: Permission denied"],
              "ssh.not-running": ["ssh.service"]},
             {"ssh.could-not-look", "ssh.program-missing", "system.units-failed"}, "critical"),
    Breakage("sshd-config-missing", {"ssh.not-running": [], "ssh.check-failed": ["sshd_config"]},
             {"services.failed", "services.restart-loop", "system.units-failed"}, "critical", first="ssh.check-failed"),
    Breakage("shadow-missing", {"account.no-shadow-entry": ["harness"]},
             REFUSED | {"sudo.no-shadow-entry"}, "critical"),
    Breakage("user-removed", {"account.unknown-user": ["harness"]},
             {"ssh.unknown-user", "sudo.unknown-user"}, "critical", first="account.unknown-user"),
    # Whatever needs a program of the guest's can't be told, and says so; that it can't be started is
    # certain.
    Breakage("loader-gone", {"account.shell-unusable": ["ld-linux"],
                             "sudo.loader-missing": ["ld-linux"],
                             "ssh.loader-missing": ["ld-linux"]},
             REFUSED | {"ssh.could-not-look", "journal.could-not-look"}, "critical", wait=30,
             detach=True),
    Breakage("shadow-immutable"),
    # What the loader says on journalctl's standard error makes the journal doubtful.
    Breakage("preload-missing", allow={"journal.could-not-look"}),
    Breakage("null-is-file"),
]

# What every check runs: at least one of each kind. The campaign runs all.
CHECKED = {
    "sudoers-0666", "dropin-owner", "sudoers-syntax", "rule-removed", "sudo-not-setuid",
    "pam-module-gone", "pam-common-account", "pam-access-denies", "pam-include-missing",
    "account-expired", "faillock-locked", "must-change-password", "password-locked", "shell-gone",
    "passwd-0600", "ssh-config-syntax", "ssh-allow-users", "ssh-host-key-0644",
    "ssh-authorized-keys-0666", "ssh-pubkey-off", "ssh-stopped", "ssh-address-denied", "interface-down",
    "no-default-route", "nft-port-dropped", "nft-default-drop", "nologin", "unit-fails",
    "restart-loop", "journald-stopped", "root-read-only", "disk-full", "inodes-gone", "mount-hangs",
    "oom-kill", "check-critical", "agent-stopped", "two-causes",
}
# The control plane, which is made in a guest of Debian 13 too: there sudo, PAM and sshd are newer.
CONTROL_PLANE = ("account-", "dropin-", "faillock-", "must-change-", "nologin", "nopasswd-", "pam-",
                 "password-", "rule-", "shell-gone", "ssh-", "sudo")
# And of these the ones that every check runs there.
CHECKED_NEWER = {"sudoers-0666", "ssh-config-syntax"}
NEWER = ("--release", "trixie")


def _runner(row):
    return lambda context: run(context, row)


def scenarios():
    """A scenario for each row, and one more in a guest of Debian 13 for the control plane."""
    for row in ROWS:
        wanted = ", ".join(row.expect) or "nothing is wrong"
        yield Scenario(row.name, _runner(row), summary=wanted, check=row.name in CHECKED)
        if row.name.startswith(CONTROL_PLANE):
            yield Scenario(f"{row.name}-trixie", _runner(row), summary=f"Debian 13: {wanted}",
                           options=NEWER, check=row.name in CHECKED_NEWER)
