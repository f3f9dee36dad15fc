# SPDX-License-Identifier: LGPL-2.1-or-later
"""The fixes of a real hardening profile, taken from the Debian package ssg-debderived.

ComplianceAsCode's content for Ubuntu 20.04 has a STIG profile, and with each rule of it a shell
script that makes a system comply (XCCDF 1.2, `fix`). Nothing of it is kept here: what is installed
is read, and runs as it is.
"""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from .errors import Skip, check

CONTENT = Path("/usr/share/xml/scap/ssg/content/ssg-ubuntu2004-xccdf.xml")
PREFIX = "xccdf_org.ssgproject.content_"
PROFILE = f"{PREFIX}profile_stig"
SHELL = "urn:xccdf:fix:script:sh"
# What needs no package and shuts nobody out. Left out are packages, services and their settings.
HARMLESS = re.compile(r"(account|accounts|banner|dir|directory|disable_ctrlaltdel|display_login|file|"
                      r"permissions|root_permissions|sshd|sysctl|wireless)_")
# pam_tally2 and pam_pwquality are no modules of this guest's: a stack that names them is broken.
SHUTS_OUT = {"accounts_passwords_pam_tally2", "accounts_password_pam_retry"}
LEAST = 30


def _named(element, name):
    return element.findall(f"{{*}}{name}")


def _values(benchmark, profile):
    """What each Value is in this profile."""
    chosen = {row.get("idref"): row.get("selector") for row in _named(profile, "refine-value")}
    values = {}
    for value in benchmark.iterfind(".//{*}Value"):
        texts = {row.get("selector"): row.text or "" for row in _named(value, "value")}
        selector = chosen.get(value.get("id"))
        values[value.get("id")] = texts.get(selector, texts.get(None, ""))
    return values


def _script(fix, values):
    """The fix's text, with the values in their places."""
    parts = [fix.text or ""]
    for child in fix:
        parts += [values.get(child.get("idref"), ""), child.tail or ""]
    return "".join(parts)


def fixes():
    """Yields (rule, shell script) for each harmless rule of the profile, in its order."""
    if not CONTENT.is_file():
        raise Skip(f"{CONTENT} is not there: install-packages brings it")
    benchmark = ElementTree.parse(CONTENT).getroot()
    profile = next(row for row in benchmark.iterfind(".//{*}Profile") if row.get("id") == PROFILE)
    values = _values(benchmark, profile)
    rules = {row.get("id"): row for row in benchmark.iterfind(".//{*}Rule")}
    for row in _named(profile, "select"):
        name = row.get("idref").removeprefix(f"{PREFIX}rule_")
        rule = rules.get(row.get("idref"))
        if rule is None or row.get("selected") != "true" or name in SHUTS_OUT or \
                not HARMLESS.match(name):
            continue
        for fix in _named(rule, "fix"):
            if fix.get("system") == SHELL:
                yield name, _script(fix, values)


def script():
    """One script that applies them all, and says of each how it ended."""
    found = list(fixes())
    check(len(found) >= LEAST, f"only {len(found)} fixes were found in {CONTENT}")
    lines = ["#!/bin/bash"]
    for name, text in found:
        lines += ["(", text, ") >>/run/stig.log 2>&1 </dev/null", f"echo {name} $?"]
    return "\n".join(lines) + "\nexit 0\n"
