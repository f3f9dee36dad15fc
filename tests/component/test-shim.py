#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The shim's own program, spoken to through pipes. Usage: test-shim.py POSTERN-SHIM [TEST…]"""

import os
import secrets
import shutil
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
from deadmount import DeadMount
from shimlib import LATE, DeadRoot, Shim, boottime_us, greeted, prepare
from taplib import check, run_all

# ---- the session

def test_hello():
    with Shim() as shim:
        before = boottime_us(0)
        answer = shim.hello()["result"]
        check(answer["protocol"] == 1, answer)
        check(answer["machine_id"] == "0123456789abcdef0123456789abcdef", answer)
        check(answer["boot_id"] == "11111111-2222-3333-4444-555555555555", answer)
        check(before <= answer["boottime_us"] <= boottime_us(0), answer)
        check(abs(answer["realtime_us"] / 1e6 - time.time()) < 30, answer)
        check(set(answer["capabilities"]) == {"ping", "describe", "probe", "cancel", "subscribe"}, answer)
        shim.ping()
        check(shim.finish()[1:] == ("", 0), "in good order")


def test_before_hello():
    with Shim() as shim:
        shim.refusal(shim.request("ping"), -32600, "hello")
        shim.refusal(shim.probe(), -32600)
        shim.request("cancel", {"id": "x"}, number=0)
        shim.hello()
        shim.ping()


def test_hello_that_is_wrong():
    with Shim() as shim:
        for params, code in [
                (None, -32602), ({}, -32602), ({"session": shim.session}, -32602),
                ({"session": "x", "protocol": [1], "client": "t"}, -32602),
                ({"session": "0" * 32, "protocol": [1], "client": "t"}, -32602),
                ({"session": shim.session, "protocol": "1", "client": "t"}, -32602),
                ({"session": shim.session, "protocol": [], "client": "t"}, -32005),
                ({"session": shim.session, "protocol": [2, 3], "client": "t"}, -32005)]:
            shim.refusal(shim.request("hello", params), code)
        shim.refusal(shim.request("ping"), -32600)
        check(shim.hello(protocol=[1, 2])["result"]["protocol"] == 1, "a newer host")
        shim.ping()


def test_another_session():
    with greeted() as shim:
        stranger = secrets.token_hex(16)
        shim.request("ping", session=stranger)
        shim.probe(session=stranger)
        shim.request("describe", session=stranger)
        shim.ping()
        check(shim.finish()[0] == [], "a stranger's request is not answered")


def test_new_session_ends_the_old():
    with DeadRoot() as dead, greeted(root=dead.root) as shim:
        for _ in range(6):
            shim.probe(seconds=2.0)
        shim.await_children(4)
        shim.hello()
        shim.await_children(0)
        shim.ping()
        check(shim.receive(3.0) is None, "nothing of the old session is answered")


def test_new_session_starts_at_once():
    """Workers that were just killed do not stand in a new session's way."""
    with DeadRoot() as dead, greeted(root=dead.root) as shim:
        for _ in range(5):
            for _ in range(8):
                shim.probe(seconds=30.0)
            shim.session = secrets.token_hex(16)
            hello = shim.frame("hello", {"session": shim.session, "protocol": [1], "client": "t"})
            shim.number += 1
            probe = shim.frame("probe", {"name": "network", "not_after_us": boottime_us(0.5)},
                               number=shim.number)
            shim.write(hello + probe)
            check("result" in shim.receive(), "hello")
            shim.refusal(f"{shim.session}-{shim.number}", -32002, "did not end before")


# ---- methods

def test_describe():
    with greeted() as shim:
        probes = shim.answer(shim.request("describe"))["result"]["probes"]
        names = [probe["name"] for probe in probes]
        check("network" in names and "system" in names, names)
        for probe in probes:
            check(probe["question"] and probe["args"]["type"] == "object", probe["name"])
            check(all(finding.startswith(probe["name"] + ".") for finding in probe["findings"]),
                  probe["findings"])
            one = shim.answer(shim.request("describe", {"name": probe["name"]}))
            check(one["result"]["probes"] == [probe], probe["name"])
        shim.refusal(shim.request("describe", {"name": "netwrok"}), -32602, "did you mean 'network'?")
        shim.refusal(shim.request("describe", {"name": 7}), -32602)


def test_unknown_words():
    with greeted() as shim:
        shim.refusal(shim.request("pnig"), -32601, "'pnig'", "did you mean 'ping'?")
        # It has no service that runs commands.
        shim.refusal(shim.request("exec.start"), -32005, "postern-exec.socket")
        shim.refusal(shim.probe("netwrk"), -32602, "did you mean 'network'?")
        shim.refusal(shim.probe("journal", args={"linse": 3}), -32602, "linse",
                     "did you mean 'lines'?")
        shim.refusal(shim.probe("journal", args={"lines": "3"}), -32602, "lines")
        shim.refusal(shim.probe("network", args={"x": None}), -32602)
        shim.request("nothing", number=0)
        shim.ping()


def test_probe():
    with greeted() as shim:
        report = shim.answer(shim.probe())["result"]
        check(report["probe"] == "network", report)
        check(report["data"]["links"][0]["name"] == "eth0", report)
        shim.await_children(0)


