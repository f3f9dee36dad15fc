# SPDX-License-Identifier: LGPL-2.1-or-later
"""A guest with a real systemd plays the hypervisor, with libvirt's own test driver in it: the units as
they are installed, their sockets, users, sandbox, reload, watchdog, timer and end."""

import base64
import json
import os
import re
import subprocess
import tarfile
import tempfile
import time
from pathlib import Path

from guestlib.errors import check

CHECK = False  # it takes minutes: tests/campaigns/units
ROOT = Path(__file__).resolve().parents[3]
TEST = "test:///default"
# What every program has, and is the guest's own.
BASE = re.compile(r"^(ld-linux|(libc|libm|libdl|libpthread|librt|libresolv)\.)")
UNIT = "postern-diagnose.service"
INSTANCE_UNIT = "postern-diagnose@.service"
INSTANCE = "postern-diagnose@hv3.service"
RECOVER = "postern-recover.service"
SOCKET = "/run/postern/diagnose.sock"
INSTANCE_SOCKET = "/run/postern/diagnose@hv3.sock"
RECOVER_SOCKET = "/run/postern-recover/recover.sock"
SESSION = "0123456789abcdef0123456789abcdef"
# How much systemd finds exposed, of 10: what is asked for is 2.0.
MAX_EXPOSURE = 2.0
SETUP = """\
set -eu
umask 022
tar -C / -xzf /root/installed.tar.gz
echo /usr/lib/postern-test >/etc/ld.so.conf.d/zz-postern.conf
ldconfig
# libvirt's package makes it.
groupadd -f -r libvirt
systemd-sysusers /usr/lib/sysusers.d/postern.conf
systemd-tmpfiles --create /usr/lib/tmpfiles.d/postern.conf
journalctl --update-catalog
useradd -m alice; usermod -a -G postern alice
useradd -m bob
useradd -m carol; usermod -a -G postern-recover carol
mkdir -p /etc/systemd/system/postern-diagnose.service.d /etc/systemd/system/postern-recover.service.d \\
    /etc/systemd/system/postern-health.service.d
cat >/etc/systemd/system/postern-diagnose.service.d/test.conf <<'CONF'
[Service]
ExecStart=
ExecStart=/usr/sbin/posternd --connect test:///default
WatchdogSec=4s
CONF
cat >/etc/systemd/system/postern-recover.service.d/test.conf <<'CONF'
[Service]
ExecStart=
ExecStart=/usr/sbin/postern-recoverd --connect test:///default
WatchdogSec=4s
CONF
cat >/etc/systemd/system/postern-health.service.d/test.conf <<'CONF'
[Service]
ExecStart=
ExecStart=/usr/bin/postern --connect test:///default health --all --changes --quiet --deadline 60s --metrics /var/cache/postern-health/postern.prom
CONF
# A host's configuration has root's store in it, where no service can write.
mkdir -p /etc/postern/postern.conf.d
chmod 755 /etc/postern /etc/postern/postern.conf.d
echo URI=test:///default >/etc/postern/hv3.env
printf '[store]\nfolder=/var/lib/postern/records\n' >/etc/postern/postern.conf
chmod 644 /etc/postern/postern.conf
systemctl daemon-reload
systemctl enable -q --now postern-diagnose.socket postern-diagnose@hv3.socket \\
    postern-recover.socket postern-health.timer
"""


def _libraries(programs):
    """Those that the programs need and a guest may not have."""
    found = set()
    for program in programs:
        text = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
        found.update(path for path in re.findall(r"=> (/\S+)", text)
                     if not BASE.match(os.path.basename(path)))
    return found


