# SPDX-License-Identifier: LGPL-2.1-or-later
"""Agents and shims that are stopped, and what was left with them."""

import os
import pathlib
import subprocess
import time

from .tools import (BUILD, FULL, SOUND, ask, expect, expect_sound, finish, lab, pocket, scenario,
                    start)


@scenario(FULL, SOUND)
def a_stopped_agent_and_many_who_ask():
    lab("run", "st-full", "-", text="systemctl stop postern-shim")
    lab("run", "--detach", "st-full", "-", text="kill -STOP $(pidof qemu-ga)")
    time.sleep(2)
    askers = [start("st-full", deadline=4) for _ in range(6)]
    for _ in range(3):
        sound = expect_sound("st-sound")
        expect(sound.seconds < 3, "a neighbour was delayed", sound)
    for asker in askers:
        answer = finish(asker, 4)
        expect(answer.code == 3 and answer.via == "none" and answer.attempt("agent"),
               "the agent should have been tried in vain", answer)
        expect("no shim" in (answer.attempt("channel") or ""), "and the channel be shut", answer)
    lab("reset", "st-full")


def busy_threads():
    """How many of libvirtd's worker threads are at work just now."""
    socket = os.environ["LIBVIRT_DEFAULT_URI"].partition("socket=")[2]
    admin = pathlib.Path(socket).with_name("libvirt-admin-sock")
    # The daemon's administration is for its own user alone.
    user = ["runuser", "-u", admin.owner(), "--"] if os.geteuid() == 0 else []
    told = subprocess.run([*user, "virt-admin", "-c", f"libvirtd:///session?socket={admin}",
                           "server-threadpool-info", "libvirtd"], check=True, capture_output=True,
                          text=True, timeout=20).stdout
    rows = dict(line.split(":") for line in told.splitlines() if ":" in line)
    rows = {name.strip(): int(number) for name, number in rows.items()}
    return rows["nWorkers"] - rows["freeWorkers"]


def held_threads():
    """How many wait for something: the others, which answer some call, are soon free again."""
    counts = []
    for _ in range(5):
        counts.append(busy_threads())
        time.sleep(0.05)
    return min(counts)


HELD = [pocket(f"st-held-{i}", "--port-name", "org.qemu.guest_agent.0", "silent")
        for i in range(6)]


@scenario(*HELD, SOUND)
def stopped_agents_of_many_guests():
    """At most four calls at a time wait in libvirtd for agents, whatever number of guests is asked;
    nobody else waits, and whoever does not get a place says so."""
    askers = [start(guest.name, deadline=6) for guest in HELD]
    seen = []
    for _ in range(4):
        sound = expect_sound("st-sound")
        expect(sound.seconds < 3, "a neighbour was delayed", sound)
        seen.append(held_threads())
    expect(max(seen) <= 4, f"so many of libvirtd's threads were held at once: {seen}")
    expect(max(seen) >= 2, f"and the guests were asked one after another: {seen}")
    for asker in askers:
        answer = finish(asker, 6)
        expect(answer.code == 3 and answer.via == "none" and answer.attempt("agent"),
               "the agent should have been tried in vain", answer)


@scenario(*HELD, FULL)
def a_sound_agent_behind_stopped_ones():
    """A guest without a shim waits for one of the four places, no longer than the stopped agents' own
    callers do, and then is answered by its agent."""
    lab("run", "st-full", "-", text="systemctl stop postern-shim")
    askers = [start(guest.name, deadline=4) for guest in HELD]
    time.sleep(0.5)
    answer = ask("st-full", deadline=20)
    expect(answer.code == 0 and answer.via == "agent", "the agent should have answered", answer)
    expect(answer.seconds < 12, "long before its deadline", answer)
    for asker in askers:
        finish(asker, 4)
    lab("run", "st-full", "-", text="systemctl start postern-shim")


@scenario(FULL)
def a_stopped_shim_is_passed_by():
    """libvirt still calls the channel connected: the next rung is begun beside it."""
    lab("run", "st-full", "-", text="kill -STOP $(pidof postern-shim)")
    answer = ask("st-full", deadline=10)
    expect(answer.via == "agent" and answer.attempt("channel") == "no answer in time",
           "the agent should have answered", answer)
    lab("run", "st-full", "-", text="kill -CONT $(pidof postern-shim)")
    expect_sound("st-full")


def probes_run_for(milliseconds):
    """Leaves a request with a stopped shim, lets it go on after 4 s, and tells whether it was run:
    by the page faults of the shim's reaped children (cminflt, proc(5))."""
    faults = "cut -d' ' -f11 /proc/$(pidof postern-shim)/stat"
    with subprocess.Popen([BUILD / "tests/guest/leave-request", "st-full", str(milliseconds)],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
        expect(client.stdout.readline() == "ready\n", "the clock could not be read")
        before = lab("run", "st-full", "-", text=f"kill -STOP $(pidof postern-shim); {faults}")
        client.stdin.write("go\n")
        client.stdin.close()
        expect(client.wait(timeout=30) == 0, "the request could not be left")
    time.sleep(4)
    after = lab("run", "st-full", "-",
                text=f"kill -CONT $(pidof postern-shim); sleep 2; {faults}")
    return before != after


@scenario(FULL)
def nothing_runs_after_its_caller_has_gone():
    """A request left with a stopped shim is run when it goes on if its time has not come yet, which
    shows that it did arrive, and is not run otherwise."""
    expect(probes_run_for(60000), "the request did not arrive")
    expect(not probes_run_for(3000), "a request was run after its time")
    expect_sound("st-full")


def run_by_the_next_shim(milliseconds):
    """Sends a request while the guest's end is closed, starts the shim 4 s later, and tells how many
    page faults the children had that it reaped since."""
    with subprocess.Popen([BUILD / "tests/guest/leave-request", "st-full", str(milliseconds)],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
        expect(client.stdout.readline() == "ready\n", "the clock could not be read")
        lab("run", "st-full", "-", text="systemctl stop postern-shim")
        client.stdin.write("go\n")
        client.stdin.flush()
        time.sleep(4)
        faults = lab("run", "st-full", "-", text="systemctl start postern-shim; sleep 3; "
                     "cut -d' ' -f11 /proc/$(pidof postern-shim)/stat")
        client.stdin.close()
        expect(client.wait(timeout=30) == 0, "the request could not be sent")
    return int(faults)


@scenario(FULL, check=False)
def a_request_sent_while_the_port_was_closed():
    """It waits for whoever opens the port next, who runs it only if its time has not come yet."""
    in_time, late = run_by_the_next_shim(60000), run_by_the_next_shim(3000)
    expect(in_time > late, f"the request did not arrive: {in_time} and {late} faults")
    expect(late == 0, f"a request was run after its time: {late} faults")
    expect_sound("st-full")
