# SPDX-License-Identifier: LGPL-2.1-or-later
"""A change is made to a clean guest between `postern baseline` and `postern gate`: one row."""

import base64
import hashlib
import json
import shlex
import threading
import time
from dataclasses import dataclass

from lablib import paths

from . import access
from .errors import Failure, check
from .lab import HERE
from .matrix import LINKS, Row, lines
from .postern import Postern
from .proc import run

POLICY = HERE.parents[1] / "host-sidecar/policies/reachable.conf"
SETTLE = 60
# Whence the guest sees the host that logs in: a harness knows this of itself.
HOST = "10.0.2.2"
# The fixes that search the whole guest take minutes in an emulated one.
CHANGE_SECONDS = 600
WORK = "/run/pst-change"
# A moment of the guest's own, and what its units are like, before the change.
MARK = f"""\
export LC_ALL=C
work={WORK}
units() {{
    timeout -s KILL 30 systemctl list-units --all --plain --no-legend \\
        --type=service,socket,mount,target | awk '{{ print $1, $2, $3, $4 }}' | sort
}}
links() {{
    timeout -s KILL 30 ip -o link |
        awk '{{ sub(/:$/, "", $2); sub(/@.*/, "", $2); print "{LINKS}" $2, $3 }}' | sort
}}
"""
PREPARE = MARK + """\
mkdir -p $work
units >$work/units
links >$work/links
touch $work/mark
sleep 0.1
"""
# As a harness would: what the change has to do with is told to read its files anew. That is sshd, and
# whatever runs and is named in the script; the doors themselves, the bus and systemd's own are left.
TAKE_EFFECT = r"""
timeout -s KILL 60 systemctl daemon-reload
grep -q sysctl $work/change && timeout -s KILL 30 sysctl -q --system
named=$(timeout -s KILL 30 systemctl list-units --plain --no-legend --type=service --state=active |
    awk '{ sub(/\.service$/, "", $1); print $1 }' |
    grep -v -e @ -e ^systemd- -e ^postern- -e ^dbus -e ^qemu-)
for unit in ssh $named; do
    [ $unit = ssh ] || grep -qw -e "$unit" $work/change || continue
    timeout -s KILL 60 systemctl try-restart $unit.service
done
"""
# "hit NAME": this file, unit or network interface is not as it was at the mark. Of a file that is gone
# its folder tells. What else the kernel shows as a file is of the time of the first look at it.
HIT = MARK + r"""
units | diff $work/units - | awk '/^[<>]/ { print $2 }' | sort -u >$work/changed
links | diff $work/links - | awk '/^[<>]/ { print $2 }' | sort -u >>$work/changed
for name in NAMES; do
    case $name in
    /proc/*) ;;
    /sys/*) grep -qxF -e "$name" $work/changed && echo "hit $name" ;;
    /*)
        real=$(realpath -m "$name")
        [ -e "$real" ] || real=$(dirname "$real")
        [ -z "$(find "$name" "$real" -maxdepth 0 -cnewer $work/mark 2>/dev/null)" ] ||
            echo "hit $name"
        ;;
    *) grep -qxF -e "$name" $work/changed && echo "hit $name" ;;
    esac
done
"""
TOUCHED = r"""
sed 's/^/touched /' $work/changed
find /etc /usr /home /root /opt -xdev \( -type d -newer $work/mark -o \
    ! -type d -cnewer $work/mark \) 2>/dev/null | head -n 200 | sed 's/^/touched /'
exit 0
"""
ALIVE = "grep -q . /sys/fs/cgroup/system.slice/postern-shim.service/cgroup.procs && echo alive; exit 0"
# The agent ends what it was asked to run.
STOP = {"shim": "systemctl stop postern-shim", "agent": "systemctl stop qemu-guest-agent",
        "both": "systemctl stop postern-shim qemu-guest-agent"}
STOP_SECONDS = 20
# So many files that may be why are looked at one after the other.
FEW = 3


@dataclass(frozen=True)
class Change:
    """What is done to a guest. `detach`: the script ends what runs it, or the guest; `wait`: so many
    seconds pass until it shows; `push`: files of the build folder, each to its place."""

    name: str
    text: str
    shell: str = "/bin/bash"
    detach: bool = False
    wait: float = 0
    push: tuple = ()