def _pack(build, archive):
    """What `meson install` puts in its places, and the libraries in one of their own."""
    programs = [build / "host-sidecar" / name for name in ("postern", "posternd", "postern-recoverd")]
    places = {
        "usr/bin/postern": programs[0],
        "usr/sbin/posternd": programs[1],
        "usr/sbin/postern-recoverd": programs[2],
        "usr/lib/sysusers.d/postern.conf": ROOT / "systemd/postern.sysusers.conf",
        "usr/lib/tmpfiles.d/postern.conf": ROOT / "systemd/postern.tmpfiles.conf",
        "usr/lib/systemd/catalog/postern.catalog": ROOT / "systemd/postern.catalog",
    }
    for unit in ("postern-diagnose.socket", UNIT, "postern-diagnose@.socket", INSTANCE_UNIT,
                 "postern-recover.socket", RECOVER,
                 "postern-health.service", "postern-health.timer"):
        places[f"usr/lib/systemd/system/{unit}"] = ROOT / "systemd" / unit
    for library in _libraries(programs):
        places[f"usr/lib/postern-test/{os.path.basename(library)}"] = os.path.realpath(library)

    def owned(info):
        info.uid = info.gid = 0
        info.uname = info.gname = "root"
        info.mode = 0o755 if info.mode & 0o100 else 0o644
        return info

    with tarfile.open(archive, "w:gz", compresslevel=6) as tar:
        for place, path in places.items():
            tar.add(path, place, filter=owned)


def _last(user, told):
    messages = [json.loads(line.lstrip("\x1e")) for line in told.splitlines() if "{" in line]
    check(messages, f"the daemon says nothing to {user}: {told}")
    return messages[-1]


class _Host:
    """The guest, as a hypervisor's host."""

    def __init__(self, guest):
        self.guest = guest

    def show(self, name, unit=UNIT):
        """A property of a unit."""
        return self.guest.shell(f"systemctl show -P {name} {unit}").strip()

    def as_user(self, user, *words):
        """postern, run by that user: exit code and what it printed."""
        line = " ".join(("postern", "-c", TEST, *words))
        text = self.guest.shell(f"runuser -u {user} -- {line} >/tmp/out 2>/tmp/err </dev/null; "
                                "echo $?; cat /tmp/out; echo; cat /tmp/err")
        code, _, rest = text.partition("\n")
        return int(code), rest

    def proxy(self, user, method, params, socket):
        """What a door says to that user, by `postern proxy`, which waits for as long as it takes. In a
        slow guest the command itself would not wait for the daemon. Without a socket the command finds
        it."""
        frames = "".join(
            "\x1e" + json.dumps({"jsonrpc": "2.0", "id": f"{SESSION}-{number}", "method": name,
                                 "params": given}) + "\n"
            for number, (name, given) in enumerate(
                [("hello", {"session": SESSION, "protocol": [1]}), (method, params)]))
        text = base64.b64encode(frames.encode()).decode()
        # How it ends does not matter here: no message at all is a failure, and so is another one
        # than the caller of this expects.
        place = f"POSTERN_DIAGNOSE_SOCKET={socket}" if socket else "-u POSTERN_DIAGNOSE_SOCKET"
        return self.guest.shell(f"echo {text} | base64 -d | runuser -u {user} -- "
                                f"env {place} postern -c {TEST} proxy 2>&1 || true")

    def talk(self, user, method, params, socket=SOCKET):
        """The last message of that."""
        return _last(user, self.proxy(user, method, params, socket))

    def ask(self, user):
        """Its answer to a question about the domain."""
        return self.talk(user, "ask", {"domain": "test", "deadline_ms": 20000, "questions": [
            {"probe": "host", "args": {"watch_ms": 0}}]})

    def heal(self, user):
        """What becomes of that user's `heal` at the recovery door: the reason why not, or `shut`."""
        params = {"domain": "test", "deadline_ms": 20000}
        told = self.proxy(user, "heal", params, RECOVER_SOCKET)
        if "Permission denied" in told:
            return "shut"
        return _last(user, told).get("error", {}).get("data", {}).get("reason", "done")

    def until(self, what, holds, seconds=90):
        """Waits for it."""
        end = time.monotonic() + seconds
        while not holds():
            check(time.monotonic() < end, f"{what}: not within {seconds} s")
            time.sleep(0.5)

    def audited(self, user):
        """The audit records of that user, in the journal."""
        uid = self.guest.shell(f"id -u {user}").strip()
        # journalctl may fail where nothing matches. That it works, and finds what is there, is shown
        # by the records of the user who may ask, which are looked for first and have to be found.
        text = self.guest.shell(f"journalctl -o json POSTERN_UID={uid} || true")
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def _check_socket(host):
    check(host.show("ActiveState") == "inactive", "it runs before anybody called")
    code, told = host.as_user("alice", "probe", "test", "host", "watch_ms=0")
    check(code in (0, 1, 2, 3) and "via host" in told, f"a member of the group: {code}, {told}")
    check("result" in host.ask("alice"), "a member of the group")
    check(host.show("ActiveState") == "active", "the first caller did not start it")
    check(any(one["_SYSTEMD_UNIT"] == UNIT for one in host.audited("alice")),
          "the daemon recorded nothing")
    check(host.talk("alice", "list", {"deadline_ms": 20000})["result"] == {"domains": 1}, "the list")
    said = host.as_user("bob", "proxy")
    check(said[0] in (69, 77) and "Permission denied" in said[1], f"a stranger: {said}")
    check(not host.audited("bob"), "the daemon answered a stranger")
    text = host.guest.shell("journalctl -x -n 30 --no-pager -u " + UNIT)
    check("postern audit" in text or "asked" in text, f"the catalog says nothing: {text[-300:]}")


