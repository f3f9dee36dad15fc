# SPDX-License-Identifier: LGPL-2.1-or-later
"""Commands in a guest: off at first, then as ssh would run them, also where sudo, PAM, the network
and sshd are broken, through a shim and a daemon that are killed meanwhile, and eight at once."""

import hashlib
import json
import os
import signal
import subprocess
import tempfile
import time

from guestlib.errors import check
from guestlib.recoverd import Recoverd, Runner

ALLOW = "mkdir -p /etc/postern; printf '[exec]\\nallow=yes\\n' >/etc/postern/shim.conf"
# Each way in is shut: sudo, PAM, the network, sshd, and the agent.
BREAK = """\
cp -a /etc/sudoers.d/harness /etc/pam.d/sudo /root/
chmod 0666 /etc/sudoers.d/harness
printf 'auth required pam_nowhere.so\\n' >/etc/pam.d/sudo
echo 'Nonsense yes' >>/etc/ssh/sshd_config
systemctl stop ssh
ip link set dev "$(ls /sys/class/net | grep -v lo | head -1)" down
systemctl stop qemu-guest-agent
"""
UNDO = """\
set -e
cp -a /root/harness /etc/sudoers.d/harness; cp -a /root/sudo /etc/pam.d/sudo
sed -i '/^Nonsense/d' /etc/ssh/sshd_config
ip link set dev "$(ls /sys/class/net | grep -v lo | head -1)" up
systemctl --no-block start qemu-guest-agent
systemctl start ssh
"""
MEBI = 1 << 20


def _off(runner):
    """Nobody has decided: nothing is run, and it is said what would turn it on."""
    code, out, err = runner.run("/bin/true")
    check((code, out) == (125, b""), f"it was run: {code}")
    check(b"allow=yes of [exec]" in err, f"it says {err}")


def _as_ssh(runner):
    code, out, err = runner.run("sh", "-c", "echo out; echo err >&2; exit 7")
    check((code, out, err) == (7, b"out\n", b"err\n"), f"{code} {out} {err}")
    code, _, err = runner.run("sh", "-c", "kill -9 $$")
    check(code == 137 and b"signal 9" in err, f"{code} {err}")
    code, _, err = runner.run("nonesuch")
    check(code == 127 and b"no such program" in err, f"{code} {err}")
    code, _, err = runner.run("/etc/passwd")
    check(code == 126, f"{code} {err}")
    told = runner.json("id", "-un", words=("--user", "harness"))
    check((told["stdout"], told["exit_code"], told["via"]) == ("harness\n", 0, "channel"), f"{told}")
    words = [bytes([value]) for value in range(1, 256)]
    code, out, _ = runner.run(b"printf", b"%s", *words)
    check(out == b"".join(words), f"{len(out)} bytes of arguments")
    given = os.urandom(MEBI + 3)
    code, out, _ = runner.run("sha256sum", words=("--stdin",), given=given)
    check(out.split()[0].decode() == hashlib.sha256(given).hexdigest(), f"{code} {out}")
    code, out, _ = runner.run("head", "-c", str(8 * MEBI), "/dev/zero")
    check(out == bytes(8 * MEBI), f"{len(out)} bytes")
    began = time.monotonic()
    told = runner.json("sh", "-c", "sleep 300 & sleep 300", words=("--timeout", "2s"))
    check((told["state"], told["signal"], told["why"]) == ("killed", 9, "deadline"), f"{told}")
    check(time.monotonic() - began < 60, "its deadline was late")
    told = runner.json("pgrep", "-x", "sleep")
    check(told["exit_code"] == 1, f"something goes on: {told}")


def _grouped(runner):
    """Each is in a control group of its own, not the shim's, and nothing of it is left after it."""
    told = runner.json("cat", "/proc/self/cgroup")
    check(f"/postern-exec.service/{told['id']}" in told["stdout"], f"{told}")
    told = runner.json("sh", "-c", "find /sys/fs/cgroup/system.slice/postern-exec.service -mindepth 1 "
                       "-type d | wc -l")
    check(int(told["stdout"]) <= 1, f"{told}")


def _undoes(context, runner):
    # Told by the very thing that is to end: it must not wait for its own end.
    code, _, _ = runner.run("systemd-run", "--quiet", "--no-block", "sh", "-c", BREAK)
    check(code == 0, "it was not broken")
    time.sleep(5)
    check(context.guest.ssh("true").code != 0, "it is not broken")
    code, out, err = runner.run("sh", words=("--stdin",), given=UNDO.encode())
    check(code == 0, f"{code} {out} {err}")
    code, out, _ = runner.run("sudo", "-n", "id", "-un", words=("--user", "harness"))
    check((code, out) == (0, b"root\n"), f"{code} {out}")
    check(context.guest.ssh("true").code == 0, "it is not mended")


