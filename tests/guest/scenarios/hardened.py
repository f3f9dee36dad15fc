# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guests that were hardened and work: nobody is accused, and every way in stays what it is said."""

from guestlib import access, stig
from guestlib.errors import check
from guestlib.scenario import Scenario

# What a hardening run does at its end, so that what it wrote takes effect.
TAKE_EFFECT = """\
/usr/sbin/sshd -t
systemctl restart ssh
/usr/sbin/sysctl -q --system
systemctl daemon-reload
"""


def _is_sound(context):
    diagnosis = context.diagnose()
    check(not diagnosis.serious(), f"accused: {', '.join(sorted(diagnosis.serious()))}")
    ways = access.compare(context.guest, diagnosis)
    for way in ways:
        check(way.agrees(), f"{way.name} is said to be {way.verdict}, and an attempt "
                            f"{'works' if way.works else 'fails'}")
    works = {way.name: way.works for way in ways}
    check(works["ssh-key"] and works["sudo"], f"the hardened guest does not work: {works}")
    context.table.add({"scenario": context.name, "expected": "nothing", "first found": "nothing",
                       "ways": ways, "undo": "-",
                       **{way.name.replace("-", " "): way.text() for way in ways}})


def _by_hand(context):
    """faillock, AllowUsers, a firewall that drops, noexec /tmp, umask, sudo's use_pty and log."""
    context.guest.breakage("hardened")
    _is_sound(context)


def _by_profile(context):
    """The harmless fixes of a STIG profile."""
    said = context.guest.script_text(stig.script())
    done = [line.split() for line in said.splitlines()]
    check(len(done) >= stig.LEAST, f"only {len(done)} fixes ran")
    context.log(f"{sum(words[1] == '0' for words in done)} of {len(done)} fixes ended with 0\n")
    context.guest.shell(TAKE_EFFECT)
    _is_sound(context)


def scenarios():
    """Both ways to harden; the profile's fixes search the whole guest, again and again."""
    yield Scenario("hardened", _by_hand, summary=_by_hand.__doc__.strip())
    yield Scenario("hardened-stig", _by_profile, summary=_by_profile.__doc__.strip(), check=False)
