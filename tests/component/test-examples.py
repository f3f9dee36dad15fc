#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What stands in docs/examples works, as it stands there, over libvirt's own test driver.
Usage: test-examples.py POSTERN POSTERND EXAMPLES [TEST…]"""

import asyncio
import os
import pathlib
import re
import subprocess
import sys
import time

sys.dont_write_bytecode = True
EXAMPLES = pathlib.Path(sys.argv.pop(3)).resolve()
sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)), str(EXAMPLES)]
# pylint: disable=wrong-import-position
from daemonlib import DAEMON, FOLDER, POSTERN, SOCKET, TEST, daemon, environment, main
from taplib import check
import postern_client
import ssh_or_exec

POSTERN_FOLDER = os.path.dirname(os.path.abspath(POSTERN))


def run(*argv, **more):
    return subprocess.run(argv, env=environment(**more), cwd=FOLDER, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=90, check=False, text=True)


async def _gather(client, *words, **more):
    return [answer async for answer in client.ask(*words, **more)]


async def _talk(**how):
    async with postern_client.Client(**how) as client:
        check(client.daemon["uri"] == "test:///default", client.daemon)
        rows = await client.domains()
        check([row["name"] for row in rows] == ["test"], rows)
        both = await _gather(client, "test", "system", ("sudo", {"user": "root"}))
        check(sorted(answer["probe"] for answer in both) == ["sudo", "system"], both)
        check(all("error" in answer for answer in both), both)
        host = await _gather(client, "test", ("host", {"watch_ms": 0}))
        check(host[0]["via"] == "host" and host[0]["report"]["status"], host)
        # Many at once over one connection, each its own.
        many = await asyncio.gather(*(_gather(client, "test", ("journal", {"lines": i + 1}))
                                      for i in range(20)))
        check(all(len(one) == 1 and one[0]["probe"] == "journal" for one in many), many)
        for words, reason in (("none", "system"), "no-domain"), (("test", "nonsense"), None):
            try:
                await _gather(client, *words)
                check(False, "no error", words)
            except postern_client.PosternError as error:
                check(reason in (None, error.reason), error, error.reason)


def test_client():
    with daemon():
        asyncio.run(_talk(path=SOCKET))


def test_client_through_proxy():
    with daemon():
        os.environ.update(environment())
        asyncio.run(_talk(program=[POSTERN, "proxy"]))


async def _lose(path, process):
    async with postern_client.Client(path=path) as client:
        process.kill()
        begun = time.monotonic()
        try:
            await _gather(client, "test", "system")
            check(False, "a daemon that is gone answers")
        except (postern_client.PosternError, ConnectionError):
            check(time.monotonic() - begun < 5, "it is waited for")


def test_client_loses_the_daemon():
    path = FOLDER + "/lost.sock"
    with subprocess.Popen([DAEMON, "--connect", TEST, "--socket", path], env=environment(),
                          stdin=subprocess.DEVNULL) as process:
        until = time.monotonic() + 20
        while not os.path.exists(path):
            check(process.poll() is None and time.monotonic() < until, "it does not start")
            time.sleep(0.02)
        asyncio.run(_lose(path, process))


def test_client_program():
    with daemon():
        done = run(sys.executable, EXAMPLES / "postern_client.py")
        check(done.returncode == 0 and done.stdout.count("test: ") == 3, done)
    done = run(sys.executable, EXAMPLES / "postern_client.py")
    check(done.returncode == 1 and "Traceback" not in done.stderr, done)


def test_cron():
    """Its line, as cron would run it, but for where the metrics go."""
    text = (EXAMPLES / "postern.cron").read_text(encoding="utf-8")
    line, = [line for line in text.splitlines() if re.match(r"[*0-9]", line)]
    fields = line.split(None, 6)
    check(fields[5] == "root" and fields[6].startswith("postern health"), fields)
    metrics = pathlib.Path(FOLDER) / "postern.prom"
    command = fields[5 + 1].replace("/var/lib/prometheus/node-exporter/postern.prom", str(metrics))
    check(str(metrics) in command, command)
    done = run("sh", "-c", command, PATH=f"{POSTERN_FOLDER}:/usr/bin:/bin")
    check(done.returncode in (0, 1, 2, 3) and done.stderr == "", done)
    check(metrics.read_text(encoding="utf-8").endswith("# EOF\n"), "no metrics")


def test_after_a_fix():
    """Of a guest that can't be asked the change may not stand, and there is evidence."""
    path = f"{POSTERN_FOLDER}:/usr/bin:/bin"
    done = run(EXAMPLES / "after-a-fix.sh", "test", "harness", PATH=path)
    check(done.returncode == 1 and "may not stand" in done.stderr, done)
    check((pathlib.Path(FOLDER) / "evidence-test.tar.zst").stat().st_size > 1000, "no evidence")
    done = run(EXAMPLES / "after-a-fix.sh", "none", "harness", PATH=path)
    check(done.returncode == 68 and "could not be asked" in done.stderr, done)


def test_gated_change():
    """Of what can't be told how it is, nothing is changed."""
    path = f"{POSTERN_FOLDER}:/usr/bin:/bin"
    done = run(EXAMPLES / "gated-change.sh", "test", "harness", "/bin/false", "/bin/false", PATH=path)
    check(done.returncode == 3 and "nothing was changed" in done.stderr, done)
    done = run(EXAMPLES / "gated-change.sh", "test", "harness", "/bin/false", PATH=path)
    check(done.returncode == 64 and "usage: " in done.stderr, done)


