#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The recovery door over libvirt's own test driver: what is recorded when, what is refused, and the
command's way to it. Usage: test-recover-door.py POSTERN POSTERND HOLD_ACT [TEST…]"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
from daemonlib import (DAEMON, FOLDER, NOBODY, POSTERN, RECOVER, RECOVERD, TEST, Caller, as_user,
                       environment, file_text, main, recoverd, records)
from taplib import Skip, check

HOLD_ACT = os.path.abspath(sys.argv[2])
del sys.argv[2]
HYPERVISOR = FOLDER + "/hypervisor.xml"
URI = "test://" + HYPERVISOR
LOG = FOLDER + "/acts"
UUID = "6695eb01-f6a4-8304-79aa-97f2502e193f"
HEAL = {"domain": "web", "deadline_ms": 8000}
REVERT = {"domain": "web", "deadline_ms": 11000, "snapshot": "before",
          "without_forensics": "a test"}
# What libvirt calls that changes anything, of a guest or of the host.
CHANGING = re.compile(r"virDomain(Attach|Detach|Update|Set|Create|Define|Undefine|Destroy|Shutdown|"
                      r"Reboot|Reset|Suspend|Resume|Save|Restore|Migrate|Inject|Send|Revert|Snapshot|"
                      r"Checkpoint|Block|Rename|Managed|PM|Interface|FS|Add|Del|Abort|CoreDump|Pin)|"
                      r"vir(StorageVol|StoragePool|Network|Secret|NodeDevice|NWFilter)"
                      r"(Create|Define|Delete|Destroy|Undefine|Wipe|Upload|Resize|Build|Set)|"
                      r"virDomainQemuMonitorCommand|virDomainLxc")


def write_hypervisor():
    """A domain with a recorder, whose device the test driver can't attach: HOLD_ACT does. With a
    snapshot, which it could revert to: HOLD_ACT does not."""
    definition = f"""<name>web</name><uuid>{UUID}</uuid>
<memory>1024</memory><os><type>hvm</type></os><devices>
<controller type='virtio-serial' index='0'/>
<channel type='file'><source path='/nowhere/{UUID}.records' append='on'/>
<target type='virtio' name='org.postern.recorder.0'/></channel></devices>"""
    with open(HYPERVISOR, "w", encoding="utf-8") as file:
        file.write(f"""<node><domain type='test'
xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>{definition}<test:domainsnapshot>
<name>before</name><state>running</state><creationTime>1700000000</creationTime>
<domain type='test'>{definition}</domain><active>0</active></test:domainsnapshot></domain></node>""")


write_hypervisor()


def acts():
    return file_text(LOG).splitlines() if os.path.exists(LOG) else []


def forget():
    if os.path.exists(LOG):
        os.unlink(LOG)


def held(**more):
    """A door whose act is written down, and ends if it may."""
    forget()
    return recoverd(uri=URI, LD_PRELOAD=HOLD_ACT, ACT_LOG=LOG, **more)


def until(what, holds):
    end = time.monotonic() + 20
    while not holds():
        check(time.monotonic() < end, what)
        time.sleep(0.02)


def postern(*words, uri=URI, **more):
    return subprocess.run([POSTERN, "-c", uri, *words], env=environment(**more), text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)


def audit_path():
    records()  # is skipped where they can't be read
    return "/var/log/postern/audit.jsonl" if os.geteuid() == 0 else \
        FOLDER + "/state/postern/audit.jsonl"


def intact():
    done = subprocess.run([POSTERN, "audit", "--verify", "--file", audit_path()], check=False,
                          env=environment(), capture_output=True, text=True, timeout=60)
    return done.returncode == 0, done


def test_no_code():
    """The read-only door's program has nothing that changes a guest: not even what calls it."""
    found = {}
    for program in DAEMON, RECOVERD:
        done = subprocess.run(["nm", "-D", "--undefined-only", program], capture_output=True,
                              check=True, text=True, timeout=60)
        names = {line.split()[-1].split("@")[0] for line in done.stdout.splitlines()}
        check("virDomainOpenChannel" in names, program, "nm tells nothing")
        found[program] = {name for name in names if CHANGING.match(name)}
    check(not found[DAEMON], found)
    check(found[RECOVERD] == {
        "virDomainAttachDeviceFlags", "virDomainDetachDeviceAlias", "virDomainCreateWithFlags",
        "virDomainDestroyFlags", "virDomainReboot", "virDomainReset", "virDomainShutdownFlags",
        "virDomainRevertToSnapshot", "virDomainSnapshotCreateXML",
        # Of snapshots; these only look.
        "virDomainSnapshotFree", "virDomainSnapshotGetXMLDesc", "virDomainSnapshotIsCurrent",
        "virDomainSnapshotLookupByName"}, found)


def test_hello():
    with recoverd():
        caller = Caller(RECOVER)
        check(caller.hello["uri"] == TEST and caller.hello["capabilities"] == [
            "heal", "power", "exec", "exec-page", "exec-signal", "exec-send", "exec-list",
            "snapshots", "snapshot", "revert"], caller.hello)


