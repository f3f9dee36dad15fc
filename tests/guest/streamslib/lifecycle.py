# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guests that are suspended, reset, switched off, saved, reverted or crash in mid-answer, and
channels that are taken away."""

import tempfile
import time
from xml.etree import ElementTree

from .tools import (FULL, GRACE, SOUND, ask, expect, expect_sound, finish, lab, pocket, scenario,
                    start, virsh)


@scenario(pocket("st-silent", "silent"), SOUND)
def a_suspended_guest():
    virsh("suspend", "st-silent")
    answer = ask("st-silent")
    virsh("resume", "st-silent")
    expect(answer.code == 3 and "paused" in answer.error and answer.seconds < GRACE,
           "libvirt's word should have been enough", answer)


@scenario(pocket("st-late", "late", "2000"))
def a_guest_suspended_while_it_answers():
    process = start("st-late", deadline=4)
    time.sleep(1)
    virsh("suspend", "st-late")
    answer = finish(process, 4)
    virsh("resume", "st-late")
    expect(answer.code == 3 and answer.attempt("channel"), "the channel should say why", answer)
    expect_sound("st-late")


@scenario(pocket("st-unheard", "late", "500"))
def a_channel_closed_while_its_guest_is_paused():
    """QEMU does not hear of that, and would hold back all that the guest writes from then until the
    channel has been opened and closed once more."""
    process = start("st-unheard", deadline=3)
    time.sleep(0.3)
    virsh("suspend", "st-unheard")
    answer = finish(process, 3)
    expect(answer.code == 3 and answer.attempt("channel"), "the channel should say why", answer)
    virsh("resume", "st-unheard")
    time.sleep(2)  # The guest answers, and nobody is there.
    expect_sound("st-unheard")


@scenario(pocket("st-reset", "reset-mid", spoilt=True))
def a_reset_in_mid_answer():
    answer = ask("st-reset", deadline=8)
    expect(answer.code == 3 and "reset" in (answer.attempt("channel") or ""),
           "the reset should have been heard", answer)
    expect(answer.seconds < 6, "and at once", answer)


@scenario(pocket("st-off", "reset-mid", "poweroff", spoilt=True))
def a_guest_that_goes_off_in_mid_answer():
    answer = ask("st-off", deadline=8)
    # Which of the two is heard first, the guest's end or the stream's, is libvirt's affair.
    expect(answer.code == 3 and "the channel ended" in (answer.attempt("channel") or ""),
           "the end should have been heard", answer)
    # A busy host's QEMU takes a while to end after its guest has.
    seen = answer.attempt("host") or ""
    expect("off (shut down from within)" in seen or "the guest is shutting down" in seen,
           "and why it came", answer)
    answer = ask("st-off")
    expect(answer.code == 3 and "off" in answer.error, "and is known afterwards", answer)


@scenario(pocket("st-panic", "panic-mid", spoilt=True), SOUND)
def a_panic_that_libvirt_does_not_see():
    """Who asked gives the guest up before the host has watched it for long enough: that is told
    all the same, and well before the deadline."""
    slow = start("st-panic", deadline=20)
    expect_sound("st-sound")
    answer = finish(slow, 20)
    expect(answer.code == 3 and answer.attempt("channel"), "the channel should say why", answer)
    expect("processors spin" in (answer.attempt("host") or ""), "and the host what it sees", answer)
    expect(answer.seconds < 12, "and long before the deadline", answer)
    answer = ask("st-panic", deadline=2)
    expect(answer.code == 3 and answer.attempt("channel") == "no answer in time",
           "and nothing else is known afterwards", answer)


@scenario(pocket("st-crash", "panic-mid", options=("--panic-device",), spoilt=True), SOUND)
def a_panic_that_libvirt_sees():
    """The state is believed: no channel is opened and no agent asked, although both would take
    bytes."""
    answer = ask("st-crash", deadline=20)
    expect(answer.code == 3 and "crashed" in (answer.attempt("channel") or ""),
           "the crash should have been heard", answer)
    expect(answer.seconds < 8, "and at once", answer)
    answer = ask("st-crash", deadline=20)
    expect(answer.code == 3 and "crashed" in answer.error and answer.seconds < GRACE,
           "libvirt's word should have been enough", answer)
    expect_sound("st-sound")


@scenario(pocket("st-late", "late", "3000"))
def a_managed_save_in_mid_answer():
    """Neither the request that was sent before nor its answer may be taken for the next one's."""
    process = start("st-late", "network", deadline=20)
    time.sleep(1)
    virsh("managedsave", "st-late")
    answer = finish(process, 20)
    # Which of the two is heard first, the guest's end or the stream's, is libvirt's affair.
    expect(answer.code == 3 and "the channel ended" in (answer.attempt("channel") or ""),
           "the end should have been heard", answer)
    answer = ask("st-late")
    expect(answer.code == 3 and "off" in answer.error and answer.seconds < GRACE,
           "and is known afterwards", answer)
    virsh("start", "st-late")
    answer = ask("st-late", "services", deadline=20)
    expect(answer.code == 0 and answer.json["report"]["probe"] == "services",
           "the restored guest should answer what it is asked", answer)


