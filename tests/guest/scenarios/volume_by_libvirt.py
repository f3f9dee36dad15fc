# SPDX-License-Identifier: LGPL-2.1-or-later
"""The volume is read through libvirt alone, by a user who can't read its files and over TCP; and
what a guest writes there may look like a disk's image and changes nothing."""

import copy
import json
import os
import re
import shutil
import tempfile
import time
from pathlib import Path

from guestlib import disk_heads
from guestlib.errors import check
from guestlib.postern import Postern
from guestlib.proc import run as run_program
from guestlib.relay import relay

OWN = ("--recorder", "--no-snapshot")
CHECK = False  # it takes two minutes: tests/campaigns/states
PATIENCE = 150
NOBODY = 65534
PORT = "/dev/virtio-ports/org.postern.recorder.0"
PART_BYTES = 2 * 1024 * 1024  # as virtlogd rolls it
SECRET = "/etc/shadow"
WRITE = """\
systemctl stop postern-shim
head -c {pad} /dev/zero >{port}
cat /root/head >{port}
systemctl start postern-shim
"""


def _records(postern, guest):
    done = postern.run("records", guest.name, "--json", "--lines", "5000", codes=[0])
    return json.loads(done.out)


def _identities(told):
    return {(one["boot_id"], one["seq"], one["boottime_us"]) for one in told["records"]}


def _await(context, what, found):
    until = time.monotonic() + PATIENCE
    while not found(told := _records(context.postern, context.guest)):
        check(time.monotonic() < until, f"no {what} within {PATIENCE} s")
        time.sleep(1)
    return told


def _has_reports(told):
    return any(one["kind"] == "report" and one["body"]["probe"] == "containers"
               for one in told["records"])


# ---- who reads it

def _other(context, folder, uri):
    """postern as somebody who has nothing but that way to libvirt."""
    lab = copy.copy(context.lab)
    home = Path(tempfile.mkdtemp(dir=folder))
    os.chown(home, NOBODY, NOBODY)
    settings = home / "postern.conf"
    settings.write_text(f"[store]\nfolder={home}/store\n", encoding="utf-8")
    lab.environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(home),
                       "XDG_STATE_HOME": str(home), "XDG_RUNTIME_DIR": str(home),
                       "XDG_CACHE_HOME": str(home), "POSTERN_CONFIG": str(settings),
                       "LIBVIRT_DEFAULT_URI": uri}
    postern = Postern(lab, context.log, user=NOBODY)
    postern.program = folder / "postern"
    return postern


def _others(context, folder, passage):
    """By the socket, and as from elsewhere."""
    shutil.copy(context.postern.program, folder / "postern")
    os.chmod(folder / "postern", 0o755)
    return {"socket": _other(context, folder, f"qemu+unix:///session?socket={passage.path}"),
            "TCP": _other(context, folder, f"qemu+tcp://127.0.0.1:{passage.port}/session")}


def _check_kept_out(context, path):
    """It is no other way than libvirt's by which the records come."""
    done = run_program(["/usr/bin/head", "-c", "1", path], timeout=10, user=NOBODY)
    context.log(done.transcript())
    check(done.code != 0 and "Permission denied" in done.err, f"anybody can read {path}")


def _check_same(context, others, passage):
    for way, postern in others.items():
        before, passed = _records(context.postern, context.guest), passage.passed
        told = _records(postern, context.guest)
        after = _records(context.postern, context.guest)
        check(passage.passed > passed, f"by {way}: libvirt was not asked that way")
        check(told["parts"] >= 1 and told["whole"] >= before["whole"], f"by {way}: {told}")
        check(_identities(before) <= _identities(told) <= _identities(after),
              f"by {way} other records are told")


def _check_diagnoses(context, others):
    """Of a guest that is off, what it recorded is all that there is."""
    for way, postern in others.items():
        diagnosis = postern.diagnose(context.guest)
        sudo = next(answer for answer in diagnosis.answers if answer.probe == "sudo")
        check(sudo.via == "volume" and sudo.report, f"by {way}: of sudo it is told via {sudo.via}")
        row = next(row for row in json.loads(postern.run("list", "--json", codes=[0]).out)["domains"]
                   if row["name"] == context.guest.name)
        check(row["volume"] == "open", f"by {way} it is listed as {row}")