def test_gated_change_ways():
    """How it ends, by what the two gates say: here a script speaks for postern, since no guest of the
    test driver's answers; with a real one it is tried in the guest's scenario gate."""
    folder = pathlib.Path(FOLDER) / "gated"
    folder.mkdir()
    for name, text in (("change", "exit ${CHANGE:-0}"), ("undo", "echo undone; exit ${UNDO:-0}"),
                       ("postern", 'echo "$@" >>"${0%/*}/said"; case "$1 $4" in "gate baseline") exit $FIRST ;; '
                                   '"gate reachable") exit $SECOND ;; "baseline "*) exit 0 ;; esac; '
                                   'exit 99')):
        (folder / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    for code, undone, first, more in [
            (0, False, "0", {}), (0, False, "0", {"CHANGE": "7"}),
            (1, True, "1", {"SECOND": "0"}), (1, True, "1", {"SECOND": "0", "CHANGE": "7"}),
            (2, True, "1", {"SECOND": "1"}), (2, True, "1", {"SECOND": "3"}),
            # An undo that fails is no undo, whatever its status.
            (2, True, "1", {"SECOND": "0", "UNDO": "1"}),
            (2, True, "1", {"SECOND": "0", "UNDO": "126"}),
            (3, False, "3", {}), (3, False, "4", {}), (3, False, "68", {})]:
        done = run(EXAMPLES / "gated-change.sh", "test", "harness", folder / "change",
                   folder / "undo", PATH=f"{folder}:/usr/bin:/bin", FIRST=first, **more)
        check((done.returncode, "undone\n" in done.stdout) == (code, undone), first, more, done)
    # The key is named wherever access is asked about for the first time.
    (folder / "said").unlink()
    done = run(EXAMPLES / "gated-change.sh", "test", "harness", folder / "change", folder / "undo",
               "/a key.pub", PATH=f"{folder}:/usr/bin:/bin", FIRST="1", SECOND="0")
    said = (folder / "said").read_text(encoding="utf-8").splitlines()
    check(done.returncode == 1 and len(said) == 3, done, said)
    check(all("--user harness --key /a key.pub" in said[place] for place in (0, 2)), said)



# The far side of an ssh goes on when the near one is gone, and wakes up when it likes.
FAR = """#!/bin/sh
for last; do :; done
PATH=${0%/*}:/usr/bin:/bin exec setsid sh -c "$last"
"""
SUDO = """#!/bin/sh
case $* in "-n true") sleep ${SLOW:-0}; exit 0 ;; esac
shift 2; exec "$@"
"""
EXEC = """#!/bin/sh
while [ "$1" != -- ]; do shift; done
shift; exec "$@"
"""


def _runner(name, login_seconds):
    """A Runner whose ssh and postern run things here; with a real guest it is tried in the guest's
    scenario example_runner."""
    folder = pathlib.Path(FOLDER) / name
    folder.mkdir()
    for program, text in (("ssh", FAR), ("sudo", SUDO), ("postern", EXEC)):
        (folder / program).write_text(text, encoding="utf-8")
        (folder / program).chmod(0o755)
    return folder, ssh_or_exec.Runner("test", [str(folder / "ssh"), "far"], str(folder / "postern"),
                                      login_seconds)


async def _late():
    folder, runner = _runner("late", 1)
    done = await runner.run("sh", "-c", f"cat; echo $$ >>{folder}/ran", given=b"given")
    check((done.way, done.stdout, done.why) == ("ssh", b"given", None), done)
    os.environ["SLOW"] = "3"
    done = await runner.run("sh", "-c", f"cat; echo $$ >>{folder}/ran", given=b"given")
    check((done.way, done.stdout) == ("exec", b"given"), done)
    await asyncio.sleep(4)
    ran = (folder / "ran").read_text(encoding="utf-8").split()
    check(len(ran) == 2, f"it ran {len(ran)} times")


def test_runner_late():
    """Who is root only after its time was over begins nothing any more."""
    try:
        asyncio.run(_late())
    finally:
        os.environ.pop("SLOW", None)


async def _cancelled():
    folder, runner = _runner("cancelled", 20)
    task = asyncio.ensure_future(runner.run("sh", "-c", f"echo $$ >{folder}/pid; exec sleep 60"))
    while not (folder / "pid").exists() or not (folder / "pid").read_text(encoding="utf-8"):
        await asyncio.sleep(0.02)
    task.cancel()
    try:
        await task
        check(False, "it was not cancelled")
    except asyncio.CancelledError:
        pass


def test_runner_cancelled():
    """What nobody waits for any more leaves no ssh behind, and says nothing."""
    asyncio.run(_cancelled())


async def _brief():
    folder, runner = _runner("brief", 5)
    (folder / "ssh").write_text("#!/bin/sh\nexit 255\n", encoding="utf-8")
    (folder / "postern").write_text("#!/bin/sh\necho $*\n", encoding="utf-8")
    done = await runner.run("true", timeout=0.5)
    check(b"--timeout 500ms --" in done.stdout, done)


def test_runner_brief():
    """A part of a second is not none."""
    asyncio.run(_brief())


async def _refused():
    folder, runner = _runner("refused", 5)
    (folder / "ssh").write_text("#!/bin/sh\nexit 255\n", encoding="utf-8")
    (folder / "postern").write_text("#!/bin/sh\necho 'postern: exec: no grant' >&2\nexit 126\n",
                                    encoding="utf-8")
    try:
        done = await runner.run("true")
        check(False, done)
    except ssh_or_exec.Lost as lost:
        check("no grant" in str(lost), str(lost))


def test_runner_refused():
    """Nothing ran: that is no exit status of the command's."""
    asyncio.run(_refused())


if __name__ == "__main__":
    main(sys.modules[__name__])