def _shim_restarted(runner):
    """In the middle of it: nothing is lost, and nothing begins again."""
    script = "echo begun >>/run/once; for n in 1 2 3 4 5 6 7 8; do echo $n; sleep 1; done"
    with runner.popen("sh", "-c", script) as process:
        time.sleep(2)
        runner.run("systemctl", "kill", "--signal=KILL", "postern-shim")
        time.sleep(1)
        runner.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", "postern-exec.service")
        out, err = process.communicate(timeout=120)
    check(process.returncode == 0 and out.split() == b"1 2 3 4 5 6 7 8".split(),
          f"{process.returncode} {out} {err}")
    check(runner.run("cat", "/run/once")[1] == b"begun\n", "it began twice")


def _door_restarted(daemon, runner):
    with runner.popen("sh", "-c", "for n in 1 2 3 4 5 6; do echo $n; sleep 1; done") as process:
        time.sleep(2)
        daemon.stop()
        daemon.begin()
        out, err = process.communicate(timeout=120)
    check(process.returncode == 0 and out.split() == b"1 2 3 4 5 6".split(),
          f"{process.returncode} {out} {err}")


def _at_once(runner, n):
    running = [runner.popen("sh", "-c", f"sleep 1; echo {number}; exit {number}")
               for number in range(n)]
    for number, process in enumerate(running):
        out, err = process.communicate(timeout=180)
        check((process.returncode, out) == (number, f"{number}\n".encode()),
              f"{number}: {process.returncode} {out} {err}")


def _detached(daemon, runner):
    """It goes on without anybody, through restarts of all three; its input and output are there for
    whoever comes."""
    code, out, err = runner.run("sh", "-c", "echo begun; read line; echo got $line; sleep 1; exit 6",
                                words=("--detach", "--stdin"))
    check(code == 0, f"{code} {err}")
    name = out.decode().strip()
    daemon.stop(signal.SIGKILL)
    daemon.begin()
    runner.run("systemctl", "kill", "--signal=KILL", "postern-shim")
    runner.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", "postern-exec.service")
    check(runner.act("logs", name)[1] == b"begun\n", "its output is lost")
    rows = [line for line in runner.act("list")[1].decode().splitlines() if name in line]
    check(len(rows) == 1 and "running" in rows[0], f"{rows}")
    code, _, err = runner.act("send", name, "--end", given=b"a line\n")
    check(code == 0, f"{code} {err}")
    code, out, err = runner.act("attach", name)
    check((code, out) == (6, b"begun\ngot a line\n"), f"{code} {out} {err}")
    check(runner.act("wait", name)[0] == 6, "its end is not known")
    code, out, err = runner.run("sleep", "600", words=("--detach",))
    name = out.decode().strip()
    check(runner.act("signal", name, "TERM")[0] == 0, "not sent")
    code, _, err = runner.act("wait", name)
    check(code == 143, f"{code} {err}")


def _by_agent(context, runner):
    """With the shim stopped: refused where the host does not allow the agent, and else as ever."""
    context.guest.shell("systemctl stop postern-shim")
    code, _, err = runner.run("true")
    check(code == 125 and b"agent=yes of [exec]" in err, f"{code} {err}")
    with open(context.folder / "agent.conf", "w", encoding="utf-8") as file:
        with open(context.lab.environment["POSTERN_CONFIG"], encoding="utf-8") as own:
            file.write(own.read() + "[exec]\nagent=yes\n")
    allowed = Runner(context, dict(context.lab.environment, POSTERN_RECOVER_SOCKET="",
                                   POSTERN_CONFIG=str(context.folder / "agent.conf")))
    told = allowed.json("sh", "-c", "echo out; echo err >&2; exit 3", words=("--deadline", "40s"))
    check((told["via"], told["stdout"], told["stderr"], told["exit_code"]) ==
          ("agent", "out\n", "err\n", 3), f"{told}")
    context.guest.shell("systemctl start postern-shim")


def run(context):
    """Off, on, as ssh, undoing what shut every other way, restarts in the middle, eight at once."""
    with tempfile.TemporaryDirectory(prefix="pst-") as folder, \
            Recoverd(context.lab, folder) as daemon:
        runner = Runner(context, daemon.environment)
        _off(runner)
        context.guest.shell(ALLOW)
        _as_ssh(runner)
        _grouped(runner)
        _at_once(runner, 8)
        _shim_restarted(runner)
        _door_restarted(daemon, runner)
        _detached(daemon, runner)
        _undoes(context, runner)
        record = runner.run("journalctl", "--no-pager", "-o", "cat", "-t", "postern-exec")[1].decode()
        check("sudo -n id -un: begins" in record and "exited with 0" in record, record[-500:])
        _by_agent(context, runner)
    alone = Runner(context, context.lab.environment)
    code, out, err = alone.run("sh", "-c", "echo alone; sleep 1; exit 33")
    check((code, out) == (33, b"alone\n"), f"without a daemon: {code} {out} {err}")
    told = subprocess.run([context.postern.program, "audit", "--json"], env=alone.environment,
                          capture_output=True, timeout=60, check=True).stdout
    ends = [one["args"].get("status") for one in json.loads(told)["entries"]
            if (one["guest"], one["probe"]) == (context.guest.name, "exec-page")]
    check(ends.count(33) == 1, f"its end is not recorded, or more than once: {ends}")
