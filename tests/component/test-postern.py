#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command postern without a hypervisor: libvirt's own test driver, and hypervisors that are not
there or do not answer. Usage: test-postern.py POSTERN [TEST…]"""

import fcntl
import json
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
from commandlib import (FOLDER, LATE, NO_CHANNEL, PROGRAM, TEST, configuration, environment, isolate,
                        recorded, refused, run)
from taplib import Skip, check, run_all

TEST_UUID = "6695eb01-f6a4-8304-79aa-97f2502e193f"
VERBS = ["list", "describe", "probe", "diagnose", "health", "services", "journal", "read", "ls",
         "sudo", "mark", "baseline", "diff", "wait", "watch", "gate", "records", "forensics",
         "power", "exec", "snapshot", "recover", "known-hosts", "audit", "doctor", "enroll", "unenroll",
         "forced-command", "proxy"]


# ---- misuse

def test_misuse():
    for says, *words in [
            ("no verb; see postern --help",),
            ("unknown verb 'lst'; did you mean 'list'?", "lst"),
            ("unknown verb 'diagnos'; did you mean 'diagnose'?", "diagnos", "test"),
            ("unknown verb 'x'; known: list, describe", "x"),
            ("unknown verb ''", ""),
            ("Unknown option --colour", "--colour"),
            ("Unknown option --colour; see postern list --help", "list", "--colour"),
            ("Unknown option --lines; see postern diagnose --help", "diagnose", "test", "--lines",
             "3"),
            ("Missing argument for -c", "-c"),
            ("usage: postern list [options]", "list", "test"),
            ("usage: postern probe DOMAIN NAME [KEY=VALUE…] [options]", "probe"),
            ("usage: postern probe DOMAIN NAME", "probe", "test"),
            ("usage: postern diagnose DOMAIN [options]", "diagnose"),
            ("usage: postern diagnose DOMAIN [options]", "diagnose", "test", "again"),
            ("say one of --json, --json-seq and --brief", "diagnose", "test", "--json-seq",
             "--json"),
            ("say one of --json, --json-seq and --brief", "diagnose", "test", "--brief",
             "--json-seq"),
            ("usage: postern services DOMAIN", "services"),
            ("usage: postern journal DOMAIN", "journal"),
            ("usage: postern sudo DOMAIN", "sudo"),
            ("usage: postern describe [PROBE]", "describe", "system", "system"),
            ("unknown probe 'systm'; did you mean 'system'?", "probe", "test", "systm"),
            ("unknown probe 'nonsense'; known: ", "probe", "test", "nonsense"),
            ("unknown probe 'jurnal'; did you mean 'journal'?", "describe", "jurnal"),
            ("unknown argument 'linse'; did you mean 'lines'?", "probe", "test", "journal",
             "linse=3"),
            ("'lines=many': not a whole number", "probe", "test", "journal", "lines=many"),
            ("'lines' is not of the form key=value", "probe", "test", "journal", "lines"),
            ("'lines' is given twice", "probe", "test", "journal", "lines=1", "lines=2"),
            ("'kernel=yes': say true or false", "probe", "test", "journal", "kernel=yes"),
            ("'5y' is not a span of time", "list", "--deadline", "5y"),
            ("--deadline 0s: say more than 0 and at most 60s", "list", "--deadline", "0s"),
            ("--deadline 2min: say more than 0 and at most 60s", "diagnose", "test", "--deadline",
             "2min"),
            ("'a:b' is not a user name", "sudo", "test", "--user", "a:b"),
            ("'' is not a user name", "diagnose", "test", "--user", ""),
            ("''x' is no command: ", "sudo", "test", "--command", "'x"),
            ("'host' is no address: ", "diagnose", "test", "--from", "host"),
            ("'ssh' is no port: ", "diagnose", "test", "--port", "ssh"),
            ("there is no vantage 'harness'", "diagnose", "test", "--as", "harness"),
            ("Unknown option --from; see postern sudo --help", "sudo", "test", "--from", "::1"),
            ("'soon' is not a priority", "journal", "test", "--priority", "soon"),
            ("'yesterday' is not a span of time", "journal", "test", "--since", "yesterday"),
            ("--lines -3: say a number from 1 on", "journal", "test", "--lines=-3"),
            ("Cannot parse integer value", "journal", "test", "--lines", "x")]:
        refused(64, says, *words)


def test_hostile_words():
    """What stands in an error message is shown, not obeyed."""
    for words in (["\x1b[2J\x07\nx"], ["probe", "test", "\x1b]0;x\x07"], ["list", "--deadline", "\x9b5"],
                  ["probe", "test", "journal", "a\x1b\nb=1"], ["\udcff\udcfe"]):
        done = refused(64, "", *words)
        check(not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", done.stderr), done.stderr)


def test_long_arguments():
    """What does not fit into a question is refused, and never asked without its arguments."""
    refused(64, "the arguments are too long", "services", "test", "u" * 70000)
    refused(64, "the arguments are too long", "services", "test", *["unit"] * 30000)
    refused(64, "the arguments are too long", "probe", "test", "journal", "boot=" + "x" * 64600)
    for verb in ("read", "ls"):
        refused(64, "the arguments are too long", verb, "test", "/" + "x" * 64600)
    refused(3, "services", "services", "test", "u" * 60000)


def test_names_that_are_no_text():
    """No question can hold them, and with something put in for them it would be another one's."""
    for verb in ("read", "ls"):
        refused(64, "is no UTF-8", verb, "test", "/a\udcff")


