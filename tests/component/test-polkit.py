#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Polkit rules against a libvirtd that asks them: each service's user gets what its service needs,
without a refusal in libvirtd's log, and no more. Usage: test-polkit.py POSTERN POSTERND SYSTEMD_FOLDER
[TEST…]"""

import contextlib
import ctypes
import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
from daemonlib import (DAEMON, FOLDER, ISOLATED, POSTERN, RECOVERD, Caller, answers, as_user,
                       leaks_of_its_own, main)
from polkitlib import POOL, URI, Host, run_as
from taplib import Skip, check

SYSTEMD = os.path.abspath(sys.argv[2])
del sys.argv[2]
UUID = "3a4f5d6e-1111-4222-8333-444455556666"
RECORDER = f"{POOL}/{UUID}.records"
# It has firmware and nothing to boot: who asks it gets no answer, by any way.
DOMAIN = f"""<domain type='qemu'><name>web</name><uuid>{UUID}</uuid><memory unit='MiB'>32</memory>
<os><type arch='x86_64' machine='pc'>hvm</type></os><devices>
<controller type='usb' model='none'/><controller type='virtio-serial' index='0'/>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{FOLDER}/web.qcow2'/>
<target dev='vda' bus='virtio'/></disk>
<serial type='pty'><log file='{POOL}/web.console' append='on'/></serial>
<channel type='unix'><target type='virtio' name='org.postern.shim.0'/></channel>
<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
<channel type='file'><source path='{RECORDER}' append='on'/>
<target type='virtio' name='org.postern.recorder.0'/></channel>
<video><model type='none'/></video><memballoon model='none'/></devices></domain>"""
USERS = ["postern-diagnose", "postern-health", "postern-recover"]
# What no door has a method for, and no rule gives. Not here: what libvirt counts to domain.write, which
# the guest agent and the recorder's device need, as QEMU's monitor and other changes of a guest that
# runs.
# What the recovery door's button and snapshots are for, and its evidence; who may start may start what
# is defined so.
BUTTON = [["destroy", "web"], ["shutdown", "web"], ["reboot", "web"], ["reset", "web"],
          ["screenshot", "web", "/run/picture"], ["snapshot-create", "web"],
          ["create", FOLDER + "/other.xml"]]
CHANGES = [["suspend", "web"], ["undefine", "web"], ["define", FOLDER + "/other.xml"],
           ["managedsave", "web"], ["dump", "web", "/run/dump"],
           ["setmem", "web", "16M", "--config"], ["setvcpus", "web", "1", "--config"],
           ["send-key", "web", "KEY_A"], ["domrename", "web", "else"],
           ["node-memory-tune", "--shm-pages-to-scan", "7"], ["allocpages", "2M", "0"],
           ["vol-delete", f"{UUID}.records", "--pool", "postern"], ["pool-destroy", "postern"],
           ["vol-create-as", "postern", "other", "1M"], ["pool-undefine", "postern"],
           ["pool-define-as", "other", "dir", "--target", "/run"]]
hosts = []


def the_host():
    """Made once, with its guest."""
    if os.geteuid() != 0 or not ISOLATED:
        raise Skip("needs root and a mount namespace, for other users and a libvirtd of its own")
    if not hosts:
        os.chmod(FOLDER, 0o711)
        host = Host(FOLDER, SYSTEMD)
        hosts.append(host)
        for name in "web", "other":
            with open(f"{FOLDER}/{name}.xml", "w", encoding="utf-8") as file:
                file.write(DOMAIN if name == "web" else DOMAIN.replace(UUID, UUID[:-1] + "7").replace(
                    "<name>web", "<name>other"))
            os.chmod(file.name, 0o644)
        os.mkdir(POOL)
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", FOLDER + "/web.qcow2", "1M"],
                       check=True, timeout=60)
        host.virsh("root", "pool-define-as", "postern", "dir", "--target", POOL)
        host.virsh("root", "pool-start", "postern")
        host.virsh("root", "define", FOLDER + "/web.xml")
        host.virsh("root", "start", "web")
    return hosts[0]


def place(user):
    """That user's own folder."""
    path = f"{FOLDER}/{user}"
    if not os.path.exists(path):
        os.mkdir(path)
        shutil.chown(path, user)
    return path


