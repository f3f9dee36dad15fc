#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who may ask what at which door: callers by domains by methods, with users of the system.
Usage: test-doors.py POSTERN POSTERND [TEST…]"""

import os
import signal
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
from daemonlib import (FOLDER, NOBODY, RECOVER, SOCKET, Caller, as_user, ask, daemon, main, postern,
                       recoverd, records)
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
    for method in ("exec", "exec-page", "exec-signal", "exec-send", "exec-list", "exec.start", "power",
                   "snapshot", "snapshots", "revert", "recover", "probe", "subscribe"):
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


# ---- both doors

MEMBERS, RECOVERERS = 61200, 61201  # the groups of the two sockets
BOTH = f"""\
[grant readers]
groups={MEMBERS}
domains=*
methods=list;ask

[grant healers]
users=61011
domains=te*
methods=heal

[grant healers-elsewhere]
users=61012
domains=web-*
methods=heal

[grant operators]
users=61014
domains=te*
methods=power

[grant makers]
users=61015
domains=te*
methods=snapshot

[grant reverters]
users=61016
domains=te*
methods=revert
[grant runners]
users=61017
domains=te*
methods=exec

[grant both]
users=61013
domains=*
methods=list;ask;read;heal
"""
HEAL = {"domain": "test", "deadline_ms": 10000}
# It runs: there is nothing to be done.
POWER = {"domain": "test", "deadline_ms": 15000, "action": "start"}
LOOK = {"domain": "test", "deadline_ms": 10000}
# Allowed, and then too little time: nothing is made or reverted.
MAKE = {"domain": "test", "deadline_ms": 1000}
REVERT = dict(MAKE, snapshot="none")
ID = "0123456789abcdef0123456789abcdef"
EXECS = [("exec", dict(HEAL, id=ID, argv=["true"], timeout_ms=1000)), ("exec-page", dict(HEAL, id=ID)),
         ("exec-signal", dict(HEAL, id=ID, signal=15)),
         ("exec-send", dict(HEAL, id=ID, input_end=True)), ("exec-list", HEAL)]
# Every method there is, and what somebody may think that there is; with params that are well.
METHODS = [("ping", {}), ("describe", {}), ("list", {"deadline_ms": 10000}),
           ("health", {"deadline_ms": 10000}), ("ask", ask("system")), ("ask", READ),
           ("watch", {"domains": ["test"]}), ("heal", HEAL), ("heal", dict(HEAL, domain=UUID)),
           ("heal", dict(HEAL, domain="1")), ("power", POWER), *EXECS,
           ("snapshots", LOOK), ("snapshot", MAKE), ("revert", REVERT),
           ("cancel", {}), ("probe", HEAL), ("exec.start", HEAL), ("Snapshot", HEAL),
           ("recover", HEAL), ("recorder-heal", HEAL), ("Heal", HEAL), ("heal ", HEAL), ("", {})]
UNKNOWN = " ".join(["unknown"] * 9)
SHUT = "shut"
READS = "yes yes yes yes yes no yes " + " ".join(["unknown"] * 12) + " " + UNKNOWN
READS_ALL = READS.replace("no", "yes", 1)
REFUSED = "yes yes no no no no no " + " ".join(["unknown"] * 12) + " " + UNKNOWN


def heals(by_name, by_uuid, by_number, power="no", snapshots="no no no", execs="no"):
    """What becomes of the METHODS at the recovery door: of the other one's there is none."""
    return " ".join(["unknown"] * 7 + [by_name, by_uuid, by_number, power] + [execs] * 5 +
                    [snapshots, UNKNOWN])


ALL_OF_IT = heals("yes", "yes", "yes", "yes", "yes yes yes", "yes")


