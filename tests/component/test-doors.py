#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who may ask what at the door: callers by domains by methods, with users of the system.
Usage: test-doors.py POSTERN POSTERND [TEST…]"""

import os
import signal
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
from daemonlib import FOLDER, NOBODY, SOCKET, Caller, as_user, ask, daemon, main, postern, records
from taplib import Skip, check

UUID = "6695eb01-f6a4-8304-79aa-97f2502e193f"
GRANTS = f"""\
[grant operators]
groups=61100
domains=*
methods=list;ask;read

[grant web]
users=61001
domains=te?t;{UUID}
methods=list;ask

[grant logs]
users=61002;nobody-is-called-that
domains=test
methods=read

[grant elsewhere]
users=61003
domains=web-*
methods=list;ask;read
"""
READ = {"domain": "test", "deadline_ms": 10000,
        "questions": [{"probe": "file", "args": {"path": "/etc/hostname"}}]}
HOST = {"deadline_ms": 10000, "questions": [{"probe": "host", "args": {"watch_ms": 0}}]}
# Each with every way to call the domain.
REQUESTS = [("list", {"deadline_ms": 5000}), ("health", {"deadline_ms": 5000})] + [
    ("ask", dict(params, domain=domain)) for domain in ("test", "1", UUID)
    for params in (ask("system"), HOST, READ, ask("system", "network"))] + [
    ("ask", {"domain": "test", "deadline_ms": 10000,
             "questions": [{"probe": "system"}, READ["questions"][0]]})]
ALL = "1 1 " + "yes " * 12 + "yes"
# user, groups, and what becomes of the REQUESTS: of `list` and `health`, how many domains are seen.
TABLE = [
    (0, [], ALL),
    (NOBODY, [], "no " * 14 + "no"),
    (61100, [], ALL),
    (NOBODY, [5, 61100], ALL),
    (61001, [], "1 no " + "yes yes no yes " + "no no no no " + "yes yes no yes " + "no"),
    (61002, [], "no no " + "no no yes no " + "no no no no " + "no no no no " + "no"),
    (61003, [], "0 no " + "no " * 12 + "no"),
]


def ask_all():
    """What becomes of each of the REQUESTS; every other method is refused whoever calls it."""
    caller, said = Caller(), []
    for method, params in REQUESTS:
        parts, answer = caller.call(method, params)
        if "error" in answer:
            check(answer["error"]["data"]["reason"] == "not-allowed" and not parts, answer)
            said.append("no")
        else:
            said.append(str(len(parts)) if method in ("list", "health") else "yes")
    check(caller.call("ping", {})[1]["result"] == {}, "ping")
    check("probes" in caller.call("describe", {})[1]["result"], "describe")
    for method in ("exec", "exec.run", "power", "snapshot", "recover", "probe", "subscribe"):
        check(caller.call(method, {})[1]["error"]["data"]["reason"] == "unknown-method", method)
    return " ".join(said)


def test_grants():
    """Caller by domain by method, with users of the system; what is refused is in the audit, and
    was asked nobody."""
    if os.geteuid() != 0:
        raise Skip("needs root for other users")
    path = FOLDER + "/grants.conf"
    with open(path, "w", encoding="utf-8") as file:
        file.write(GRANTS)
    os.chmod(FOLDER, 0o711)
    with daemon(POSTERN_CONFIG=path) as process:
        check("[grant logs] users: nobody is called 'nobody-is-called-that'" in
              process.stderr.readline(), "an unknown name is said")
        os.chmod(SOCKET, 0o666)
        for uid, groups, expected in TABLE:
            before = len(records())
            said = as_user(uid, ask_all, groups)
            check(said == expected, uid, groups, said, expected)
            lines = [line for line in records()[before:] if line["result"] == "not-allowed"]
            refused = [len(params.get("questions", [0])) for (_, params), word in
                       zip(REQUESTS, expected.split()) if word == "no"]
            check(len(lines) == sum(refused), uid, len(lines), refused)
            check(all(f"uid {uid}" in line["caller"] for line in lines), lines[:2])

        done = as_user(61002, lambda: str(postern("probe", "test", "system")))
        check("returncode=77" in done and "no grant lets this caller ask" in done, done)
        with open(path, "w", encoding="utf-8") as file:
            file.write(GRANTS.replace("methods=read", "methods=reed"))
        process.send_signal(signal.SIGHUP)
        check("[grant logs] methods: unknown method 'reed'" in process.stderr.readline(), "it is said")
        check(as_user(*TABLE[4][:1], ask_all) == TABLE[4][2], "and what was holds on")
        with open(path, "w", encoding="utf-8") as file:
            file.write("[daemon]\n")
        process.send_signal(signal.SIGHUP)
        until = time.monotonic() + 10
        while as_user(NOBODY, ask_all) != ALL:
            check(time.monotonic() < until, "without grants the socket's mode decides")


if __name__ == "__main__":
    main(sys.modules[__name__])