# ---- where there is no guest

def test_no_hypervisor():
    for uri in ("qemu+unix:///system?socket=" + FOLDER + "/none", "nonsense", ":::", "x://y/",
                "test+tcp://127.0.0.1:1/default"):
        for words in (["list"], ["diagnose", "test"], ["probe", "test", "system"], ["health"]):
            refused(69, "libvirt does not answer: ", *words, "--connect", uri)
        refused(69, "libvirt does not answer: ", "-c", uri, "list")
        refused(69, "libvirt does not answer: ", "list", connect=uri)


def listen(answer):
    """A libvirt that takes connections and, for ANSWER, says that and then nothing."""
    path = tempfile.mktemp(prefix="libvirt-", dir=FOLDER)
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen(8)
    kept = []

    def serve():
        while True:
            try:
                connection, _ = server.accept()
                kept.append(connection)
                if answer:
                    connection.sendall(answer)
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    return server, f"qemu+unix:///system?socket={path}"


def test_hypervisor_that_hangs():
    for answer in (b"", b"\x00\x00\x00\x1c"):
        server, uri = listen(answer)
        for words in (["list"], ["diagnose", "test"], ["services", "test"], ["health"]):
            start = time.monotonic()
            refused(69, "libvirt did not answer in time", *words, "--connect", uri, "--deadline",
                    "500ms")
            check(0.5 <= time.monotonic() - start < 0.5 + LATE, time.monotonic() - start)
        server.close()