# user, groups, what becomes of the METHODS at the one door and at the other.
BOTH_TABLE = [
    (0, [], READS_ALL, ALL_OF_IT),
    (NOBODY, [], SHUT, SHUT),
    # A grant alone opens no door.
    (61011, [], SHUT, SHUT),
    # A member of the one group is nobody at the other door, whatever is granted.
    (61010, [MEMBERS], READS, SHUT),
    (61011, [MEMBERS], READS, SHUT),
    (61013, [MEMBERS], READS_ALL, SHUT),
    # Who may call there may do nothing that is not granted, nor what is granted of another domain.
    (61010, [RECOVERERS], SHUT, heals("no", "no", "no")),
    (61011, [RECOVERERS], SHUT, heals("yes", "no", "no")),
    (61012, [RECOVERERS], SHUT, heals("no", "no", "no")),
    (61013, [RECOVERERS], SHUT, heals("yes", "yes", "yes")),
    (61014, [RECOVERERS], SHUT, heals("no", "no", "no", "yes")),
    # Either may look; who may make one may not revert to it, and the other way round.
    (61015, [RECOVERERS], SHUT, heals("no", "no", "no", "no", "yes yes no")),
    (61016, [RECOVERERS], SHUT, heals("no", "no", "no", "no", "yes no yes")),
    (61017, [RECOVERERS], SHUT, heals("no", "no", "no", execs="yes")),
    (61015, [MEMBERS], READS, SHUT),
    (61010, [MEMBERS, RECOVERERS], READS, heals("no", "no", "no")),
    (61011, [MEMBERS, RECOVERERS], READS, heals("yes", "no", "no")),
    (61013, [RECOVERERS, MEMBERS], READS_ALL, heals("yes", "yes", "yes")),
]
# Without any grant: the members of the one group may ask, and those of the other may do nothing.
BARE_TABLE = [
    (0, [], READS_ALL, ALL_OF_IT),
    (61010, [MEMBERS], READS_ALL, SHUT),
    (61013, [RECOVERERS], SHUT, heals("no", "no", "no")),
    (NOBODY, [MEMBERS, RECOVERERS], READS_ALL, heals("no", "no", "no")),
]
# With a grant that changes, and none that asks, it is the same for who asks.
ONLY_HEALERS = "[grant healers]\nusers=61011\ndomains=test\nmethods=heal\n"
ONLY_HEALERS_TABLE = [
    (61010, [MEMBERS], READS_ALL, SHUT),
    (61011, [RECOVERERS], SHUT, heals("yes", "no", "no")),
    (61010, [RECOVERERS], SHUT, heals("no", "no", "no")),
]


def attempt(caller, method, params):
    """The answer; what never ends by itself is answered by the first that it tells."""
    if method != "watch":
        return caller.call(method, params)[1]
    caller.send(method, params)
    return caller.read()


def try_all(path):
    """What becomes of each of the METHODS: done or tried, refused, or unknown."""
    try:
        caller, said = Caller(path), []
    except PermissionError:
        return SHUT
    words = {"not-allowed": "no", "unknown-method": "unknown"}
    for method, params in METHODS:
        answer = attempt(caller, method, params)
        said.append(words.get(answer.get("error", {}).get("data", {}).get("reason"), "yes"))
    return " ".join(said)


def check_both(table, grants):
    """Each of the TABLE's users at both doors, and what of it is in the audit."""
    path = FOLDER + "/both.conf"
    with open(path, "w", encoding="utf-8") as file:
        file.write(grants)
    os.chmod(FOLDER, 0o711)
    with daemon(POSTERN_CONFIG=path), recoverd(POSTERN_CONFIG=path):
        for door, group in (SOCKET, MEMBERS), (RECOVER, RECOVERERS):
            check(os.stat(door).st_mode & 0o777 == 0o660, "the mode of", door)
            os.chown(door, 0, group)
        for uid, groups, *expected in table:
            for door, words in zip((SOCKET, RECOVER), expected):
                before = len(records())
                said = as_user(uid, lambda door=door: try_all(door), groups)
                check(said == words, uid, groups, door, said, words)
                check_recorded(uid, words, records()[before:])


def check_recorded(uid, words, lines):
    """One record at least for whatever was refused, and for an act one before and one after."""
    if words == SHUT:
        check(not lines, uid, lines)
        return
    check(all(f"uid {uid}" in line["caller"] and line["uid"] == uid for line in lines), uid, lines)
    for word, result in ("no", "not-allowed"), ("unknown", "unknown-method"):
        found = sum(line["result"] == result for line in lines)
        check(found == words.split().count(word), uid, result, found, words)
    acts = [line for line in lines if (line["method"], line["probe"]) == ("heal", "recorder-heal")]
    done = words.split()[7:10].count("yes")
    check(len(acts) == 2 * done, uid, acts)
    check(all(one["result"] == ("asked" if number % 2 == 0 else "path-shut")
              for number, one in enumerate(acts)), uid, acts)


def test_both_doors():
    """Every method at every door, with callers that may and that may not."""
    if os.geteuid() != 0:
        raise Skip("needs root for other users")
    check_both(BOTH_TABLE, BOTH)


def test_without_grants():
    """Where nothing is granted, who may call may ask, and may change nothing."""
    if os.geteuid() != 0:
        raise Skip("needs root for other users")
    check_both(BARE_TABLE, "[daemon]\n")
    check_both(ONLY_HEALERS_TABLE, ONLY_HEALERS)


if __name__ == "__main__":
    main(sys.modules[__name__])
