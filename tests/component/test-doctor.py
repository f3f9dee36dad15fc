#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`doctor` over libvirt's own test driver, with daemons and without.
Usage: test-doctor.py POSTERN POSTERND [TEST…]"""

import json
import os
import socket
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
from daemonlib import FOLDER, NOBODY, SOCKET, TEST, as_user, daemon, main, postern, records
from taplib import Skip, check

UUID = "3a4f5d6e-1111-4222-8333-444455556666"
PORT = "<channel type='{}'>{}<target type='virtio' name='{}'/></channel>"
SHIM = PORT.format("unix", "", "org.postern.shim.0")
AGENT = PORT.format("unix", "", "org.qemu.guest_agent.0")


def recorder(name, append="append='on'"):
    source = f"<source path='/nowhere/{name}' {append}/>"
    return PORT.format("file", source, "org.postern.recorder.0")


POOL = "<pool type='dir'><name>postern</name><target><path>/nowhere</path></target></pool>"
SOUND = SHIM + AGENT + recorder(UUID + ".records")


def hypervisor(devices=SOUND, pool=POOL):
    """The URI of one whose only domain, `web`, has these devices."""
    path = FOLDER + "/node.xml"
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"<node><domain type='test'><name>web</name><uuid>{UUID}</uuid><memory>8192"
                   f"</memory><os><type>hvm</type></os><devices>{devices}</devices></domain>{pool}"
                   "</node>")
    return f"test://{path}"


def doctor(*words, code=1, uri=TEST, says="", **more):
    """The reports, by what they are of: `host` and the domains' names."""
    done = postern("doctor", *words, "--json", LIBVIRT_DEFAULT_URI=uri, **more)
    check(done.returncode == code and says in done.stderr, words, done)
    check(says or not done.stderr, words, done)
    told = json.loads(done.stdout)
    return {row.get("name", row["subject"]): row["report"] for row in told["reports"]}


def found(report):
    return {finding["id"][len("doctor."):] for finding in report["findings"]}


def verdicts(report, verdict):
    return {check["id"][len("doctor."):] for check in report["data"]["checks"]
            if check["verdict"] == verdict}


# ---- the domain

NONE = {"no-channel", "channel-not-kept", "no-agent-channel", "agent-channel-not-kept",
        "no-recorder", "recorder-not-kept", "could-not-look"}


def test_bare_domain():
    """All that its definition lacks is named, with what attaches it; what no guest was asked for is
    unknown, and never well."""
    report = doctor("test")["test"]
    check(found(report) == NONE, report)
    channel, = [row for row in report["findings"] if row["id"] == "doctor.no-channel"]
    check(channel["remedy"] == "echo \"<channel type='unix'><target type='virtio' "
          "name='org.postern.shim.0'/></channel>\" | virsh -c test:///default attach-device test "
          "/dev/stdin --config; then stop it and start it, for none of its virtio-serial controllers "
          "has a free port", channel)
    unknown = verdicts(report, "unknown")
    check({"unit-masked", "program-missing", "confined", "old-shim"} <= unknown, unknown)
    check(report["data"]["guest"]["problem"].startswith("no path to the guest answered"), report)
    check([line for line in records() if line["method"] == "doctor"], "it is in the audit")


def test_defined_domain():
    """Of one that has it all nothing is accused. libvirt's test driver says of no port who holds
    it: that is unknown too."""
    report = doctor("web", uri=hypervisor())["web"]
    check(found(report) == {"could-not-look"}, report)
    check({"port-held-by-nobody", "agent-absent", "recorder-silent"} <= verdicts(report, "unknown"),
          report)
    check({"no-channel", "recorder-not-kept", "recorder-elsewhere", "recorder-emptied"} <=
          verdicts(report, "ok"), report)
    check(report["data"]["domain"]["live"]["recorder"] is True, report)


def test_wrong_recorder():
    for devices, wrong in ((SHIM + AGENT + recorder("else.records"), "recorder-elsewhere"),
                           (SHIM + AGENT + recorder(UUID + ".records", ""), "recorder-emptied")):
        report = doctor("web", uri=hypervisor(devices))["web"]
        check(found(report) == {wrong, "could-not-look"}, report)


def test_other_words():
    uri = hypervisor()
    check(postern("doctor", "nosuch").returncode == 68, "no such domain")
    check(postern("doctor", "a", "b").returncode == 64, "two domains")
    done = postern("probe", "test", "doctor")
    check(done.returncode == 64 and "say postern doctor DOMAIN" in done.stderr, done)
    done = postern("doctor", "web", LIBVIRT_DEFAULT_URI=uri)
    head = "web: nothing stands in the way as far as is known; "
    check(done.returncode == 1 and done.stdout.startswith(head), done)
    check("\nhost: 1 thing stands in the way\n" in done.stdout, done)