def test_hypervisor_that_talks_nonsense():
    for answer in (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\xff" * 64, b"\x00" * 64):
        server, uri = listen(answer)
        refused(69, "libvirt d", "list", "--connect", uri, "--deadline", "1s")
        server.close()


def test_no_domain():
    for words in (["diagnose", "none"], ["probe", "none", "system"], ["sudo", "none"],
                  ["services", "none"], ["journal", "none"], ["diagnose", ""], ["diagnose", "77"],
                  ["diagnose", "6695eb01-f6a4-8304-79aa-97f2502e1930"]):
        refused(68, "Domain not found", *words)


# ---- a domain without a channel

NO_AGENT = "the domain has no channel org.qemu.guest_agent.0"
NOBODY_LISTENS = ("the guest runs, and no process in it holds the shim's port or the "
                  "agent's")




def test_questions():
    for words in (["probe", "test", "system"], ["services", "test", "ssh"], ["journal", "test"],
                  ["sudo", "test", "--user", "root", "--command", "/bin/ls -l 'a b'"] if "sudo" in probes() else
                  ["probe", "test", "network"]):
        done = refused(3, "no path to the guest answered: ", *words)
        check(f"channel: {NO_CHANNEL}; agent: {NO_AGENT}" in done.stderr, done)
        by_other_name = refused(3, NO_CHANNEL, words[0], "1", *words[2:])
        check(by_other_name.stderr == done.stderr, "the number names it too")


def probes():
    return [probe["name"] for probe in json.loads(run("describe", "--json").stdout)["probes"]]


def asked():
    """Those that a diagnosis asks: none that wants an argument, and not what is derived from them."""
    told = json.loads(run("describe", "--json").stdout)["probes"]
    return [probe["name"] for probe in told
            if not probe["args"].get("required") and probe["name"] not in ("access", "host", "doctor")]


def test_questions_as_json():
    done = run("probe", "test", "system", "--json")
    check(done.returncode == 3 and done.stderr.count("\n") == 1, done)
    answer = json.loads(done.stdout)
    check(answer["via"] == "none" and "report" not in answer, answer)
    check(answer["error"]["reason"] == "unavailable", answer)
    check([(attempt["via"], attempt["reason"]) for attempt in answer["attempts"]] ==
          [("channel", NO_CHANNEL), ("agent", NO_AGENT), ("agent-builtin", NO_AGENT),
           ("volume", "the domain has no recorder"),
           ("host", NOBODY_LISTENS)], answer)


def test_diagnose():
    done = run("diagnose", "test", "--user", "somebody")
    check((done.returncode, done.stderr) == (3, ""), done)
    lines = done.stdout.splitlines()
    answered = [*asked(), "access"]
    check(lines[0] == f"test: unknown, via host: {len(answered) + 1} unknown; first: "
                      f"{NOBODY_LISTENS}", lines[0])
    check(sum("[host.nobody-listens]" in line for line in lines) == 1, lines)
    for probe in answered:
        check(sum(line.startswith(f"UNKNOWN   {probe}: ") for line in lines) == 1, probe, lines)
    check(sum(NO_CHANNEL in line for line in lines) == 1, "each reason once", lines)

    done = run("diagnose", "test", "--json")
    check((done.returncode, done.stderr) == (3, ""), done)
    report = json.loads(done.stdout)
    check(report["status"] == "unknown" and report["guest"] == "test", report)
    check([answer["probe"] for answer in report["answers"]] == ["host", *answered], report)
    check(done.stdout.count("\n") == 1, "one line")


def test_diagnose_sequence():
    """Each answer as it comes and then the verdict; the same in a file."""
    done = run("diagnose", "test", "--json-seq")
    check((done.returncode, done.stderr) == (3, ""), done)
    texts = done.stdout.split("\x1e")
    check(texts[0] == "" and all(text.endswith("}\n") for text in texts[1:]), texts)
    *answers, verdict = map(json.loads, texts[1:])
    check(sorted(answer["probe"] for answer in answers) == sorted([*asked(), "access", "host"]), answers)
    whole = json.loads(run("diagnose", "test", "--json").stdout)
    check(list(verdict) == ["guest", "status", "summary", "causes"], verdict)
    check(all(verdict[name] == whole[name] for name in verdict), verdict)

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "answers")
        to_file = run("diagnose", "test", "--json-seq", "--output", path)
        with open(path, encoding="utf-8") as file:
            kept = file.read()
        check((to_file.returncode, to_file.stdout) == (3, ""), to_file)
        check(kept.count("\x1e") == done.stdout.count("\x1e"), kept)


