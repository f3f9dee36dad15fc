# SPDX-License-Identifier: LGPL-2.1-or-later
"""Peers on the channel that do not read, do not answer, or answer what was not asked."""

import json
import signal
import subprocess
import time

from .tools import BUILD, SOUND, ask, begin, expect, expect_sound, finish, pocket, scenario, start


@scenario(pocket("st-deaf", "deaf"), SOUND)
def a_guest_that_does_not_read():
    """What is sent to it piles up; it costs its caller the deadline and nobody else anything."""
    for _ in range(10):
        answer = ask("st-deaf", deadline=1)
        expect(answer.code == 3 and answer.attempt("channel") == "no answer in time",
               "it should have been waited for", answer)
    slow = start("st-deaf", deadline=4)
    expect_sound("st-sound")
    finish(slow, 4)


@scenario(pocket("st-deaf", "deaf"))
def a_killed_client_with_pending_bytes():
    """The channel must be free again at once."""
    process = start("st-deaf", deadline=10)
    time.sleep(1)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    answer = ask("st-deaf", deadline=3)
    expect(answer.attempt("channel") == "no answer in time", "the channel was still taken", answer)


@scenario(pocket("st-numb", "--after-hello", "deaf", spoilt=True), SOUND, check=False)
def many_requests_that_are_not_read():
    """As many as a channel may hold are pending when a caller gives up, and when one is killed: the
    channel is free at once for the next one, whose hello is not answered."""
    answer = finish(begin("diagnose", "st-numb", deadline=2), 2)
    expect(answer.code == 3 and "st-numb" in json.dumps(answer.json), "no answer was possible", answer)
    expect(all("no answer in time" in json.dumps(one["attempts"]) for one in answer.json["answers"]
               if one["probe"] not in ("access", "host")), "each should have been waited for", answer)
    process = begin("diagnose", "st-numb", deadline=30)
    time.sleep(1)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    answer = ask("st-numb", deadline=2)
    expect(answer.attempt("channel") == "no answer in time", "the channel was still taken", answer)
    expect_sound("st-sound")


@scenario(pocket("st-deaf", "deaf"), SOUND)
def a_channel_full_to_its_limit():
    """As many bytes as a channel may hold, 64 KiB, are pending when it is closed, again and again:
    that takes no time, and the next one can open it."""
    for _ in range(5):
        done = subprocess.run([BUILD / "tests/guest/fill-channel", "st-deaf"], check=False,
                              capture_output=True, text=True, timeout=60)
        expect(done.returncode == 0, f"fill-channel: {done.stderr.strip()}")
        told = json.loads(done.stdout)
        expect(told["bytes"] > 60 << 10, f"only {told['bytes']} bytes could be sent")
        expect(told["close_ms"] < 400, f"closing it took {told['close_ms']} ms")
    answer = ask("st-deaf", deadline=2)
    expect(answer.attempt("channel") == "no answer in time", "the channel was still taken", answer)
    expect_sound("st-sound")


@scenario(pocket("st-endless", "endless", "1g", spoilt=True),
          pocket("st-bad", "badframes", "10m", spoilt=True),
          pocket("st-rubbish", "garbage", "100m", spoilt=True))
def a_guest_that_sends_rubbish():
    for guest in ("st-endless", "st-bad", "st-rubbish"):
        answer = ask(guest, deadline=10)
        expect(answer.code == 3 and "rubbish" in (answer.attempt("channel") or ""),
               "the rubbish should have been named", answer)
        expect(answer.seconds < 8, "and given up at once", answer)


@scenario(pocket("st-flood", "endless", "512m", spoilt=True))
def a_flood_does_not_fill_the_host():
    """libvirt's client library queues what nobody takes, without bound."""
    program = BUILD / "tests/bench/bench-flood"
    done = subprocess.run([program, "read", "st-flood", "org.postern.shim.0"], check=True,
                          capture_output=True, text=True, timeout=120)
    told = json.loads(done.stdout)
    expect(told["bytes"] >= 512 << 20, f"only {told['bytes']} bytes arrived")
    grown = told["peak_kib"] - told["before_kib"]
    expect(grown < 2048, f"it took {grown} KiB of memory to read them")


@scenario(pocket("st-half", "half"))
def half_an_answer():
    answer = ask("st-half", deadline=2)
    expect(answer.code == 3 and answer.attempt("channel") == "no answer in time",
           "half an answer was taken", answer)


@scenario(pocket("st-mute", "mute"))
def a_shim_that_dies_after_its_hello():
    """It is given up long before the deadline, so that the rungs below still have time."""
    answer = ask("st-mute", deadline=20)
    expect("hello and then nothing" in (answer.attempt("channel") or ""), "it was waited for", answer)
    expect(answer.seconds < 8, "and long", answer)


@scenario(pocket("st-busy", "busy"), pocket("st-quits", "quitter"))
def shims_that_refuse_or_leave():
    """One that has too much to do says so; one that ends in mid-request is known to have ended."""
    answer = ask("st-busy", deadline=8)
    expect(answer.code == 3 and "busy" in answer.error and answer.seconds < 6,
           "the refusal should have been told", answer)
    answer = ask("st-quits", deadline=20)
    why = answer.attempt("channel") or ""
    expect(answer.code == 3 and ("ended" in why or "nothing more" in why) and answer.seconds < 10,
           "the end should have been noticed", answer)


@scenario(pocket("st-twice", "twice"),
          pocket("st-session", "wrong-session"),
          pocket("st-status", "unknown-status"))
def answers_that_are_not_this_questions():
    expect_sound("st-twice")
    answer = ask("st-session", deadline=2)
    expect(answer.code == 3 and answer.attempt("channel") == "no answer in time",
           "another session's answer", answer)
    answer = ask("st-status", deadline=4)
    expect(answer.code == 3 and "unknown status" in (answer.attempt("channel") or ""),
           "an unknown status was believed", answer)


@scenario(pocket("st-old", "old-protocol"), pocket("st-new", "new-protocol"))
def other_protocols():
    for guest in ("st-old", "st-new"):
        answer = ask(guest)
        expect(answer.code == 3 and "protocol" in (answer.attempt("channel") or ""),
               "the protocol should have been named", answer)


@scenario(pocket("st-late", "late", "3000"))
def an_answer_that_comes_too_late():
    """It must not be taken for the next question's."""
    expect(ask("st-late", "network", deadline=1.5).via == "none", "it should have been too late")
    answer = ask("st-late", "services", deadline=8)
    expect(answer.code == 0 and answer.json["report"]["probe"] == "services",
           "the next question's own answer", answer)
