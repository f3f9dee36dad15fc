#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The verbs mark and wait, and marks where --since takes them, over libvirt's own test driver, alone
and by the daemon. Usage: test-wait.py POSTERN POSTERND [TEST…]"""

import json
import os
import re
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
from daemonlib import FOLDER, NOBODY, SOCKET, as_user, daemon, main, postern, records
from taplib import Skip, check

LATE = 10.0
# Long enough for a busy machine to come to an answer, and the most that the pauses leave room for.
DEADLINE, MOST_ASKED = 5, 10
BOOT, MACHINE = "9296ef3853e5406c868deba62384c27e", "5fd06ac3b6a44bbca5a0a2bd1a2b3c4d"
MARK = (f"mark1,machine={MACHINE},boot={BOOT},up=100.000000,clock=2026-11-18T10:26:39.695000Z,"
        f"offset_ms=-5,cursor=s=8d1f;i=2a;b={BOOT};m=3e8;t=5f5e100;x=77,host={{}}")
A_MARK = MARK.format("2026-11-18T10:26:40.000000Z")
DOMAIN = """<node><domain type='test'><name>web</name>
<uuid>3a4f5d6e-1111-4222-8333-444455556666</uuid><memory>8192</memory><os><type>hvm</type></os>
<devices><channel type='unix'><target type='virtio' name='org.postern.shim.0'/></channel></devices>
</domain></node>"""


def node():
    """The URI of a hypervisor whose only domain, `web`, runs and has a channel. Its file is root's
    alone."""
    path = FOLDER + "/node.xml"
    with open(path, "w", encoding="utf-8") as file:
        file.write(DOMAIN)
    os.chmod(path, 0o600)
    return f"test://{path}"


URI = node()


def refused(code, says, *words, **more):
    done = postern(*words, **more)
    check((done.returncode, done.stdout) == (code, ""), words, done)
    check(says in done.stderr and done.stderr.count("\n") == 1, words, says, done)
    check(not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", done.stderr), done)


def test_misuse():
    cut = A_MARK[:-1]
    for says, *words in [
            ("usage: postern mark DOMAIN [options]", "mark"),
            ("usage: postern wait DOMAIN --for STATE [options]", "wait", "--for", "shim"),
            ("wait: say what for: --for shim, access, target, or target=UNIT", "wait", "test"),
            ("--for boot: say shim, access, target, or target=UNIT", "wait", "test", "--for", "boot"),
            ("--for target=a b: say shim", "wait", "test", "--for", "target=a b"),
            ("--for access: say whose, with --user or --as", "wait", "test", "--for", "access"),
            ("are of --for access", "wait", "test", "--for", "shim", "--user", "root"),
            ("are of --for access", "wait", "test", "--for", "target", "--passive"),
            ("'a:b' is not a user name", "wait", "test", "--for", "access", "--user", "a:b"),
            ("--deadline 25h: say more than 0 and at most 86400s", "wait", "test", "--for", "shim",
             "--deadline", "25h"),
            ("--deadline 2min: say more than 0 and at most 60s", "mark", "test", "--deadline",
             "2min"),
            ("is not a mark: give the whole line", "wait", "test", "--for", "shim", "--since", "2h"),
            ("is not a mark: give the whole line", "wait", "test", "--for", "shim", "--since", cut),
            ("is not a mark: give the whole line", "journal", "test", "--since", cut),
            ("is not a mark: give the whole line", "audit", "--since", "mark1,\x1b[2J"),
            ("'yesterday' is not a span of time", "journal", "test", "--since", "yesterday"),
            ("probe system takes no --since", "probe", "test", "system", "--since", "1h"),
            ("say one of --since and since_s", "probe", "test", "changes", "since_s=3", "--since", "1h"),
            ("say one of --since and after", "journal", "test", "--since", A_MARK, "--after",
             "s=1")]:
        refused(64, says, *words)


def test_nobody_there():
    for words in (["mark"], ["wait", "--for", "shim"], ["wait", "--for", "target", "--since", A_MARK]):
        refused(68, "Domain not found", words[0], "none", *words[1:])
        refused(69, "libvirt does not answer: ", words[0], "test", *words[1:], "--connect",
                "qemu+unix:///system?socket=" + FOLDER + "/none")
    refused(3, "test: no mark is to be had, since the guest does not tell which boot this is: no path "
            "to the guest answered", "mark", "test")


def test_hypervisor_that_hangs():
    path = FOLDER + "/hanging"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(8)
        begun = time.monotonic()
        refused(69, "libvirt did not answer in time", "wait", "test", "--for", "shim", "--connect",
                f"qemu+unix:///system?socket={path}", "--deadline", "1s")
        check(1 <= time.monotonic() - begun < 1 + LATE, time.monotonic() - begun)


def wait(code, domain, *words, **more):
    done = postern("wait", domain, *words, "--json", **more)
    check((done.returncode, done.stderr) == (code, ""), words, done)
    return json.loads(done.stdout)


def test_will_not_come():
    """A domain without a channel gets none by itself: that is said, though not at once."""
    told = wait(2, "1", "--for", "shim")
    check(told["result"] == "gone" and told["guest"] == "test", told)
    check(told["seen"] == "the domain has no channel for the shim", told)
    check(10000 <= told["waited_ms"] < 10000 + 1000 * LATE and told["asked"] == 0, told)


def check_late(*words):
    told = wait(3, "web", *words, "--deadline", f"{DEADLINE}s", "--connect", URI)
    check(told["result"] == "late" and 1 <= told["asked"] <= MOST_ASKED, told)
    check(1000 * DEADLINE <= told["waited_ms"] < 1000 * (DEADLINE + LATE), told)
    check("no path to the guest answered" in told["seen"] or "in time" in told["seen"], told)
    check(told["for"] == words[1] and told["events"] is True, told)


def check_late_text():
    done = postern("wait", "web", "--for", "shim", "--deadline", f"{DEADLINE}s", "--connect", URI)
    check(re.fullmatch(r"web: not within \d+\.\d s: .+\n", done.stdout), done)


def test_late():
    """It ends with its deadline, and with a bounded number of questions, whatever is waited for."""
    with ThreadPoolExecutor(4) as pool:
        waits = [pool.submit(check_late, "--for", "shim"),
                 pool.submit(check_late, "--for", "target=ssh", "--since", A_MARK),
                 pool.submit(check_late, "--for", "access", "--user", "root"),
                 pool.submit(check_late_text)]
        for one in waits:
            one.result()


def test_by_the_daemon():
    """Who may not ask libvirt asks the daemon, again and again, and hears no events."""
    if os.geteuid() != 0:
        raise Skip("needs to be another user")
    os.chmod(FOLDER, 0o711)
    with daemon("--connect", URI):
        os.chmod(SOCKET, 0o666)
        words = ["wait", "web", "--for", "shim", "--deadline", f"{DEADLINE}s", "--json",
                 "--connect", URI]
        done = as_user(NOBODY, lambda: postern(*words).stdout)
    told = json.loads(done)
    check(told["result"] == "late" and told["events"] is False, told)
    check(2 <= told["asked"] <= MOST_ASKED, told)


def test_audit():
    """Each question is recorded, and a mark says since when records are told."""
    before = len(records())
    postern("mark", "test")
    told = wait(3, "web", "--for", "shim", "--deadline", f"{DEADLINE}s", "--connect", URI)
    said = records()[before:]
    check([line["method"] for line in said[:4]] == ["mark"] * 4, said)
    # Before and after each, or once where there was no time left for libvirt.
    check(all(line["method"] == "wait" for line in said[4:]), said[4:])
    check(told["asked"] <= len(said[4:]) <= 2 * told["asked"], said, told)

    now = time.time()
    for host, some in ((now - 3600, True), (now + 3600, False)):
        mark = MARK.format(time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(host)) + ".000000Z")
        done = postern("audit", "--json", "--since", mark)
        check(bool(json.loads(done.stdout)["entries"]) == some, host - now, done)


if __name__ == "__main__":
    main(sys.modules[__name__])
