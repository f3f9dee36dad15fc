#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""postern health on hypervisors that libvirt's test driver plays: what is told, kept and written.
Usage: test-health.py POSTERN [TEST…]"""

import fcntl
import glob
import html
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
import deadmount
from taplib import Skip, check, run_all

PROGRAM = sys.argv[1]
EXPORTER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lab/exporter")
FOLDER = tempfile.mkdtemp(prefix="postern-health-")
DOMAINS = {"web": 1, "db": 1, "night": 5, 'odd "|x': 3}


def configuration(name, folder, *lines):
    """The path of a configuration with these lines, and the store in a folder of its own."""
    path = os.path.join(FOLDER, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(["[store]", f"folder={FOLDER}/{folder}/store", *lines, ""]))
    return path


def health(*words, uri, config):
    environment = dict(os.environ, LIBVIRT_DEFAULT_URI=uri, HOME=FOLDER, XDG_RUNTIME_DIR=FOLDER,
                       XDG_STATE_HOME=FOLDER + "/state",
                       POSTERN_CONFIG=config or configuration("plain.conf", "plain"))
    return subprocess.run([PROGRAM, "health", *words], stdin=subprocess.DEVNULL, timeout=60,
                          capture_output=True, env=environment, check=False, text=True)


def swept(*words, uri, config=None, code=3):
    """What it prints, with nothing on standard error and this exit status."""
    done = health(*words, uri=uri, config=config)
    check(done.returncode == code and not done.stderr, words, done)
    return done.stdout


def refused(code, says, *words, uri="test:///default", config=None):
    done = health(*words, uri=uri, config=config)
    check(done.returncode == code and not done.stdout, words, done)
    check(done.stderr.startswith("postern: ") and done.stderr.count("\n") == 1, words, done)
    check(says in done.stderr, words, says, done.stderr)


def played(name, domains):
    """The URI of a hypervisor that libvirt plays, with these domains in these states."""
    path = os.path.join(FOLDER, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write("<node xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>")
        for domain, state in domains.items():
            file.write("<domain type='test'>"
                       f"<name>{html.escape(domain)}</name>"
                       f"<uuid>{uuid.uuid5(uuid.NAMESPACE_DNS, domain)}</uuid>"
                       "<memory>8192</memory>"
                       "<os><type>hvm</type></os><test:runstate>"
                       f"{state}</test:runstate></domain>")
        file.write("</node>")
    return f"test://{path}"


def test_domains():
    """Each domain is told as what it is, whatever it is called."""
    uri = played("health.xml", DOMAINS)
    told = json.loads(swept("--json", uri=uri))
    found = {row["name"]: row["condition"] for row in told["domains"]}
    check(found == {"web": "silent", "db": "silent", "night": "off", 'odd "|x': "paused"}, found)
    check(told["counts"]["unknown"] == 4 and told["counts"]["off"] == 1, told["counts"])
    text = swept(uri=uri)
    check(text.startswith("4 domains: 4 unknown; ") and text.count("\n") == 5, text)
    check(swept("web", "night", uri=uri).startswith("2 domains: "))
    check(swept("--all", uri=uri).startswith("4 domains: "))


def test_expected():
    uri = played("expected.xml", DOMAINS)
    config = configuration("expected.conf", "expected", "[expect night]",
                           "may_be=off", "[expect a]", "guests=web,db", "allow=host.nobody-listens",
                           "[expect b]", "guests=odd*", "acknowledge=host.paused until 2999-01-01 x")
    check(swept("--quiet", uri=uri, config=config, code=0) == "")
    text = swept(uri=uri, config=config, code=0)
    check(text.startswith("4 domains: 4 ok; ") and "it may be off" in text, text)
    check("acknowledged until 2999-01-01: x" in text, text)
    refused(64, "configuration: [expect x] alow: this key is not known; did you mean 'allow'?",
            uri=uri, config=configuration("bad.conf", "bad",
                                                        "[expect x]", "alow=ssh.x"))


def test_changes():
    """What was told once is news no more; a state that is spoilt is begun anew."""
    uri = played("changes.xml", DOMAINS)
    config = configuration("changes.conf", "changes")
    check(swept("--changes", uri=uri, config=config).count("new: ") == 4)
    check(swept("--changes", "--quiet", uri=uri, config=config) == "")
    text = swept("--changes", uri=uri, config=config)
    check("nothing is other since the last sweep" in text and text.count("\n") == 1, text)
    state, = glob.glob(f"{FOLDER}/changes/health/*.health")
    check(os.stat(state).st_mode & 0o777 == 0o600, os.stat(state))
    with open(state, "wb") as file:
        file.write(b"\0{{{\xff" * 1000)
    check(swept("--changes", uri=uri, config=config).count("new: ") == 4)
    # One guest that was looked at by hand takes nobody's news away.
    os.unlink(state)
    swept("web", uri=uri, config=config)
    check(swept("--changes", uri=uri, config=config).count("new: ") == 4)
    shutil.rmtree(f"{FOLDER}/changes/health")
    with open(f"{FOLDER}/changes/health", "w", encoding="utf-8"):
        pass
    text = swept(uri=uri, config=config)
    check("note: nothing is kept for the next sweep" in text and text.count("\n") == 6, text)


def test_plugin():
    uri = played("plugin.xml", DOMAINS)
    text = swept("--plugin", uri=uri)
    check(text.startswith("POSTERN UNKNOWN - 4 domains: 4 unknown; ") and text.count("|") == 1, text)
    check(text.count("\n") == 1 and " off=1;;;0;4 " in text, text)
    for words, connect in (["web", "nope"], uri), ([], "test+unix:///x?socket=/no/such"):
        text = swept("--plugin", *words, uri=connect)
        check(text.startswith("POSTERN UNKNOWN - ") and text.count("\n") == 1, text)
    empty = played("empty.xml", {})
    check(swept("--plugin", uri=empty, code=0).startswith("POSTERN OK - 0 domains | domains=0;"))


def test_metrics():
    uri = played("metrics.xml", DOMAINS)
    path = os.path.join(FOLDER, "postern.prom")
    swept("--metrics", path, uri=uri)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    check(text.endswith("\n# EOF\n") and 'domain="odd \\"|x"} 3\n' in text, text)
    check(os.stat(path).st_mode & 0o777 == 0o644, "the exporter can't read it")
    refused(74, "/no/such/folder/x.prom", "--metrics", "/no/such/folder/x.prom",
            uri=uri)


def fetch(port, until):
    """What an exporter on the loopback interface tells, once it does."""
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
                return answer.read().decode()
        except OSError:
            check(time.monotonic() < until, "the exporter does not answer")
            time.sleep(0.1)


def test_exporter():
    """Prometheus' own reads what is written, odd names too, and tells it on."""
    uri = played("exporter.xml", DOMAINS | {"b\\x": 5, "Grüße": 1, "{a='b'}": 3})
    folder = os.path.join(FOLDER, "textfiles")
    os.mkdir(folder)
    swept("--metrics", os.path.join(folder, "postern.prom"), uri=uri)
    program = subprocess.run([EXPORTER], check=True, capture_output=True, text=True).stdout.strip()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen([program, f"--web.listen-address=127.0.0.1:{port}",
                           "--collector.disable-defaults", "--collector.textfile",
                           f"--collector.textfile.directory={folder}"],
                          stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as exporter:
        try:
            told = fetch(port, time.monotonic() + 60)
        finally:
            exporter.kill()
    check("\nnode_textfile_scrape_error 0\n" in told, told)
    with open(os.path.join(folder, "postern.prom"), encoding="utf-8") as file:
        ours = {line.split("{")[0] for line in file if line.startswith("postern_")}
    check(ours and ours <= {line.split("{")[0] for line in told.splitlines()}, ours, told)
    for name in ('odd \\"|x', "b\\\\x", "Grüße", "{a='b'}"):
        check(f'domain="{name}"' in told, name, told)


def test_never_two():
    uri = played("two.xml", DOMAINS)
    config = configuration("two.conf", "two")
    swept(uri=uri, config=config)
    lock, = glob.glob(f"{FOLDER}/two/health/*.lock")
    with open(lock, "r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        refused(3, "another sweep of this hypervisor is under way, process ", uri=uri,
                config=config)
        check("another sweep" in swept("--plugin", uri=uri, config=config))
    swept(uri=uri, config=config)


def test_misuse():
    for says, *words in (("say domains or --all", "--all", "web"),
                         ("--metrics is of all domains", "--metrics", "x", "web"),
                         ("--plugin goes with neither", "--plugin", "--json"),
                         ("--plugin goes with neither", "--plugin", "--changes")):
        refused(64, says, *words)
    refused(68, "no domain is called 'nope'", "nope")
    refused(69, "libvirt does not answer", uri="test+unix:///x?socket=/no/such")


def isolate():
    """The audit records of these tests do not belong into the machine's own log."""
    try:
        deadmount.enter_namespace()
    except Skip:
        return
    deadmount.libc.mount(b"none", b"/var/log", b"tmpfs", 0, None)


if __name__ == "__main__":
    isolate()
    try:
        run_all(sys.modules[__name__])
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
