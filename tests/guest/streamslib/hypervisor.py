# SPDX-License-Identifier: LGPL-2.1-or-later
"""QEMU or libvirtd that is stopped or killed."""

import os
import signal
import time

from .tools import (SOUND, Stopped, ask, begin, expect, expect_sound, finish, lab, pocket, scenario,
                    start)


@scenario(pocket("st-late", "late", "1"), SOUND)
def a_stopped_qemu():
    with Stopped(lab("qemu-pid", "st-late")):
        slow = start("st-late", deadline=4)
        for _ in range(3):
            sound = expect_sound("st-sound")
            expect(sound.seconds < 3, "a neighbour was delayed", sound)
        answer = finish(slow, 4)
        expect(answer.code == 3 and "st-late" in answer.error, "the guest should be named", answer)
        expect(answer.attempt("channel") == "no answer in time", "and why", answer)
    expect_sound("st-late")


@scenario(pocket("st-late", "late", "1"), SOUND)
def a_stopped_qemu_is_asked_again_and_again():
    """Its queue holds two connections that it does not take; at the third libvirt would wait with the
    domain locked, and nobody else could do anything with it: from the second question on, none is
    made."""
    with Stopped(lab("qemu-pid", "st-late")):
        ask("st-late", deadline=6)
        for _ in range(4):
            answer = ask("st-late", deadline=6)
            expect(answer.code == 3, "the domain is locked", answer)
            expect("has not answered libvirt" in (answer.attempt("channel") or ""), "and why", answer)
    expect_sound("st-late")


@scenario(pocket("st-late", "late", "1"), SOUND)
def a_stopped_qemu_that_many_ask_at_once():
    """Those who wait for their turn at its channel have seen it before anybody knew that it stands
    still; and who has little time leaves nothing that tells."""
    with Stopped(lab("qemu-pid", "st-late")):
        for _ in range(4):
            ask("st-late", deadline=0.3)
        askers = [(start("st-late", deadline=seconds), seconds) for seconds in (4, 6, 8, 10)]
        for asker, seconds in askers:
            answer = finish(asker, seconds)
            expect(answer.code == 3, "the domain is locked", answer)
            sound = expect_sound("st-sound")
            expect(sound.seconds < 3, "a neighbour was delayed", sound)
        answer = finish(begin("list", deadline=4), 4)
        expect(answer.code == 0 and answer.json, "the domains can't be listed", answer)
    expect_sound("st-late")


@scenario(pocket("st-late", "late", "1"), SOUND)
def a_list_with_a_stopped_qemu():
    """The others are there, and the stopped one costs at most the deadline."""
    with Stopped(lab("qemu-pid", "st-late")):
        answer = finish(begin("list", deadline=4), 4)
        rows = {row["name"]: row for row in answer.json["domains"]}
        expect("problem" not in rows["st-sound"] and "shim" in rows["st-sound"],
               "a neighbour should have answered", answer)
        expect("problem" in rows["st-late"] and "shim" not in rows["st-late"],
               "the stopped one should have a problem", answer)
    expect_sound("st-late")


@scenario(SOUND)
def a_stopped_libvirtd():
    with Stopped(lab("libvirtd-pid")):
        answer = ask("st-sound", deadline=2)
        expect(answer.code == 69 and "libvirt" in answer.error, "libvirt should be named", answer)
    expect_sound("st-sound")


@scenario(pocket("st-late", "late", "3000"))
def a_libvirtd_stopped_in_mid_answer():
    process = start("st-late", deadline=4)
    time.sleep(1)
    with Stopped(lab("libvirtd-pid")):
        answer = finish(process, 4)
        # A ping may have been under way when libvirtd was stopped.
        expect(answer.code == 3 and answer.attempt("channel") in
               ("no answer in time", "the shim said hello and then nothing more"),
               "it should have been waited for", answer)
    expect_sound("st-late")


@scenario(pocket("st-late", "late", "3000"))
def a_libvirtd_restarted_in_mid_answer():
    """It ends in good order, and another one is there when the caller is told."""
    process = start("st-late", deadline=10)
    time.sleep(1)
    lab("restart-libvirtd")
    answer = finish(process, 10)
    expect(answer.code == 3 and "libvirt" in (answer.attempt("channel") or ""),
           "libvirt should be named", answer)
    expect_sound("st-late")


@scenario(pocket("st-late", "late", "3000"))
def a_libvirtd_killed_in_mid_answer():
    process = start("st-late", deadline=10)
    time.sleep(1)
    os.kill(int(lab("libvirtd-pid")), signal.SIGKILL)
    answer = finish(process, 10)
    expect(answer.code == 3 and "libvirt" in (answer.attempt("channel") or ""),
           "libvirt should be named", answer)
    expect(answer.seconds < 5, "and at once", answer)
    lab("restart-libvirtd")
    expect_sound("st-late")