def test_recorded_before():
    """The record is on the disk when the act begins, and its outcome when the caller is answered."""
    path = audit_path()
    with held():
        before = len(records())
        _, answer = Caller(RECOVER).call("heal", HEAL)
        # There is no storage that could be looked at.
        check(answer["error"]["message"].startswith("the device was attached anew, and"), answer)
        said = acts()
        at = said.index("acted web")
        check(f"synced {path}" in said[:at], said)
        check(f"synced {path}" in said[at:], said)
        first, last = records()[before:]
        for line in first, last:
            check((line["method"], line["guest"], line["uuid"], line["probe"], line["uid"]) ==
                  ("heal", "web", UUID, "recorder-heal", os.geteuid()), line)
            check(line["pid"] == os.getpid(), line)
        check((first["result"], first["args"]) == ("asked", {"done": False}), first)
        check((last["result"], last["args"]) == ("path-shut", {"done": False}), last)
    check(*intact())


def test_meant():
    """Who says which guest is meant has no other one changed that is called so by now."""
    with held():
        before = len(records())
        other = UUID.replace("6695", "7795")
        for method, params in ("heal", HEAL), ("revert", REVERT):
            _, answer = Caller(RECOVER).call(method, dict(params, uuid=other))
            check("another domain is called so by now" in answer["error"]["message"] and
                  answer["error"]["data"]["reason"] == "no-domain", answer)
        check(not any(line.startswith("acted") for line in acts()), acts())
        Caller(RECOVER).call("heal", dict(HEAL, uuid=UUID))
        check("acted web" in acts(), acts())
        lines = records()[before:]
        check([line["result"] for line in lines[:2]] == ["no-domain"] * 2 and len(lines) == 4, lines)
        check(all("uuid" not in line["args"] and line["uuid"] == UUID for line in lines), lines)
        _, answer = Caller(RECOVER).call("heal", dict(HEAL, uuid=5))
        check(answer["error"]["data"]["reason"] == "invalid-params", answer)


def test_killed_in_the_act():
    """Killed right after it began: that it was to be done is there, and the chain is whole."""
    audit_path()
    for _ in range(5):
        before = len(records())
        with held(ACT_HELD="1", end=None) as process:
            caller = Caller(RECOVER)
            caller.send("heal", HEAL)
            until("it does not begin", lambda: "acted web" in acts())
            process.kill()
            process.wait(20)
            check(caller.read() is None, "answered by a dead one")
            line, = records()[before:]
            check((line["probe"], line["result"], line["guest"]) == ("recorder-heal", "asked", "web"),
                  line)
            check(*intact())
        # It left its socket; the next one takes its place.
        with held():
            check("path-shut" in str(Caller(RECOVER).call("heal", HEAL)), "the next one")
            check(*intact())


def test_unwritable():
    """Nothing is done that can't be written down; who asked is told so, and so is the journal."""
    folder = tempfile.mkdtemp(dir=FOLDER)
    os.chmod(FOLDER, 0o711)
    # A file where the folder of the log should be: not even root writes there.
    if os.geteuid() == 0:
        records()
        os.rename("/var/log/postern", "/var/log/postern-away")
        blocked = "/var/log/postern"
    else:
        blocked = folder + "/postern"
    with open(blocked, "w", encoding="utf-8"):
        pass
    try:
        with held(XDG_STATE_HOME=folder) as process:
            _, answer = Caller(RECOVER).call("heal", HEAL)
            check(answer["error"]["data"]["reason"] == "unavailable", answer)
            check("nothing was changed" in answer["error"]["message"] and "\n" not in
                  answer["error"]["message"], answer)
            check("acted web" not in acts(), acts())
            done = postern("records", "web", "--heal")
            check(done.returncode == 3 and "nothing was changed" in done.stderr, done)
            check("acted web" not in acts(), acts())
            os.unlink(blocked)
            _, answer = Caller(RECOVER).call("heal", HEAL)
            check("acted web" in acts(), acts(), answer)
            check(process.stderr.readline().startswith("postern-recoverd: "), "it says nothing itself")
    finally:
        if os.path.isfile(blocked):
            os.unlink(blocked)
        if os.geteuid() == 0 and os.path.exists("/var/log/postern-away"):
            subprocess.run(["rm", "-rf", "/var/log/postern"], check=True)
            os.rename("/var/log/postern-away", "/var/log/postern")


def test_ended_in_the_act():
    """Who is told to end ends what was begun before: it has a deadline."""
    before = len(records())
    with held(ACT_HELD="1") as process:
        caller = Caller(RECOVER)
        caller.send("heal", dict(HEAL, deadline_ms=6000))
        until("it does not begin", lambda: "acted web" in acts())
        process.send_signal(signal.SIGTERM)
        answer = caller.read()
        check(answer["error"]["data"]["reason"] == "deadline", answer)
        check("say postern records web --heal again" in answer["error"]["message"], answer)
        process.wait(20)
        results = [line["result"] for line in records()[before:]]
        check(results == ["asked", "deadline"], results)