def _vantage():
    """Who asks to get in, as the harness knows it: so does access.harness(). Lines of configuration."""
    told = run(["/usr/bin/ssh", "-F", "/dev/null", "-G", "localhost"], timeout=20).out
    words = dict(line.split(" ", 1) for line in told.splitlines() if " " in line)
    yield from ["[vantage lab]", "user=harness", f"from={HOST}", "port=22",
                f"key={paths.KEYS / 'id_ed25519.pub'}"]
    for name, option in (("kex", "kexalgorithms"), ("ciphers", "ciphers"), ("macs", "macs"),
                         ("hostkey", "hostkeyalgorithms")):
        yield f"{name}={words[option]}"


def postern_of_lab(context):
    """postern, with the vantage `lab` in its configuration."""
    postern = Postern(context.lab, context.log)
    path = context.lab.configuration(f"{context.name}.conf", *_vantage())
    postern.environment = dict(context.lab.environment, POSTERN_CONFIG=str(path))
    return postern


def _prepared(change):
    """A script that puts the change's own where it can be run, apart from what it may touch."""
    packed = base64.b64encode(change.text.encode()).decode()
    return f"{PREPARE}echo {packed} | base64 -d >$work/change\n"


def _apply(context, change):
    """Makes the change; returns how its script ended."""
    guest = context.guest
    for built, place in change.push:
        guest.push(context.lab.build / built, place)
    if change.detach:
        guest.shell(_prepared(change))
        script = context.folder / f"{change.name}.sh"
        script.write_text(change.text, encoding="utf-8")
        guest.script(script, detach=True)
        time.sleep(change.wait or 8)
        return "detached"
    said = guest.script_text(f"{_prepared(change)}timeout -s KILL {CHANGE_SECONDS} {change.shell} "
                             f"$work/change >$work/log 2>&1 </dev/null\necho ended $?\n"
                             f"{TAKE_EFFECT}tail -n 5 $work/log\nexit 0\n")
    ended = [line.split()[1] for line in said.splitlines() if line.startswith("ended ")]
    check(ended, f"{change.name} did not end: {said[-200:]}")
    return ended[0]


def _stop(context, stopped):
    """Shuts ways, and waits until they are."""
    script = context.folder / "stop.sh"
    script.write_text(f"{STOP[stopped]}\n", encoding="utf-8")
    context.guest.script(script, detach=True)
    until = time.monotonic() + STOP_SECONDS
    while time.monotonic() < until:
        time.sleep(1)
        if stopped == "shim" and not _alive(context.guest):
            return
        if stopped != "shim" and not _has_agent(context.guest):
            return
    raise Failure(f"{stopped} can't be stopped")


def _has_agent(guest):
    """Whether the agent has its port open, by what libvirt sees of it."""
    return "state='connected'" in "".join(
        line for line in guest.virsh("dumpxml", guest.name).splitlines()
        if "org.qemu.guest_agent.0" in line)


def _alive(guest):
    """Whether the shim runs; None where the guest doesn't tell."""
    try:
        done = guest.try_shell(ALIVE)
    except Failure:
        return None
    return "alive" in done.out if done.code == 0 else None


def names(told):
    """The files and units that the first failure names of itself: what its root, or where it has none
    what is broken, was seen in, and what undoes it, and the files that the gate calls changed for it.
    Those that may only be why count where there is nothing else, as of a rule that is gone, and no
    more of them than one looks at; what comes behind it never. Where a file is expected and not
    there, that is it."""
    if not told["broken"]:
        return []
    first = told["broken"][0]
    root = first.get("root") or first.get("finding")
    parts = [root.get("evidence") or {}, root.get("undo") or {}] if root else [first]
    files = first.get("files", [])
    found = _of(parts + [file for file in files if file.get("named")])
    return found or (_of(files) if len(files) <= FEW else [])