def started(user, *words):
    """What Popen and run are told, for a program that keeps what it keeps in the user's folder."""
    path = place(user)
    return run_as(user, *words, HOME=path, XDG_STATE_HOME=path, XDG_RUNTIME_DIR=path,
                  POSTERN_STORE=path + "/records", POSTERN_DIAGNOSE_SOCKET=path + "/none",
                  POSTERN_RECOVER_SOCKET=path + "/none")


@contextlib.contextmanager
def served(user, program):
    """The path of the socket of a daemon that runs as the user."""
    path = place(user) + "/door.sock"
    words = [*leaks_of_its_own(program), "--connect", URI, "--socket", path]
    with subprocess.Popen(**started(user, *words)) as process:
        try:
            end = time.monotonic() + 30
            while not answers(path):
                check(process.poll() is None and time.monotonic() < end, "it does not start")
                time.sleep(0.05)
            yield path
        finally:
            process.send_signal(signal.SIGTERM)
            check(process.wait(30) == 0, "its end", process.returncode)


def postern(user, *words):
    return subprocess.run(**started(user, POSTERN, "-c", URI, *words), capture_output=True,
                          text=True, timeout=120, check=False)


@contextlib.contextmanager
def unrefused(host, ports=0):
    """Of what is done in it libvirtd refuses nothing, but at most so often QEMU's own events."""
    before = len(host.refused())
    yield
    said = host.refused()[before:]
    calls = re.findall(r" : (\w+)EnsureACL:", "".join(said))
    check(len(calls) <= ports and len(said) == 2 * len(calls), said)
    check(set(calls) <= {"virConnectDomainQemuMonitorEventRegister"}, said)


def patiently(attempt, *words):
    """What comes of it: once more as long as a busy machine has libvirt answer late."""
    end = time.monotonic() + 120
    while True:
        done = attempt(*words)
        if "did not answer" not in str(done) or time.monotonic() > end:
            return done


def call(path, method, **params):
    """Its parts, where the method is answered."""
    caller = Caller(path)
    caller.socket.settimeout(90)
    parts, answer = caller.call(method, {"deadline_ms": 30000, **params})
    check("result" in answer, answer)
    return [part["params"] for part in parts]


def ask(path, probe, **args):
    """The only answer to a question."""
    part, = patiently(lambda: call(path, "ask", domain="web",
                                   questions=[{"probe": probe, "args": args}]))
    return part["answer"]


def shim_opened():
    """What libvirt says to opening the shim's channel, as a conversation with it does."""
    libvirt = ctypes.CDLL("libvirt.so.0")
    for name in "virConnectOpen", "virDomainLookupByName", "virStreamNew":
        getattr(libvirt, name).restype = ctypes.c_void_p
    connection = ctypes.c_void_p(libvirt.virConnectOpen(URI.encode()))
    domain = ctypes.c_void_p(libvirt.virDomainLookupByName(connection, b"web"))
    stream = ctypes.c_void_p(libvirt.virStreamNew(connection, 0))
    return str(libvirt.virDomainOpenChannel(domain, b"org.postern.shim.0", stream, 0))


def test_control():
    """What is not allowed is refused, and what libvirtd writes of it is found."""
    host = the_host()
    check(not host.refused(), host.refused())
    for words in ["list"], ["destroy", "web"]:
        before = len(host.refused())
        done = host.virsh("nobody", *words, code=None)
        check(done.returncode != 0 and len(host.refused()) > before, done, host.refused()[before:])


def test_reading_door():
    host = the_host()
    with unrefused(host), served("postern-diagnose", DAEMON) as path:
        parts = patiently(call, path, "list")
        check([part["domain"]["name"] for part in parts] == ["web"], parts)
        # Its counters, its console, its recorder's volume.
        for watch_ms in 0, 500:
            report = ask(path, "host", watch_ms=watch_ms)["report"]
            check(report["data"]["state"] == "running" and report["data"]["memory"], report)
            check("could-not-look" not in json.dumps(report), report)
        answer = ask(path, "system")
        check([(one["via"], one["reason"]) for one in answer["attempts"]] ==
              [("channel", "no shim holds the channel open"), ("agent", "no guest agent runs"),
               ("agent-builtin", "no guest agent runs"),
               ("volume", "its recorder has written nothing"),
               ("host", "the guest runs, and no process in it holds the shim's port or the agent's")],
              answer)
        parts = patiently(call, path, "health")
        check([part["domain"]["condition"] for part in parts] == ["silent"], parts)