def test_all_domains():
    """The host whole, and a line each."""
    done = postern("doctor")
    check((done.returncode, done.stderr) == (1, ""), done)
    lines = done.stdout.splitlines()
    check(lines[0] == "host: 1 thing stands in the way", done)
    check(lines[-1].startswith("test: 6 things stand in the way, "), done)
    check("; first: the running domain has no channel" in lines[-1], done)
    check([line for line in lines if line.startswith("test:")] == lines[-1:], done)
    check(set(doctor()) == {"host", "test"}, "as JSON")


def test_profile():
    """Lines of a script that cut a path are named; that there is none proves nothing, and is no
    obstacle."""
    path = FOLDER + "/stig.sh"
    with open(path, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\n# systemctl mask postern-shim\nsystemctl mask --now postern-shim\n")
    report = doctor("web", "--profile", path, uri=hypervisor())[path]
    cut, = report["findings"]
    check(cut["id"] == "doctor.profile-cuts" and cut["message"].startswith("line 3: "), report)
    with open(path, "w", encoding="utf-8") as file:
        file.write("chmod 0440 /etc/sudoers\n")
    done = postern("doctor", "--profile", path)
    check(done.stdout.startswith(f"{path}: nothing stands in the way\nhost: "), done)
    check(postern("doctor", "--profile", FOLDER + "/none").returncode == 66, "no such file")


# ---- the host

def test_pool():
    report = doctor("test")["host"]
    check("pool-missing" in found(report), report)
    report = doctor("web", uri=hypervisor())["host"]
    check(found(report) == {"daemon-absent", "pool-no-autostart"}, report)


def test_no_libvirt():
    """It is named, and the rest is unknown; nothing is well."""
    told = doctor("web", uri="qemu+unix:///system?socket=/nowhere")
    check("libvirt-unreachable" in found(told["host"]), told)
    check(not verdicts(told["web"], "ok") - {"daemon-blind"}, told)
    check(set(doctor(uri="qemu+unix:///system?socket=/nowhere")) == {"host"}, "the host alone")


def test_configuration():
    path = FOLDER + "/faulty.conf"
    with open(path, "w", encoding="utf-8") as file:
        file.write("[store\n")
    report = doctor("test", "--no-daemon", POSTERN_CONFIG=path, says="")["host"]
    check("config-faulty" in found(report), report)


def test_daemon():
    """One that serves the hypervisor, one that is gone, and none."""
    absent = doctor("test")["host"]
    check("daemon-absent" in found(absent), absent)
    with daemon():
        os.chmod(SOCKET, 0o660)
        told = doctor("test")
        check(found(told["host"]) == {"pool-missing"}, told["host"])
        check(told["host"]["data"]["host"]["diagnose"]["answers"] is True, told["host"])
        check(told["test"]["data"]["domain"]["by_daemon"] is True, told["test"])
        os.chmod(SOCKET, 0o666)
        check("socket-mode" in found(doctor("test")["host"]), "a socket for all")
        check(not found(doctor("test", "--no-daemon")["host"]) - {"pool-missing"}, "not asked")
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(SOCKET)
    try:
        os.chmod(SOCKET, 0o660)
        report = doctor("test")["host"]
        check("daemon-silent" in found(report), report)
    finally:
        os.unlink(SOCKET)


def as_other(uid, **more):
    """What a user of that number is told of `test`, who can't write to the audit log."""
    return json.loads(as_user(uid, lambda: json.dumps(
        doctor("test", says="postern: ", XDG_STATE_HOME="/nowhere", **more))))


def test_other_users():
    """One whom the daemon's socket keeps out, and one to whom its grants show no such domain."""
    if os.geteuid() != 0:
        raise Skip("needs root for other users")
    path = FOLDER + "/blind.conf"
    with open(path, "w", encoding="utf-8") as file:
        file.write("[grant other]\nusers=61003\ndomains=other-*\nmethods=list;ask\n")
    os.chmod(FOLDER, 0o711)
    with daemon(POSTERN_CONFIG=path):
        os.chmod(SOCKET, 0o660)
        report = as_other(NOBODY)["host"]
        shut, = [row for row in report["findings"] if row["id"] == "doctor.daemon-shut"]
        check(shut["severity"] == "information", "the command asks libvirt itself", shut)
        os.chmod(SOCKET, 0o666)
        check("daemon-blind" in found(as_other(61003)["test"]), "it lists other domains alone")


if __name__ == "__main__":
    main(sys.modules[__name__])