def test_options_before_the_verb():
    done = run("--connect", TEST, "list", connect="nonsense")
    check(done.returncode == 0, done)
    done = run("--connect", "nonsense", "list", "--connect", TEST)
    check(done.returncode == 0, "the later one holds", done)
    done = run("--no-daemon", "list", connect=TEST)
    check(done.returncode == 0, done)
    done = run("--no-daemon", "--host", "nowhere.invalid", "list")
    check(done.returncode == 64 and "say --host or --no-daemon" in done.stderr, done)


# ---- a domain with a recorder, whose pool is not there

NO_POOL = "there is no storage pool postern"


def counted(code, *words):
    """How often the command looked for the pool, by libvirt's own log; and what it printed."""
    log = tempfile.mktemp(prefix="calls-", dir=FOLDER)
    done = run(*words, connect=recorded(),
               env={"LIBVIRT_LOG_FILTERS": "1:libvirt", "LIBVIRT_LOG_OUTPUTS": f"1:file:{log}"})
    check(done.returncode == code, words, done)
    with open(log, encoding="utf-8") as file:
        return file.read().count(" virStoragePoolLookupByName:"), done


def test_one_reading():
    """Whoever wants to know what the recorder wrote, the volume is read once for all of them."""
    for verb, *more in (["diagnose", "--json"], ["probe", "sudo"], ["probe", "host"], ["records"],
                        ["forensics", "-o", FOLDER + "/bundle"]):
        times, done = counted(0 if verb == "forensics" else 3, verb, "web", *more)
        check(times == 1, verb, more, times, done)


def test_why_it_was_not_read():
    """How the one reading failed is told by all who wanted it."""
    _, done = counted(3, "diagnose", "web", "--json")
    answers = {answer["probe"]: answer for answer in json.loads(done.stdout)["answers"]}
    tries = {attempt["via"]: attempt["reason"] for attempt in answers["sudo"]["attempts"]}
    check(NO_POOL in tries["volume"], tries)
    check(NO_POOL in str(answers["host"]["report"]["findings"]), answers["host"])
    _, done = counted(3, "records", "web")
    check(NO_POOL in done.stderr, done)


# ---- help

def test_help():
    done = run("--help")
    check((done.returncode, done.stderr) == (0, ""), done)
    named = re.findall(r"^  ([a-z-]+) +\S", done.stdout.split("Verbs:\n")[1], re.MULTILINE)
    check(named == VERBS, named)
    rows = done.stdout.split("Verbs:\n")[1].split("\n\n")[0].splitlines()
    begins = {re.search(r" (?=[A-Z][a-z]\S* .*[.?]$)", row).end() for row in rows}
    check(len(begins) == 1, "the summaries stand below each other", begins, rows)
    check(max(map(len, done.stdout.splitlines())) <= 100, "it fits a screen")
    for verb in VERBS:
        done = run(verb, "--help")
        check((done.returncode, done.stderr) == (0, ""), done)
        check(f"postern [OPTION…] {verb}" in done.stdout, done.stdout)
        for option in ("--connect=URI", "--json", "--output=FILE", "--quiet", "--deadline=SPAN"):
            check(option in done.stdout, verb, option)
        check(max(map(len, done.stdout.splitlines())) <= 100, "it fits a screen", verb)
    check(run("--version").stdout.startswith("postern "), "version")


def test_describe():
    done = run("describe")
    check([line.split()[0] for line in done.stdout.splitlines()] == probes(), done.stdout)
    for probe in probes():
        done = run("describe", probe)
        check(done.returncode == 0 and "findings:" in done.stdout, done)
        one, = json.loads(run("describe", probe, "--json").stdout)["probes"]
        check(one["name"] == probe and one["findings"], one)
        for finding in one["findings"]:
            check(finding in done.stdout, probe, finding)


# ---- output