def test_deadlines():
    with greeted() as shim:
        now = boottime_us(0)
        for params in ({"name": "network"}, {"name": "network", "not_after_us": 0},
                       {"name": "network", "not_after_us": -5},
                       {"name": "network", "not_after_us": now, "not_after_realtime_us": now},
                       {"name": "network", "not_after_us": "soon"}):
            shim.refusal(shim.request("probe", params), -32602)
        shim.refusal(shim.probe(seconds=-1.0), -32002, "was not started")
        shim.refusal(shim.request("probe", {"name": "network", "not_after_us": 1}), -32002,
                     "was not started")
        late = int(time.time() * 1e6) - 1
        shim.refusal(shim.request("probe", {"name": "network", "not_after_realtime_us": late}),
                     -32002, "was not started")
        far = {"name": "network", "not_after_us": 2**53 - 1}
        check("result" in shim.answer(shim.request("probe", far)), "a deadline far away")


def test_dead_mount():
    """A probe that waits for a dead mount costs that probe, up to its deadline."""
    with DeadRoot() as dead, greeted(root=dead.root) as shim:
        start = time.monotonic()
        stuck = shim.probe(seconds=1.5)
        shim.ping()
        other = shim.answer(shim.probe("system"))["result"]
        check(other["probe"] == "system", other)
        check(time.monotonic() - start < 1.5 + LATE, "the others did not wait")
        shim.refusal(stuck, -32002, "did not end before its deadline")
        took = time.monotonic() - start
        check(1.4 < took < 1.5 + LATE, took)
        shim.await_children(0)


def test_storage_beside_a_dead_mount():
    """A mount that does not answer costs the probe `storage` that mount alone; and what is left of
    a look that can't be ended is not added to by the next."""
    for swallow in (False, True):
        with tempfile.TemporaryDirectory() as place, DeadMount(place, swallow), \
                greeted(root="/") as shim:
            for _ in range(2):
                start = time.monotonic()
                report = shim.answer(shim.probe("storage"))["result"]
                check(time.monotonic() - start < 2.5 + LATE, "in time")
                mounts = {mount["path"]: mount for mount in report["data"]["mounts"]}
                check(mounts["/"]["size_bytes"] > 0, mounts)
                check(mounts[place]["answers"] is False, mounts[place])
                named = [one["evidence"]["path"] for one in report["findings"]
                         if one["id"] == "storage.mount-hangs"]
                check(named == [place], report["findings"])
                time.sleep(3.5 if swallow else 0)
            check(("earlier look" in str(report["findings"])) == swallow, report["findings"])


def test_waiting_ends_at_its_deadline():
    """A request that waits for a worker is answered at its own deadline, not at another's."""
    with DeadRoot() as dead, greeted(root=dead.root) as shim:
        for _ in range(4):
            shim.probe(seconds=20.0)
        shim.await_children(4)
        start = time.monotonic()
        first, second = shim.probe(seconds=0.5), shim.probe(seconds=1.0)
        shim.refusal(first, -32002, "was not started")
        check(0.4 < time.monotonic() - start < 0.5 + LATE, time.monotonic() - start)
        shim.refusal(second, -32002, "was not started")
        shim.ping()


def test_too_many():
    with DeadRoot() as dead, greeted(root=dead.root) as shim:
        ids = [shim.probe(seconds=4.0) for _ in range(9)]
        shim.refusal(ids[8], -32003, "8 requests")
        shim.ping()
        check(len(shim.children()) <= 4, shim.children())
        check({shim.receive()["id"] for _ in range(8)} == set(ids[:8]), "all are answered")
        shim.await_children(0)
        shim.refusal(shim.probe(seconds=0.5), -32002)


def test_cancel():
    with DeadRoot() as dead, greeted(root=dead.root) as shim:
        running = [shim.probe(seconds=8.0) for _ in range(4)]
        waiting = shim.probe(seconds=8.0)
        shim.await_children(4)
        for one in ("x", waiting, running[1], f"{secrets.token_hex(16)}-2", running[1]):
            shim.request("cancel", {"id": one}, number=0)
        shim.request("cancel", {}, number=0)
        shim.request("cancel", number=0)
        shim.await_children(3)
        answered = {shim.receive()["id"] for _ in range(3)}
        check(answered == {running[0], running[2], running[3]}, answered)
        check(shim.receive(0.5) is None, "what is cancelled is not answered")


def test_cancel_in_the_same_input():
    """What is asked and cancelled in one go is never started."""
    with DeadRoot() as dead, greeted(root=dead.root) as shim:
        shim.number += 1
        probe = shim.frame("probe", {"name": "network", "not_after_us": boottime_us(2)},
                           number=shim.number)
        cancel = shim.frame("cancel", {"id": f"{shim.session}-{shim.number}"}, number=0)
        shim.write(probe + cancel)
        shim.ping()
        check(shim.children() == [], shim.children())
        check(shim.receive(2.5) is None, "not answered")


def test_stuck_in_the_kernel():
    """Where not even SIGKILL helps: a few such workers are borne, then questions are refused, and
    taken again when the mount lets go. The shim itself goes on."""
    with DeadRoot(swallow=True) as dead, greeted(root=dead.root) as shim:
        ids = [shim.probe(seconds=1.0) for _ in range(4)]
        check({shim.receive()["id"] for _ in ids} == set(ids), "all are answered at the deadline")
        end = time.monotonic() + 20
        while True:
            answer = shim.answer(shim.probe("system", seconds=5.0))
            if "error" in answer or time.monotonic() > end:
                break
            time.sleep(0.1)
        check(answer.get("error", {}).get("code") == -32003, answer)
        check("4 earlier probes" in answer["error"]["message"], answer)
        check(len(shim.children()) >= 4, "they are really still there")
        shim.ping()
        shim.hello()
        dead.mount.abort()
        shim.await_children(0)
        check("result" in shim.answer(shim.probe("system")), "as before")


if __name__ == "__main__":
    prepare()
    run_all(sys.modules[__name__])