def test_paths():
    """Both ways to a guest that answers are open to each of the users; in this one nobody answers."""
    host = the_host()
    for user in USERS:
        with unrefused(host):
            account = pwd.getpwnam(user)
            groups = os.getgrouplist(user, account.pw_gid)
            check(as_user(account.pw_uid, shim_opened, groups) == "0", user, "the channel")
            done = host.virsh(user, "qemu-agent-command", "web", '{"execute":"guest-ping"}', code=1)
            check("agent is not connected" in done.stderr, done)


def test_sweep():
    host = the_host()
    for user in "postern-health", "postern-diagnose":
        with unrefused(host):
            done = patiently(postern, user, "health", "--all", "--deadline", "30s")
            check(done.returncode == 3 and "silent     the guest runs" in done.stdout, done)
            done = patiently(postern, user, "records", "web")
            check((done.returncode, done.stderr) == (0, ""), done)
            check("1 parts" in done.stdout, done)
            done = patiently(postern, user, "diagnose", "web")
            check("via host" in done.stdout and not done.stderr, done)


def test_watch():
    """However many watch, QEMU's own events are asked for once."""
    host = the_host()
    with unrefused(host, ports=1), served("postern-diagnose", DAEMON) as path:
        for _ in range(3):
            caller = Caller(path)
            caller.socket.settimeout(90)
            caller.send("watch", {"domains": ["web"]})
            event = caller.read()["params"]["event"]
            check(event["event"] == "not-listening", event)
            for act, told in ("suspend", "paused"), ("resume", "resumed"):
                host.virsh("root", act, "web")
                while caller.read()["params"]["event"]["event"] != told:
                    pass
            caller.socket.close()
            # The events are given back, and had anew for the next.
            time.sleep(1)


def wait(host):
    """One command, which asks for them once."""
    with unrefused(host, ports=1):
        return postern("postern-diagnose", "wait", "web", "--for", "shim", "--deadline", "5s")


def test_wait():
    done = patiently(wait, the_host())
    check(done.returncode == 3 and "no shim holds the channel open" in done.stdout, done)


def test_recovery_door():
    host = the_host()
    with unrefused(host), served("postern-recover", RECOVERD) as path:
        for _ in range(2):
            caller = Caller(path)
            caller.socket.settimeout(90)
            _, answer = caller.call("heal", {"domain": "web", "deadline_ms": 60000})
            check(answer["error"]["message"].startswith("the device was attached anew, and"), answer)
    check("org.postern.recorder.0" in host.virsh("root", "dumpxml", "web").stdout, "the device is gone")


def test_power_button():
    """With its evidence, in a folder of the service's own."""
    host = the_host()
    with unrefused(host), served("postern-recover", RECOVERD) as path:
        caller = Caller(path)
        caller.socket.settimeout(90)
        _, answer = caller.call("power", {"domain": "web", "deadline_ms": 60000, "action": "cycle"})
        check("result" in answer, answer)
        told = answer["result"]
        check([step["step"] for step in told["power"]["steps"]] == ["hard", "start"], told)
        check(os.path.exists(told["bundle"]["path"] + "/manifest.json"), told)
    check(host.virsh("root", "domstate", "web").stdout.split() == ["running"], "it is not back")


def test_snapshot():
    """Made and reverted to with memory, and of the disks only, in a file beside them."""
    host = the_host()
    with unrefused(host), served("postern-recover", RECOVERD) as path:
        for method, params in (("snapshot", {"name": "before"}), ("revert", {"snapshot": "before"}),
                               ("snapshot", {"name": "beside", "disk_only": True})):
            caller = Caller(path)
            caller.socket.settimeout(90)
            _, answer = caller.call(method, {"domain": "web", "deadline_ms": 60000, **params})
            check("result" in answer, answer)
            done = answer["result"]["snapshot"]
            check(done["snapshot"]["current"] is True and
                  done["state_after"].startswith("running"), done)
        _, answer = Caller(path).call("snapshots", {"domain": "web", "deadline_ms": 30000})
        check([(row["name"], row["holds"], row["kind"]) for row in answer["result"]["snapshots"]] ==
              [("before", "memory", "internal"), ("beside", "disks", "external")], answer)
    host.virsh("root", "snapshot-delete", "web", "beside", "--metadata")
    host.virsh("root", "snapshot-delete", "web", "before", "--metadata")


