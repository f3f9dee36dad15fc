#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The list of domains, with libvirt's own test driver. Usage: test-list.py POSTERN [TEST…]"""

import json
import os
import re
import shutil
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
import commandlib
import deadmount
from commandlib import FOLDER, LATE, NO_CHANNEL, configuration, recorded, run
from taplib import Skip, check, run_all

RECORDS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../data/records/stream.records")


def test_list():
    done = run("list")
    check((done.returncode, done.stderr) == (0, ""), done)
    header, row = done.stdout.splitlines()
    check(header.split() == ["DOMAIN", "STATE", "CHANNEL", "AGENT", "VOLUME", "SHIM", "ANSWERED",
                             "RECORDED", "PROBLEM"], header)
    check(row.split()[:8] == ["test", "running", "none", "none", "none", "-", "never", "never"], row)
    check(row.endswith(NO_CHANNEL), row)

    domain, = json.loads(run("list", "--json").stdout)["domains"]
    check(domain["name"] == "test" and domain["channel"] == "none", domain)
    check(domain["problem"] == NO_CHANNEL and "last_answer_us" not in domain, domain)
    check(domain["volume"] == "none" and "last_record_us" not in domain, domain)


def listed(config):
    """The row of `web`, as text and as JSON."""
    text = run("list", connect=recorded(), config=config)
    check((text.returncode, text.stderr) == (0, ""), text)
    domain, = json.loads(run("list", "--json", connect=recorded(), config=config).stdout)["domains"]
    return text.stdout.splitlines()[1], domain


def test_list_of_records():
    """A domain that nobody can be asked in is listed with what was kept of it, and its age."""
    store = os.path.join(FOLDER, "listed")
    config = configuration("listed.conf", f"folder={store}")
    row, domain = listed(config)
    check(row.split()[2:8] == ["none", "none", "shut", "-", "never", "never"], row)
    check(domain["volume"] == "shut" and "last_record_us" not in domain, domain)
    folder, = os.listdir(store)
    kept = os.path.join(store, folder, "3a4f5d6e-1111-4222-8333-444455556666.records")
    shutil.copy(RECORDS, kept)
    age = 3 * 3600
    os.utime(kept, (0, time.time() - age))
    row, domain = listed(config)
    check(re.search(r" none +none +open +- +never +3 h ago +\S", row), row)
    check(domain["volume"] == "open" and domain["problem"] == NO_CHANNEL, domain)
    check(abs(time.time() - age - domain["last_record_us"] / 1e6) < 60, domain)
    check("last_answer_us" not in domain, domain)


def test_list_without_store():
    """Whether anything was kept of it is not known then."""
    row, domain = listed(configuration("nowhere.conf", "folder=/proc/none"))
    check(row.split()[4] == "?" and "volume" not in domain, row, domain)


def test_list_with_dead_store():
    """A store that hangs costs that column, and no more than its share of the time."""
    if not ISOLATED:
        raise Skip("needs a mount namespace of its own")
    place = os.path.join(FOLDER, "dead")
    os.mkdir(place)
    with deadmount.DeadMount(place):
        begun = time.monotonic()
        done = run("list", "--json", "--deadline", "4s", connect=recorded(),
                   config=configuration("dead.conf", f"folder={place}/store"))
        took = time.monotonic() - begun
    check(done.returncode == 0, done)
    domain, = json.loads(done.stdout)["domains"]
    check(domain["state"] == "running" and domain["problem"] == NO_CHANNEL, domain)
    check("volume" not in domain and "last_record_us" not in domain, domain)
    check(took < 4 + LATE, took)


def test_question_with_dead_store():
    """Whether something was kept of a guest without a recorder holds up no question to it."""
    if not ISOLATED:
        raise Skip("needs a mount namespace of its own")
    place = os.path.join(FOLDER, "dead-too")
    os.mkdir(place)
    with deadmount.DeadMount(place):
        config = configuration("dead-too.conf", f"folder={place}/store")
        for words in ["probe", "test", "system"], ["diagnose", "test"]:
            begun = time.monotonic()
            done = run(*words, "--deadline", "3s", config=config)
            took = time.monotonic() - begun
            check(done.returncode == 3, words, done)
            check(took < 3 + LATE, words, took)


if __name__ == "__main__":
    ISOLATED = commandlib.isolate()
    try:
        run_all(sys.modules[__name__])
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