def test_output_that_fails():
    for words in (["list"], ["list", "--json"], ["describe"], ["diagnose", "test"],
                  ["diagnose", "test", "--json-seq"], ["--version"],
                  ["--help"], ["list", "--help"]):
        with open("/dev/full", "wb") as full:
            done = run(*words, stdout=full)
        check(done.returncode == 74, words, done)
        check(done.stderr == "postern: standard output: No space left on device\n", done)

        reading, writing = os.pipe()
        os.close(reading)
        done = run(*words, stdout=writing)
        os.close(writing)
        check(done.returncode == 74, words, done)
        check(done.stderr == "postern: standard output: Broken pipe\n", done)


def test_closed_descriptors():
    """Nothing is written into what was opened in the place of a closed descriptor."""
    for closed, code in (("<&-", 0), (">&-", 74), ("2>&-", 0), ("<&- >&- 2>&-", 74)):
        done = subprocess.run(["/bin/sh", "-c", f'exec "$0" list {closed}', PROGRAM], timeout=60,
                              env=environment(), capture_output=True, check=False, text=True)
        check(done.returncode == code, closed, done)
        if closed == ">&-":
            check(done.stderr == "postern: standard output: Bad file descriptor\n", done)


def test_output_file():
    path = FOLDER + "/report"
    done = run("list", "--output", path)
    check((done.returncode, done.stdout, done.stderr) == (0, "", ""), done)
    with open(path, encoding="utf-8") as file:
        check("test" in file.read(), "the report")
    done = run("list", "-o", "/dev/null")
    check(done.returncode == 0 and stat.S_ISCHR(os.stat("/dev/null").st_mode), done)
    refused(74, "/dev/full: No space left on device", "list", "-o", "/dev/full")
    refused(74, "none/x", "list", "-o", FOLDER + "/none/x")
    done = run("diagnose", "test", "-o", path)
    check(done.returncode == 3, "the verdict is the same", done)


# ---- audit

def audit_lines():
    path = "/var/log/postern/audit.jsonl" if os.geteuid() == 0 else \
        FOLDER + "/state/postern/audit.jsonl"
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        # What the log tells of itself is no record of a question.
        return [line for line in map(json.loads, file) if "event" not in line]


def test_audit():
    """A record of each question before it is asked and after, and one where there was no domain."""
    if not ISOLATED:
        raise Skip("without a mount namespace of its own this test would write to the machine's log")
    before = len(audit_lines())
    run("probe", "test", "system")
    run("diagnose", "test")
    run("diagnose", "none")
    run("list")
    lines = audit_lines()[before:]
    questions = ["system", *asked()]
    check(len(lines) == 2 * len(questions) + 1, lines)
    for result in ("asked", "unavailable"):
        check([line["probe"] for line in lines if line["result"] == result] == questions, lines)
    check([line["result"] for line in lines[:2]] == ["asked", "unavailable"], lines)
    check(lines[0]["method"] == "probe" and lines[2]["method"] == "diagnose", lines)
    check(lines[-1]["guest"] == "none" and lines[-1]["result"] == "no-domain", lines)
    for line in lines[:-1]:
        check(line["guest"] == "test" and line["via"] == "none", line)
        check(f"(uid {os.getuid()})" in line["caller"], line)


def lifecycle(config):
    """What the report `host` tells of the test domain's states."""
    done = run("probe", "test", "host", "watch_ms=0", "--json", config=config)
    check(done.returncode == 0, done)
    return json.loads(done.stdout)["report"]["data"].get("lifecycle")


