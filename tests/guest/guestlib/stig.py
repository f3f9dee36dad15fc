# SPDX-License-Identifier: LGPL-2.1-or-later
"""The fixes of a real hardening profile, made by oscap from the Debian package ssg-debderived.

ComplianceAsCode's content for Ubuntu 20.04 has a STIG profile, and with most rules of it a shell
script that makes a system comply. Nothing of it is kept here: oscap writes them all in one script,
which is taken apart again, and each runs as it is.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from .errors import Skip, check
from .proc import run

OSCAP = Path("/usr/bin/oscap")
CONTENT = Path("/usr/share/xml/scap/ssg/content/ssg-ubuntu2004-ds.xml")
PREFIX = "xccdf_org.ssgproject.content_"
FIX = re.compile(rf"^# BEGIN fix \(\d+ / \d+\) for '{PREFIX}rule_([^']+)'\n#+\n(.*?)\n"
                 rf"# END fix for '{PREFIX}rule_\1'$", re.DOTALL | re.MULTILINE)
NONE = "IS MISSING!"
# What needs no package and shuts nobody out. Left out are packages, services and their settings.
HARMLESS = re.compile(r"(account|accounts|banner|dir|directory|disable_ctrlaltdel|display_login|file|"
                      r"permissions|root_permissions|sshd|sysctl|wireless)_")
# pam_tally2 and pam_pwquality are no modules of this guest's: a stack that names them is broken.
SHUTS_OUT = {"accounts_passwords_pam_tally2", "accounts_password_pam_retry"}
# What decides about getting in and becoming root: sshd's and sudo's files, PAM's and the accounts'.
# A rule of auditd's only watches such a file.
CONTROL = re.compile(r"/etc/ssh/|/etc/sudoers|/etc/pam\.d|/usr/share/pam-configs|/etc/security/|"
                     r"/etc/(?:passwd|shadow|group|login\.defs|default/useradd|profile)\b|"
                     r"\buser(?:add|mod)\b|\bchage\b|\bpam_\w+\.so\b")
WATCHES = "/etc/audit"
# Fewer than these: the content is another one, or is no longer read as it should be.
LEAST = 30
LEAST_OF_ALL = 150


@dataclass(frozen=True)
class Fix:
    """What makes a guest comply with one rule."""

    rule: str
    text: str

    def decides(self):
        """What its text mentions of what decides about access."""
        return frozenset() if WATCHES in self.text else frozenset(CONTROL.findall(self.text))


def split(text):
    """The fixes of a script that oscap made of a profile, in its order; rules without one left out."""
    return [Fix(rule, body) for rule, body in FIX.findall(text) if NONE not in body]


def fixes():
    """Every rule of the profile that has a fix."""
    for path in (OSCAP, CONTENT):
        if not path.is_file():
            raise Skip(f"{path} is not there: install-packages brings it")
    made = run([OSCAP, "xccdf", "generate", "fix", "--fix-type", "bash",
                "--profile", f"{PREFIX}profile_stig", CONTENT], timeout=60)
    check(made.code == 0, f"oscap: {made.line()}")
    found = split(made.out)
    check(len(found) >= LEAST_OF_ALL, f"only {len(found)} fixes were found in {CONTENT}")
    return found


def one_of_each_kind(found):
    """Of the fixes that mention what decides about access the first of each kind: those are of one
    kind that mention the same of it."""
    kinds = {}
    for fix in found:
        kinds.setdefault(fix.decides(), fix)
    return [fix for kind, fix in kinds.items() if kind]


def script():
    """One script that applies all that are harmless, and says of each how it ended."""
    found = [fix for fix in fixes() if HARMLESS.match(fix.rule) and fix.rule not in SHUTS_OUT]
    check(len(found) >= LEAST, f"only {len(found)} harmless fixes were found in {CONTENT}")
    lines = ["#!/bin/bash"]
    for fix in found:
        lines += ["(", fix.text, ") >>/run/stig.log 2>&1 </dev/null", f"echo {fix.rule} $?"]
    return "\n".join(lines) + "\nexit 0\n"