# A domain of nothing that a guest needs, and nothing of postern's.
BARE = """<domain type='qemu'><name>bare</name><uuid>3a4f5d6e-1111-4222-8333-444455556669</uuid>
<memory unit='MiB'>32</memory><os><type arch='x86_64' machine='pc'>hvm</type></os><devices>
<controller type='usb' model='none'/><controller type='virtio-serial' index='0'/>
<graphics type='vnc' port='5990' listen='127.0.0.1' passwd='secret'/>
<video><model type='none'/></video><memballoon model='none'/></devices></domain>"""
RULE = "/etc/polkit-1/rules.d/10-enroll.rules"


def definitions(host):
    return [host.virsh("root", "dumpxml", "bare", *words).stdout
            for words in ([], ["--inactive", "--security-info"])]


def permit(host, without=""):
    """The rule that the docs have, for postern-recover, whose own it comes before; without one right."""
    with open(f"{SYSTEMD}/../docs/enroll.md", encoding="utf-8") as file:
        text = re.search(r"^polkit.addRule.*?^}\);$", file.read(), re.M | re.S).group(0)
    check('"alice"' in text, text)
    os.makedirs(os.path.dirname(RULE), exist_ok=True)
    with open(RULE, "w", encoding="utf-8") as file:
        file.write(text.replace("alice", "postern-recover").replace(f'"{without}",', "") + "\n")
    os.chmod(RULE, 0o644)
    # polkitd watches the folder, and reads it again when it is still.
    time.sleep(3)
    host.virsh("postern-recover", "version")


def enroll(verb, code, *words):
    done = postern("postern-recover", verb, "bare", "--yes", "--json", *words)
    check(done.returncode == code, done)
    return {step["step"]: step["state"] for step in json.loads(done.stdout)["steps"]}


def test_enroll():
    """The rule in the docs is what it takes, and who lacks the right to a definition changes nothing. The
    devices come and go, live and lasting, and what libvirt keeps secret stays."""
    host = the_host()
    with open(FOLDER + "/bare.xml", "w", encoding="utf-8") as file:
        file.write(BARE)
    host.virsh("root", "define", FOLDER + "/bare.xml")
    host.virsh("root", "start", "bare")
    before = definitions(host)
    done = postern("postern-recover", "enroll", "bare", "--yes")
    check(done.returncode == 77 and "nothing was changed: " in done.stderr and
          done.stderr.count("\n") == 1 and definitions(host) == before, done)
    permit(host)
    with unrefused(host):
        states = enroll("enroll", 1, "--no-video")
        check(states == {"channel": "done", "recorder": "done", "panic": "later",
                         "package": "administrator", "unit": "administrator", "proof": "not-reached"},
              states)
        states = enroll("enroll", 1, "--no-video")
        check(list(states.values())[:3] == ["there"] * 3, states)
        live, lasting = definitions(host)
        for name in "org.postern.shim.0", "org.postern.recorder.0":
            check(name in live and name in lasting, live, lasting)
        check("<panic" in lasting and "passwd='secret'" in lasting, lasting)
        states = enroll("unenroll", 0)
        check(states == {"package": "there", "panic": "later", "recorder": "done", "channel": "done"},
              states)
    after = definitions(host)
    check([re.sub(r"\s*<metadata/>", "", text) for text in after] == before, before, after)
    # Without the passwords the definition can't be written anew, and what was attached is told.
    permit(host, without="org.libvirt.api.domain.read-secure")
    states = enroll("enroll", 2, "--no-video")
    check((states["channel"], states["panic"], states["package"]) == ("done", "failed", "administrator"),
          states)
    permit(host)
    check(enroll("unenroll", 0)["channel"] == "done", "what was done before the failure is undone")
    check([re.sub(r"\s*<metadata/>", "", text) for text in definitions(host)] == before, "it is as before")
    os.unlink(RULE)
    time.sleep(3)
    host.virsh("root", "destroy", "bare")
    host.virsh("root", "undefine", "bare")


def test_no_more():
    """Nobody of them can do what no door has a method for."""
    host = the_host()
    for user in USERS:
        before = len(host.refused())
        changes = CHANGES + (BUTTON if user != "postern-recover" else [])
        done = host.virsh(user, "; ".join(" ".join(words) for words in changes), code=None)
        check(done.stderr.count("error: access denied") == len(changes), user, done.stderr)
        check(len(host.refused()) - before >= 2 * len(changes), user, host.refused()[before:])
    check(host.virsh("root", "domstate", "web").stdout.split() == ["running"], "it was changed")


if __name__ == "__main__":
    # Ended from without, it ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        main(sys.modules[__name__])
    finally:
        for made in hosts:
            made.end()