@scenario(FULL, check=False)
def a_revert_in_mid_answer():
    """Shim and agent are stopped, so we wait; a revert takes the guest back to before the question."""
    lab("run", "--detach", "st-full", "-",
        text="kill -STOP $(pidof postern-shim); systemctl stop qemu-guest-agent")
    time.sleep(3)
    process = start("st-full", deadline=30)
    time.sleep(0.5)
    lab("reset", "st-full")
    answer = finish(process, 30)
    expect(answer.code == 3 and "ended" in (answer.attempt("channel") or ""),
           "the revert should have been heard", answer)
    expect_sound("st-full")


@scenario(FULL, check=False)
def a_question_after_a_revert():
    """The guest's clock is behind for good, and its boot id is the same: what may not run later than
    its deadline is counted by the guest's own clock, as the new hello tells it."""
    expect_sound("st-full")
    time.sleep(5)
    virsh("snapshot-revert", "st-full", "clean")
    for _ in range(3):
        answer = ask("st-full", deadline=6)
        expect(answer.code == 0 and answer.via == "channel", "the channel should answer", answer)
    lab("reset", "st-full")


def channel_xml(guest, *options):
    """The definition of the shim's channel in a guest's live or, with --inactive, persistent
    configuration."""
    domain = ElementTree.fromstring(virsh("dumpxml", guest, *options))
    return next(ElementTree.tostring(channel, encoding="unicode").strip()
                for channel in domain.iterfind("devices/channel")
                if channel.find("target").get("name") == "org.postern.shim.0")


def change_device(verb, guest, definition, option):
    """virsh attach-device or detach-device, of that channel."""
    with tempfile.NamedTemporaryFile("w", suffix=".xml", encoding="utf-8") as file:
        file.write(definition)
        file.flush()
        virsh(verb, guest, file.name, option)


@scenario(pocket("st-late", "late", "3000", spoilt=True))
def a_channel_that_is_detached_in_mid_answer():
    """Live and in the persistent configuration, which takes two calls: the live one needs the alias
    and the socket's path, and the other one must not have them."""
    process = start("st-late", deadline=6)
    time.sleep(1)
    change_device("detach-device", "st-late", channel_xml("st-late"), "--live")
    answer = finish(process, 6)
    expect(answer.code == 3 and "the channel ended" in (answer.attempt("channel") or ""),
           "the end should have been heard", answer)
    expect(answer.seconds < 4, "and at once", answer)
    answer = ask("st-late")
    expect("no channel" in (answer.attempt("channel") or "") and answer.seconds < GRACE,
           "libvirt's word should have been enough", answer)
    persistent = channel_xml("st-late", "--inactive")
    change_device("detach-device", "st-late", persistent, "--config")
    expect("org.postern.shim.0" not in virsh("dumpxml", "st-late", "--inactive"),
           "the persistent configuration still has the channel")
    answer = ask("st-late")
    expect("no channel" in (answer.attempt("channel") or ""), "the channel is gone", answer)
    virsh("destroy", "st-late")
    answer = ask("st-late")
    expect(answer.code == 3 and "off" in answer.error, "and the guest is off", answer)