def test_lifecycle():
    """What passes by notes the domain's state, and nothing else does."""
    store = os.path.join(FOLDER, "lifecycle")
    config = configuration("lifecycle.conf", f"folder={store}")
    path = os.path.join(store, "test%3A%2F%2F%2Fdefault", TEST_UUID + ".lifecycle")
    for words in (["describe", "system"], ["list", "--colour"], ["probe", "test", "systm"],
                  ["diagnose", "none"], ["records", "--leftovers"]):
        run(*words, config=config)
        check(not os.path.exists(path), words)
    run("list", config=config)
    status = os.stat(path)
    check(stat.S_IMODE(status.st_mode) == 0o600, status)
    for words in (["list"], ["probe", "test", "system"], ["diagnose", "test"], ["records", "test"]):
        before = os.stat(path).st_mtime_ns
        run(*words, config=config)
        after = os.stat(path)
        check(after.st_mtime_ns > before and after.st_ino == status.st_ino, words, before, after)
    told = lifecycle(config)
    check(len(told) == 1 and told[0]["state"] == "running" and "before_us" not in told[0], told)
    with open(path, encoding="utf-8") as file:
        kept = json.load(file)
    kept["entries"][0].update(state=5, reason=1, seen_us=kept["entries"][0]["seen_us"] - 60000000)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(kept, file)
    told = lifecycle(config)
    check([one["state"] for one in told] == ["off", "running"], told)
    check(told[0]["reason"] == "shut down from within" and told[0]["age_ms"] >= 60000, told)
    check(told[0]["seen_us"] <= told[1]["before_us"] <= told[1]["seen_us"], told)
    done = run("probe", "test", "host", "watch_ms=0", config=config)
    check("\nlifecycle: running " in done.stdout, done)


def test_lifecycle_without_store():
    """A store that can't be written costs nothing but the note; what is seen is told all the same."""
    broken = configuration("broken.conf", "keep=often")
    begun = time.monotonic()
    for config in (configuration("nowhere.conf", "folder=/proc/none"), broken):
        done = run("list", config=config)
        check(done.returncode == 0 and not done.stderr and "running" in done.stdout, done)
        check(lifecycle(config) is None)
    store = os.path.join(FOLDER, "odd")
    path = os.path.join(store, "test%3A%2F%2F%2Fdefault", TEST_UUID + ".lifecycle")
    os.makedirs(path)
    told = lifecycle(configuration("odd.conf", f"folder={store}"))
    check([one["state"] for one in told] == ["running"], told)
    check(time.monotonic() - begun < 1 + LATE, time.monotonic() - begun)


def test_lifecycle_held():
    """Who holds a domain's file for long holds up nobody."""
    store = os.path.join(FOLDER, "held")
    config = configuration("held.conf", f"folder={store}")
    path = os.path.join(store, "test%3A%2F%2F%2Fdefault", TEST_UUID + ".lifecycle")
    os.makedirs(os.path.dirname(path))
    with open(path, "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        begun = time.monotonic()
        done = run("list", config=config)
        check(done.returncode == 0 and not done.stderr, done)
        check(time.monotonic() - begun < 0.5 + LATE, time.monotonic() - begun)
        check(lifecycle(config) is None)
    check(len(lifecycle(config)) == 1)


def test_lifecycle_leftovers():
    """What is kept of a domain that is no more is listed with its name, and pruned."""
    store = os.path.join(FOLDER, "gone")
    folder = os.path.join(store, "test%3A%2F%2F%2Fdefault")
    uuid = "3a4f5d6e-1111-4222-8333-444455556666"
    run("list", config=configuration("gone.conf", f"folder={store}"))
    shutil.copy(os.path.join(folder, TEST_UUID + ".lifecycle"),
                os.path.join(folder, uuid + ".lifecycle"))
    for words, keep, fate in ((["--leftovers"], "30d", "kept"), (["--prune"], "30d", "kept"),
                              (["--prune", "--dry-run"], "0s", "to be removed"),
                              (["--prune"], "0s", "removed")):
        config = configuration("gone.conf", f"folder={store}", f"keep={keep}")
        done = run("records", *words, config=config)
        check(done.returncode == 0 and done.stdout.startswith(uuid), words, done)
        check(f" {fate} " in done.stdout and done.stdout.split("\n")[0].endswith(" test"), words, done)
    check(os.listdir(folder) == [TEST_UUID + ".lifecycle"], os.listdir(folder))


if __name__ == "__main__":
    ISOLATED = isolate()
    try:
        run_all(sys.modules[__name__])
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