# ---- what it looks like

def _physical(guest, volume):
    info = guest.virsh("vol-info", "--bytes", "--physical", "--pool", "postern", volume)
    return int(re.search(r"Physical:\s+(\d+)", info).group(1))


def _begin_part(context, volume, head):
    """Fills the part up, so that the next begins with HEAD, and records go on behind it."""
    guest = context.guest
    guest.shell("systemctl stop postern-shim")
    time.sleep(1)
    pad = PART_BYTES - _physical(guest, volume)
    check(0 < pad < PART_BYTES, f"the part is {PART_BYTES - pad} bytes long")
    file = context.folder / "head"
    file.write_bytes(head)
    guest.push(file, "/root/head")
    guest.shell(WRITE.format(pad=pad, port=PORT))


def _has_new_boot(before):
    def found(told):
        return any(one["kind"] == "boot" for one in told["records"]
                   if (one["boot_id"], one["seq"], one["boottime_us"]) not in before)
    return found


def _check_look_alike(context, volume, head, *says):
    """libvirt takes it for an image, by what SAYS, and all records are told as before."""
    before = _records(context.postern, context.guest)
    _begin_part(context, volume, head)
    told = _await(context, "boot record behind the head", _has_new_boot(_identities(before)))
    context.guest.virsh("pool-refresh", "postern")
    xml = context.guest.virsh("vol-dumpxml", volume, "--pool", "postern")
    for words in says:
        check(words in xml, f"libvirt does not say {words} of it")
    check("running" in context.guest.virsh("pool-info", "postern"), "the pool was stopped")
    again = _records(context.postern, context.guest)
    check(told["parts"] > before["parts"], f"it was not rolled: {told['parts']} parts")
    check(_identities(before) <= _identities(told) <= _identities(again),
          "what was recorded before is not told any more")
    check(again["dropped"] == before["dropped"] and not again["notes"],
          f"{again['dropped']} records were dropped; {again['notes']}")


def _check_unreadable(context, volume):
    """A part that libvirt does not give out costs what stands in it, and says so."""
    before = _records(context.postern, context.guest)
    _begin_part(context, volume, disk_heads.ploop())
    time.sleep(3)
    context.guest.virsh("pool-refresh", "postern")
    check("type='ploop'" in context.guest.virsh("vol-dumpxml", volume, "--pool", "postern"),
          "libvirt does not take it for a ploop image")
    told = _records(context.postern, context.guest)
    check(_identities(before) <= _identities(told), "what was recorded before is not told any more")
    check(told["parts"] > 1 and any("can't be read" in note for note in told["notes"]),
          f"{told['parts']} parts; {told['notes']}")


def run(context):
    """Read by others, then disguised, then of a guest that is off."""
    guest = context.guest
    _await(context, "first reports", _has_reports)
    volume = guest.virsh("domuuid", guest.name).strip() + ".records"
    path = guest.virsh("vol-path", volume, "--pool", "postern").strip()
    socket = context.lab.uri.partition("socket=")[2]
    with relay(socket) as passage, tempfile.TemporaryDirectory(prefix="postern-other-") as folder:
        os.chmod(folder, 0o755)
        others = _others(context, Path(folder), passage)
        _check_kept_out(context, path)
        _check_same(context, others, passage)
        _check_look_alike(context, volume, disk_heads.qcow2(SECRET), "<format type='qcow2'/>",
                          f"<path>{SECRET}</path>")
        _check_look_alike(context, volume, disk_heads.qcow2(path + ".0"), "<format type='qcow2'/>",
                          f"<path>{path}.0</path>")
        _check_same(context, others, passage)
        _check_unreadable(context, volume)
        guest.virsh("destroy", guest.name)
        _check_diagnoses(context, others)