def _check_sandbox(host, context, unit, user):
    pid = host.show("MainPID", unit)
    status = dict(line.split(":\t", 1) for line in
                  host.guest.shell(f"cat /proc/{pid}/status").splitlines() if ":\t" in line)
    uid = host.guest.shell(f"id -u {user}").strip()
    check(status["Uid"].split() == [uid] * 4, f"{unit} runs as {status['Uid']}")
    check(status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", f"its sandbox: {status}")
    for name in "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb":
        check(int(status[name], 16) == 0, f"{name} is {status[name]}")
    text = host.guest.shell(f"systemd-analyze security --no-pager {unit} | tail -n 1")
    exposure = float(re.search(r"([0-9.]+) [A-Z]", text)[1])
    context.log(f"exposure of {unit}: {exposure}\n")
    print(f"systemd-analyze security {unit}: {exposure}", flush=True)
    check(exposure <= MAX_EXPOSURE, f"systemd finds {text}")


def _check_apart(host):
    """No service can put a socket in the place of another's, nor write to its store: it has a user of
    its own, and where it runs there is nothing else that could be written to."""
    users = ("postern-diagnose", "postern-recover", "postern-health", "postern-remote")
    check(len({host.guest.shell(f"id -u {user}").strip() for user in users}) == 4, "two have one user")
    for user in users:
        for socket in SOCKET, INSTANCE_SOCKET, RECOVER_SOCKET:
            code = host.guest.shell(f"runuser -u {user} -- mv -T {socket} {socket}.away 2>&1; echo $?")
            check("denied" in code and code.endswith("\n1\n"), f"{user} moves {socket}: {code}")
            host.guest.shell(f"test -S {socket}")
        for place in "/run/postern", "/run/postern-recover":
            host.guest.shell(f"! runuser -u {user} -- touch {place}/x 2>/dev/null")
        for other in {"postern-diagnose", "postern-recover", "postern-health"} - {user}:
            host.guest.shell(f"test -d /var/lib/{other} && "
                             f"! runuser -u {user} -- ls /var/lib/{other} 2>/dev/null")
        may = "!" if user == "postern-remote" else ""
        host.guest.shell(f"{may} runuser -u {user} -- touch /run/postern/turns/x 2>/dev/null")
        host.guest.shell("rm -f /run/postern/turns/x")
    # Root itself, where these services run.
    for unit, other in (UNIT, "postern-recover"), (RECOVER, "postern-diagnose"):
        where = f"/proc/{host.show('MainPID', unit)}/root"
        host.guest.shell(f"touch {where}/run/postern/turns/x && rm /run/postern/turns/x")
        for place in "/run/postern", "/run/postern-recover", f"/var/lib/{other}":
            # It has to fail, and for this reason: what it says is held against it.
            said = host.guest.shell(f"! touch {where}{place}/x 2>&1")
            check("Read-only file system" in said, f"{unit} can write to {place}: {said}")


def _check_recover(host):
    """The second door: by its own service and user, for its own group, by grants alone; the record is
    in a log of its own, which is verified with the others; what is not recorded is not done."""
    check(host.show("ActiveState", RECOVER) == "inactive", "it runs before anybody called")
    for user, said in (("alice", "shut"), ("bob", "shut"), ("carol", "not-allowed"),
                       ("postern-diagnose", "shut")):
        told = host.heal(user)
        check(told == said, f"{user} at the recovery door: {told}")
    check(host.show("ActiveState", RECOVER) == "active", "the first caller did not start it")
    said = host.as_user("carol", "proxy")
    check(said[0] in (69, 77) and "Permission denied" in said[1], f"carol at the other door: {said}")
    pid = host.show("MainPID", RECOVER)
    grants = "/etc/postern/postern.conf.d/heal.conf"
    host.guest.shell("printf '[grant a]\\nusers=carol\\ndomains=test\\nmethods=heal\\n' "
                     f">{grants}; chmod 644 {grants}; systemctl reload {RECOVER}")
    # libvirt's test driver has a domain without a recorder.
    host.until("a grant is taken up", lambda: host.heal("carol") == "path-shut")
    check(host.show("MainPID", RECOVER) == pid, "a reload started it anew")
    check("result" in host.ask("alice"), "a grant to heal takes from who asks")
    code, told = host.as_user("carol", "records", "test", "--heal")
    check(code == 3 and "no recorder" in told, f"the command by the door: {code}, {told}")
    acts = [(one["POSTERN_METHOD"], one["POSTERN_RESULT"]) for one in host.audited("carol")
            if one.get("_SYSTEMD_UNIT") == RECOVER]
    check(("heal", "not-allowed") in acts and acts[-2:] == [("heal", "asked"), ("heal", "path-shut")],
          f"the journal has {acts}")
    text = host.guest.shell("postern audit --verify")
    check("/var/lib/postern-recover/postern/audit.jsonl: intact" in text and
          "/var/lib/postern-diagnose/postern/audit.jsonl: intact" in text, f"the audit: {text}")
    log = "/var/lib/postern-recover/postern"
    host.guest.shell(f"mv {log} {log}.away; install -m 0400 /dev/null {log}")
    check(host.heal("carol") == "unavailable", "it is done although it can't be recorded")
    host.guest.shell(f"rm {log}; mv {log}.away {log}")
    check(host.heal("carol") == "path-shut", "nor afterwards")
    for how in "STOP", "KILL":
        pid = host.show("MainPID", RECOVER)
        host.guest.shell(f"kill -{how} {pid}")
        host.until(f"after SIG{how} it is there again",
                   lambda pid=pid: host.show("MainPID", RECOVER) not in ("0", pid) and
                   host.show("ActiveState", RECOVER) == "active")
        check(host.heal("carol") == "path-shut", f"after SIG{how} it does not answer")
    host.guest.shell("postern audit --verify --door recover")
    host.guest.shell(f"rm {grants}; systemctl reload {RECOVER}")


def _check_reload(host):
    pid = host.show("MainPID")
    grants = "/etc/postern/postern.conf.d/a.conf"
    host.guest.shell("printf '[grant a]\\nusers=alice\\ndomains=test\\nmethods=list\\n' "
                     f">{grants}; chmod 644 {grants}; systemctl reload {UNIT}")
    host.until("a grant is taken up", lambda: host.ask("alice").get("error", {}).get(
        "data", {}).get("reason") == "not-allowed")
    check("result" in host.talk("alice", "list", {"deadline_ms": 20000}), "what is granted is not")
    host.guest.shell(f"rm {grants}; systemctl reload {UNIT}")
    host.until("its end too", lambda: "result" in host.ask("alice"))
    check(host.show("MainPID") == pid, "a reload started it anew")


def _check_watchdog(host):
    """One that hangs is ended and started again, and so is one that is killed."""
    for how in "STOP", "KILL":
        pid = host.show("MainPID")
        host.guest.shell(f"kill -{how} {pid}")
        host.until(f"after SIG{how} it is there again",
                   lambda pid=pid: host.show("MainPID") not in ("0", pid) and
                   host.show("ActiveState") == "active")
        check("result" in host.ask("alice"), f"after SIG{how} it does not answer")
    check("watchdog" in host.guest.shell(f"journalctl --no-pager -u {UNIT}").lower(),
          "nobody says that the watchdog ended it")


def _check_comes_back(host):
    """A door is not shut for good by failures in a row, be it that the service is killed or that it can't
    start, and there is no busy loop meanwhile."""
    for unit, answers in (UNIT, lambda: "result" in host.ask("alice")), \
            (RECOVER, lambda: host.heal("carol") == "not-allowed"):
        host.guest.shell(f"""
            for _ in $(seq 10); do
                until pid=$(systemctl show -P MainPID {unit}) && [ "$pid" != 0 ]; do sleep 0.05; done
                kill -KILL $pid
                while [ "$(systemctl show -P MainPID {unit})" = $pid ]; do sleep 0.05; done
            done""")
        check(answers(), f"{unit} was killed ten times and does not answer")
    broken = "/etc/postern/postern.conf.d/b.conf"
    socket = "postern-diagnose.socket"
    host.guest.shell(f"echo '[daemon' >{broken}; chmod 644 {broken}; systemctl stop {UNIT}")
    # Nobody is answered, and who waits is not sent away.
    for _ in range(6):
        # 124: it waited for as long as it was let.
        host.guest.shell("timeout 2 runuser -u alice -- env "
                         f"POSTERN_DIAGNOSE_SOCKET={SOCKET} postern -c {TEST} proxy </dev/null; "
                         "[ $? = 124 ]")
    check(host.show("ActiveState") != "active", "it runs with a broken configuration")
    check(host.show("ActiveState", socket) == "active", f"the socket: {host.show('Result', socket)}")
    # Counted anew with each start that is none of systemd's own.
    starts = int(host.show("NRestarts"))
    # At most one for each two seconds, of a minute that a slow guest may have taken for this.
    check(1 <= starts <= 30, f"{starts} starts")
    host.guest.shell("rm " + broken)
    check("result" in host.ask("alice"), "it does not come back once the cause is gone")


def _check_end(host):
    host.guest.shell(f"systemctl stop {UNIT}")
    check(host.show("Result") == "success", f"its end: {host.show('Result')}")
    check(host.show("ActiveState", "postern-diagnose.socket") == "active", "the socket has gone")
    check("result" in host.ask("alice"), "nobody starts it again")
    host.guest.shell(f"systemctl stop {RECOVER}")
    check(host.show("Result", RECOVER) == "success", f"its end: {host.show('Result', RECOVER)}")
    host.guest.shell(f"systemctl stop postern-recover.socket {RECOVER}; test ! -e {RECOVER_SOCKET}")
    host.guest.shell("systemctl stop postern-diagnose.socket " + UNIT)
    # Fails where the socket's file is left, or nothing can be looked at.
    host.guest.shell("test -d /run/postern && test ! -e /run/postern/diagnose.sock")


def _check_timer(host):
    timers = host.guest.shell("systemctl list-timers --no-pager postern-health.timer")
    check("postern-health.service" in timers, f"the timer is not there: {timers}")
    host.guest.shell("systemctl start postern-health.service")
    check(host.show("Result", "postern-health.service") == "success", "the sweep failed")
    text = host.guest.shell("cat /var/cache/postern-health/postern.prom")
    # For the node exporter, which is nobody in particular.
    host.guest.shell("runuser -u bob -- test -r /var/cache/postern-health/postern.prom")
    check(text.endswith("# EOF\n") and 'domain="test"' in text, f"its metrics: {text[-200:]}")
    said = host.guest.shell("journalctl --no-pager -u postern-health.service")
    check("test" in said, f"what is wrong is not in the journal: {said}")
    check("can't be kept" not in said and "denied" not in said.lower(), f"it can't do all: {said}")
    for place in "health", "records":
        kept = host.guest.shell(f"find /var/lib/postern-health/postern/{place} -type f -user postern-health")
        check(kept, f"the sweep left nothing in {place}")
    host.guest.shell("test ! -e /var/lib/postern")


def _check_ssh(host):
    """What a qemu+ssh:// URI runs works in the sandbox, with a key that is not the service's to
    change."""
    host.guest.shell("""
        set -eu
        cd /var/lib/postern-remote/.ssh
        ssh-keygen -q -t ed25519 -N '' -f id_ed25519
        install -d -m 700 -o bob -g bob ~bob/.ssh
        install -m 600 -o bob -g bob id_ed25519.pub ~bob/.ssh/authorized_keys
        ssh-keyscan -t ed25519 127.0.0.1 2>/dev/null >known_hosts
        chgrp postern-remote id_ed25519 known_hosts
        chmod 640 id_ed25519 known_hosts
        systemctl stop postern-diagnose@hv3.service
        mkdir -p /run/systemd/system/postern-diagnose@hv3.service.d
        printf '[Service]\nType=oneshot\nRestart=no\nWatchdogSec=0\nExecReload=\nExecStart=\n%s\n' \
            'ExecStart=/usr/bin/ssh -o BatchMode=yes bob@127.0.0.1 id -un' \
            >/run/systemd/system/postern-diagnose@hv3.service.d/ssh.conf
        systemctl daemon-reload
        """)
    # ssh's end is the unit's, and what it printed in between is what counts: systemd may call a
    # service without a notification failed.
    host.guest.shell(f"systemctl start {INSTANCE} || true")
    said = host.guest.shell(f"journalctl -o cat --no-pager -u {INSTANCE}")
    check("\nbob\n" in said, f"ssh in the sandbox: {said[-800:]}")


def _check_instance(host, context):
    """A daemon for one more hypervisor, with a door of its own."""
    ask = ("list", {"deadline_ms": 20000}, INSTANCE_SOCKET)
    check(host.show("ActiveState", INSTANCE) == "inactive", "it runs before anybody called")
    check(host.talk("alice", *ask)["result"] == {"domains": 1}, "the list of the other hypervisor")
    check(host.show("ActiveState", INSTANCE) == "active", "the first caller did not start it")
    said = host.guest.shell(f"! runuser -u bob -- env POSTERN_DIAGNOSE_SOCKET={INSTANCE_SOCKET} "
                            "postern proxy </dev/null 2>&1")
    check("Permission denied" in said, f"a stranger: {said}")
    _check_sandbox(host, context, INSTANCE, "postern-remote")
    groups = host.guest.shell(f"grep ^Groups: /proc/{host.show('MainPID', INSTANCE)}/status").split()
    check(host.guest.shell("getent group libvirt").split(":")[2] not in groups, f"it is in {groups}")
    check("result" in host.talk("alice", "ask", {"domain": "test", "deadline_ms": 20000, "questions": [
        {"probe": "host", "args": {"watch_ms": 0}}]}, INSTANCE_SOCKET), "it can't ask")
    kept = host.guest.shell("find /var/lib/postern-remote/hv3/postern/records -type f -user postern-remote")
    check(kept, "it keeps nothing")
    # The command finds it by the configuration.
    host.guest.shell("printf '[daemon hv3]\nuri=test:///default\n' >>/etc/postern/postern.conf")
    host.guest.shell("systemctl stop " + INSTANCE)
    check("result" in host.talk("alice", *ask[:2], None), "by the configuration")
    check(host.show("ActiveState", INSTANCE) == "active", "another one was found")
    _check_ssh(host)
    host.guest.shell("systemctl stop " + INSTANCE + " postern-diagnose@hv3.socket")
    host.guest.shell(f"test ! -e {INSTANCE_SOCKET}")


def run(context):
    """Installs, and looks at one thing after the other."""
    host = _Host(context.guest)
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "installed.tar.gz"
        _pack(context.lab.build, archive)
        context.guest.push(archive, "/root/installed.tar.gz")
    context.guest.script_text(SETUP)
    _check_socket(host)
    _check_recover(host)
    for unit in UNIT, RECOVER:
        _check_sandbox(host, context, unit, unit.removesuffix(".service"))
    _check_reload(host)
    _check_watchdog(host)
    _check_timer(host)
    _check_apart(host)
    _check_instance(host, context)
    _check_comes_back(host)
    _check_end(host)