def test_never_twice():
    """Of a revert that libvirt is not through with it is said that nobody knows, and there is no
    second while that is so."""
    with held(ACT_HELD="1"):
        _, answer = Caller(RECOVER).call("revert", REVERT)
        said = answer["error"]
        check(said["data"]["reason"] == "deadline" and "whether it was reverted is not known" in
              said["message"] and "postern snapshot web list" in said["message"], said)
        _, answer = Caller(RECOVER).call("revert", REVERT)
        check(answer["error"]["data"]["reason"] == "busy" and "there is no second" in
              answer["error"]["message"], answer)
        check(acts().count("reverted before") == 1, acts())


def test_not_current():
    """What libvirt says that it has done is looked at."""
    with held():
        before = len(records())
        _, answer = Caller(RECOVER).call("revert", REVERT)
        done = answer["result"]["snapshot"]
        check(done["snapshot"]["current"] is False and
              done["notes"] == ["libvirt does not tell it as the current one"], done)
        check(acts().count("reverted before") == 1, acts())
        check([line["args"]["done"] for line in records()[before:]] == [False, True], records())


def test_command():
    """`records --heal` goes by the door where there is one for that hypervisor, and says what the door
    says; without it, it does it itself."""
    records()
    with held():
        for asked, words, uri, more in [
                (True, [], URI, {}), (False, ["--no-daemon"], URI, {}),
                (False, [], URI, {"POSTERN_RECOVER_SOCKET": ""}),
                (False, [], URI, {"POSTERN_RECOVER_SOCKET": FOLDER + "/none"}),
                (False, [], TEST, {})]:
            before = len(records())
            done = postern("records", "web" if uri == URI else "test", "--heal", *words, uri=uri,
                           **more)
            check(done.returncode != 0 and done.stderr.count("\n") == 1, done)
            lines = [line for line in records()[before:] if line["probe"] == "recorder-heal"]
            check(len(lines) == 2, words, more, lines)
            check(all((line["method"] == "heal") == asked and ("process" in line["caller"]) == asked
                      for line in lines), words, more, lines)
        for words, code, said in [(["none"], 68, "none"), (["web", "--deadline", "2s"], 64, "needs 5 s"),
                                  (["web", "--lines", "5000"], 3, "attached anew")]:
            done = postern("records", *words, "--heal")
            check(done.returncode == code and said in done.stderr, words, done)
        before = len(records())
        postern("records", "web")
        check(all(line["method"] != "heal" for line in records()[before:]), "only to heal")


def test_refused_command():
    """Who may not is told so in a line, with 77: by the door, or where it does not let them in."""
    if os.geteuid() != 0:
        raise Skip("needs root for other users")
    os.chmod(FOLDER, 0o711)
    for path in HYPERVISOR, RECOVER:
        if os.path.exists(path):
            os.chmod(path, 0o644)
    with held():
        def heal():
            done = postern("records", "web", "--heal", "--quiet", XDG_STATE_HOME="/nonexistent")
            return json.dumps([done.returncode, done.stderr])

        os.chmod(RECOVER, 0o666)
        code, said = json.loads(as_user(NOBODY, heal))
        check(code == 77 and said.count("\n") == 1 and
              "no grant gives this caller 'heal' of this domain" in said, code, said)
        check("acted web" not in acts(), acts())
        os.chmod(RECOVER, 0o660)
        os.chmod(HYPERVISOR, 0o600)
        code, said = json.loads(as_user(NOBODY, heal))
        check(code == 77 and f"the recovery door, {RECOVER}, does not let this user in" in said, code,
              said)


def test_lost():
    """Lost in the middle, it is not done by somebody else: nobody knows whether it was."""
    for behaviour in (lambda peer: peer.close(), lambda peer: peer.sendall(b"no\n" * 9)):
        path = tempfile.mktemp(dir=FOLDER)
        forget()
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen()
            with subprocess.Popen([POSTERN, "-c", URI, "records", "web", "--heal"], text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE,
                                  env=environment(POSTERN_RECOVER_SOCKET=path, LD_PRELOAD=HOLD_ACT,
                                                  ACT_LOG=LOG)) as process:
                peer, _ = listener.accept()
                hello = json.loads(peer.recv(65536)[1:])
                peer.sendall(b"\x1e" + json.dumps(
                    {"jsonrpc": "2.0", "id": hello["id"],
                     "result": {"protocol": 1, "uri": URI, "capabilities": ["heal"]}}).encode() + b"\n")
                asked = json.loads(peer.recv(65536)[1:])
                check(asked["method"] == "heal" and asked["params"]["domain"] == "web", asked)
                behaviour(peer)
                _, said = process.communicate(timeout=60)
                peer.close()
        check(process.returncode == 3 and "is not known, and it was not asked for again" in said, said)
        check("acted web" not in acts(), acts())


if __name__ == "__main__":
    main(sys.modules[__name__])