def _of(parts):
    """The files and units of these parts of a reason, each once."""
    found = [part.get(key) for part in parts for key in ("path", "unit", "expected")
             if key != "expected" or str(part.get(key)).startswith("/")]
    return list(dict.fromkeys(name for name in found if isinstance(name, str)))


def _ask(context, row, text, word):
    """The lines of that word of what the guest tells; None, and why in the row, where it doesn't."""
    try:
        done = context.guest.try_shell(text)
    except Failure as failure:
        row.unasked = str(failure)
        return None
    if done.code != 0:
        row.unasked = done.line()
        return None
    return [line.removeprefix(word) for line in done.out.splitlines() if line.startswith(word)]


def attribute(context, row):
    """Asks the guest whether it was what the reasons name; if no file or unit of it, what else it
    was."""
    named = " ".join(shlex.quote(name) for name in row.named) or "''"
    row.hit = _ask(context, row, HIT.replace("NAMES", named) + "exit 0\n", "hit ")
    if row.hit is not None and all(name.startswith(LINKS) for name in row.hit):
        row.touched = _ask(context, row, MARK + TOUCHED, "touched ")


def _gate(postern, guest, baseline):
    """(what it told, seconds): the verdict's own words even where there is none."""
    done = postern.run("gate", guest.name, "--policy", str(POLICY), "--json", "--baseline", baseline,
                       "--settle", f"{SETTLE}s", "--as", "lab", deadline=SETTLE + 30)
    try:
        told = json.loads(done.out)
    except ValueError:
        told = {"result": "none", "summary": done.line()}
    return {"broken": [], "unchecked": [], **told}, done.seconds


def _reason(told):
    rows = told["broken"] or told["unchecked"]
    if told["result"] == "pass":
        return ""
    return (rows[0].get("message") if rows else None) or told.get("summary", "")


def measure(context, change, stopped=""):
    """The row of this change in a guest that is clean."""
    guest, postern = context.guest, postern_of_lab(context)
    baseline = str(context.folder / "baseline.json")
    check(access.harness(guest) == (True, True), "the clean guest lets its harness not in")
    postern.run("baseline", guest.name, "--as", "lab", "--output", baseline, codes=[0], deadline=30)
    begun = time.monotonic()
    ended = _apply(context, change)
    changed = time.monotonic() - begun
    if stopped:
        _stop(context, stopped)
    told, seconds = _gate(postern, guest, baseline)
    login, root = access.harness(guest)
    row = Row(change.name, login, root, told["result"], told.get("via"), _reason(told), stopped,
              named=names(told), ended=ended, change_s=changed, gate_s=seconds)
    if row.verdict == "fail" and not stopped:
        attribute(context, row)
    if row.verdict in ("could-not-check", "not-checkable"):
        row.alive = False if stopped in ("shim", "both") else _alive(guest)
        if row.alive is None:
            row.alive = "channel" in [row.via, *(one.get("via") for one in told["unchecked"])]
    return row


class Rows:
    """The rows that were measured, in a file: one that is there is not measured again for as long as
    the programs, the change and the way to measure it are the same."""

    lock = threading.Lock()

    def __init__(self, lab):
        self.path = lab.build / "guest-logs/stig-rows"
        programs = [lab.build / "host-sidecar/postern", lab.build / "guest-shim/postern-shim"]
        self.tree = hashlib.sha256()
        for path in (*programs, POLICY, HERE / "guestlib/hardening.py"):
            self.tree.update(path.read_bytes())

    def key(self, change, stopped):
        """Which row it is."""
        digest = self.tree.copy()
        digest.update(f"{change}{stopped}".encode())
        return digest.hexdigest()[:24]

    def kept(self):
        """Those of the file, each by its key."""
        if not self.path.exists():
            return {}
        with self.lock, open(self.path, encoding="utf-8") as file:
            return {key: Row(**row) for key, row in map(json.loads, file)}

    def add(self, key, row):
        """Writes one down."""
        with self.lock, open(self.path, "a", encoding="utf-8") as file:
            print(json.dumps([key, row.json()]), file=file, flush=True)

    def table(self, keys):
        """The lines of the matrix of these rows."""
        kept = self.kept()
        return list(lines([kept[key] for key in keys if key in kept]))
