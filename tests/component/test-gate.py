#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The verb gate over libvirt's own test driver: misuse, --lint, --explain, guests that are away,
and JUnit's XML as a consumer reads it. Usage: test-gate.py POSTERN POLICIES GATE-JUNIT [TEST…]"""

import hashlib
import json
import os
import subprocess
import sys
import time
from types import SimpleNamespace

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
POLICIES = os.path.abspath(sys.argv.pop(2))
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../bench"))
GATE_JUNIT = os.path.abspath(sys.argv.pop(2))
# pylint: disable=wrong-import-position
from benchlib import verdicts
from benchlib.world import CannotMeasure
from commandlib import FOLDER, LATE, isolate, refused, run
from taplib import check, run_all

# libvirt's test driver takes the state of a domain from its file: 1 running, 3 paused, 5 off.
DOMAIN = """<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>
<name>{name}</name><uuid>3a4f5d6e-1111-4222-8333-44445555000{state}</uuid>
<memory>8192</memory><os><type>hvm</type></os>
<test:runstate>{state}</test:runstate></domain>"""
WHO = ("--user", "harness")


def node():
    """The URI of a hypervisor with a domain in each state."""
    path = FOLDER + "/gate-node.xml"
    states = {"runs": 1, "paused": 3, "off": 5}
    with open(path, "w", encoding="utf-8") as file:
        file.write("<node>" + "".join(DOMAIN.format(name=name, state=state)
                                      for name, state in states.items()) + "</node>")
    os.chmod(path, 0o600)
    return f"test://{path}"


URI = node()
ENV = {"POSTERN_POLICIES": POLICIES}


def policy(name, text):
    """The path of a policy with that text."""
    path = f"{FOLDER}/{name}.conf"
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def baseline(name, users, args):
    """The path of a baseline without a mark, in which sshd was asked with these arguments."""
    report = {"probe": "ssh", "status": "ok", "summary": "all is well", "findings": [], "data": {},
              "took_ms": 3, "truncated": False}
    body = {"answers": [{"args": args, "attempts": [], "age_ms": 0, "guest": "runs", "probe": "ssh",
                         "report": report, "via": "channel"}],
            "guest": "runs", "taken_us": 1795000000000000, "unmarked": "nobody tells",
            "users": users, "version": "0.1.0"}
    text = f'{{"format":"postern-baseline-1","baseline":{json.dumps(body)}'
    path = f"{FOLDER}/{name}.json"
    with open(path, "w", encoding="utf-8") as file:
        file.write(text + f',"sha256":"{hashlib.sha256(text.encode()).hexdigest()}"}}\n')
    return path


def gate(code, *words, env=None):
    done = run("gate", *words, connect=URI, env=env or ENV)
    check((done.returncode, done.stderr) == (code, ""), words, done)
    return done.stdout


def test_misuse():
    root = policy("root", "[reachable]\nroot=yes\n")
    mine = policy("mine", "[reachable]\nuser=me\nroot=yes\n")
    for says, *words in [
            ("usage: postern gate DOMAIN --policy POLICY [options]", "a", "b"),
            ("gate: say which: --policy NAME or --policy FILE", "runs"),
            ("gate: say of which domain", "--policy", mine),
            ("there is no policy 'reachble'; did you mean 'reachable'?", "runs", "-p", "reachble"),
            ("/none.conf: ", "runs", "--policy", FOLDER + "/none.conf"),
            ("[reachable]: say whose access", "runs", "--policy", root),
            ("gate --format: 'xml' is not known; known: text, json, junit", "runs", "--policy",
             mine, "--format", "xml"),
            ("say one of --json and --format", "runs", "--policy", mine, "--json", "--format",
             "junit"),
            ("gate --max-age 60s: an answer of before tells nothing of now", "runs", "--policy",
             mine, "--max-age", "60s"),
            ("say one of --explain and --lint", "--policy", mine, "--explain", "--lint"),
            ("--format junit is of a verdict: say text or json", "--policy", mine, "--explain",
             "--format", "junit"),
            ("--format junit is of a verdict: say text or json", "--policy", mine, "--lint",
             "--format", "junit"),
            ("'soon' is not a span of time", "runs", "--policy", mine, "--settle", "soon"),
            ("--settle: say an hour at most", "runs", "--policy", mine, "--settle", "2h"),
            ("compares with before: say --baseline FILE\n", "runs",
             "--policy", "baseline", *WHO),
            ("units.no-new-failed compares with before: say --baseline FILE, or --since MARK",
             "runs", "--policy", "stig-safe", *WHO),
            ("say one of --baseline and --since", "runs", "--policy", mine, "--baseline", mine,
             "--since", "1h"),
            ("'0s' is no time at all: say more than 0", "runs", "--policy", mine, "--since", "0s"),
            ("mine.conf", "runs", "--policy", mine, "--baseline", mine)]:
        refused(3 if words[-1] == mine and "--baseline" in words and "--since" not in words else 64,
                says, "gate", *words, connect=URI, env=ENV)
    refused(68, "Domain not found", "gate", "none", "--policy", mine, connect=URI, env=ENV)
    refused(66, "/none.json: No such file or directory; name a file that postern baseline made",
            "gate", "runs", "--policy", mine, "--baseline", FOLDER + "/none.json", connect=URI,
            env=ENV)


def test_lint():
    for name in ("reachable", "baseline", "stig-safe"):
        check(gate(0, "--policy", name, "--lint") == "", name)
    bad = policy("bad", "[units]\nactive=a\ninactive=a\n"
                        "[finding sudo.no-rule]\nuntil=2020-01-01\n")
    told = gate(1, "--policy", bad, "--lint")
    check("bad: units.active a.service and units.inactive a.service: the two contradict" in told, told)
    check("2020-01-01 is over" in told, told)
    listed = json.loads(gate(1, "--policy", bad, "--lint", "--json"))
    check(listed["policy"] == "bad" and len(listed["problems"]) == told.count("\n"), listed)
    # What can't be read at all is misuse.
    refused(64, "[unit]: this group is not known; did you mean 'units'?", "gate", "--policy",
            policy("worse", "[unit]\nactive=a\n"), "--lint", connect=URI)


def test_explain():
    """No guest and no hypervisor is asked for it."""
    for words in (["--explain"], ["none", "--explain"]):
        told = gate(0, "--policy", "stig-safe", *WHO, *words)
        check("findings.none critical" in told and 'sudo {"user":"harness"}' in told, told)
        check("needs --baseline FILE, or --since MARK" in told, told)
        check("leaves behind: a run of sudo as the user" in told, told)
    told = json.loads(gate(0, "--policy", "reachable", *WHO, "--explain", "--format", "json"))
    check([row["expectation"] for row in told["expects"]] == ["reachable.login", "reachable.root"],
          told)
    check([row["wanted"] for row in told["expects"]] == [True, True] and not told["excepts"] and
          told["vantage"] == {"user": "harness"}, told)
    check({"sudo", "ssh", "pam", "system"} <= {row["probe"] for row in told["asks"]}, told)
    check("storage" not in {row["probe"] for row in told["asks"]} and "needs" not in told, told)


def test_key_elsewhere():
    """The policy's own key may be a file of another host: only a verdict needs it."""
    path = FOLDER + "/none/id.pub"
    away = policy("away", f"[reachable]\nuser=me\nkey={path}\nlogin=yes\n")
    check(gate(0, "--policy", away, "--lint") == "", away)
    told = json.loads(gate(0, "--policy", away, "--explain", "--json"))
    check(told["vantage"] == {"user": "me", "key": path}, told)
    told = json.loads(gate(0, "--policy", away, "--explain", "--json", "--key", "SHA256:abc"))
    check(told["vantage"] == {"user": "me", "key": "SHA256:abc"}, told)
    check(gate(0, "--policy", policy("site", "[reachable]\nas=nobody-here\nlogin=yes\n"),
               "--lint") == "", "site")
    refused(64, f"{path}: ", "gate", "runs", "--policy", away, connect=URI, env=ENV)
    # What the caller says is said for here.
    for word in ("--lint", "--explain"):
        refused(64, f"{path}: ", "gate", "--policy", away, "--key", path, word, connect=URI,
                env=ENV)


def asked(*words):
    """What would be asked of each probe."""
    told = json.loads(gate(0, "--explain", "--format", "json", *words))
    return {row["probe"]: row["args"] for row in told["asks"]}


def test_what_a_baseline_was_asked():
    """Who asks about the same user asks likewise, and what is new is never by the policy's span."""
    args = {"user": "harness", "from": "192.0.2.1", "key": "SHA256:abc", "port": 2222}
    old = baseline("asked", ["harness"], args)
    access = policy("access", "[reachable]\nroot=yes\nlogin=yes\n"
                              "[journal]\nsince=15min\nunits=ssh\n[files]\nbelow=/etc\n")
    for words in ((), WHO):
        told = asked("--policy", access, "--baseline", old, *words)
        check(told["ssh"] == args, told)
        check("since_s" not in told["journal"] and "since_s" not in told["changes"], told)
    check(asked("--policy", access, *WHO)["journal"]["since_s"] == 900, access)
    told = asked("--policy", access, "--baseline", old, "--key", "SHA256:def", "--port", "22")
    check(told["ssh"] == {**args, "key": "SHA256:def", "port": 22}, told)
    # Of another user it says nothing.
    check(asked("--policy", access, "--baseline", old, "--user", "b")["ssh"] == {"user": "b"}, old)


def test_drop_in_names_the_user():
    folder = FOLDER + "/policies"
    os.makedirs(folder + "/reachable.conf.d", exist_ok=True)
    with open(POLICIES + "/reachable.conf", encoding="utf-8") as shipped, \
            open(folder + "/reachable.conf", "w", encoding="utf-8") as copy:
        copy.write(shipped.read())
    with open(folder + "/reachable.conf.d/site.conf", "w", encoding="utf-8") as file:
        file.write("[reachable]\nuser=deploy\n")
    told = gate(0, "--policy", "reachable", "--explain", env={"POSTERN_POLICIES": folder})
    check('sudo {"user":"deploy"}' in told, told)


def test_away():
    for name in ("paused", "off"):
        told = gate(4, name, "--policy", "reachable", *WHO)
        check(told.startswith(f"{name}: not checkable now by policy reachable: ") and name in told,
              told)
        told = json.loads(gate(4, name, "--policy", "reachable", *WHO, "--json"))
        check(told["result"] == "not-checkable" and not told["held"] and not told["broken"], told)
        check(len(told["unchecked"]) == 2 and told["asked"] == 1, told)
    # What is off does not come back by itself.
    told = json.loads(gate(4, "off", "--policy", "reachable", *WHO, "--settle", "50s", "--json"))
    check(told["asked"] == 1 and told["settled"], told)


def test_silent():
    """A guest that runs and does not answer is no pass, and what the policy says of that counts."""
    told = json.loads(gate(3, "runs", "--policy", "reachable", *WHO, "--json"))
    check(told["result"] == "could-not-check" and not told["settled"], told)
    check(all("no path to the guest answered" in row["message"] for row in told["unchecked"]), told)
    check(all(row["probe"] in ("ssh", "sudo", "access") for row in told["unchecked"]), told)
    strict = policy("strict", "[policy]\nunchecked=fail\n[reachable]\nroot=yes\n")
    check("which fails the gate" in gate(1, "runs", "--policy", strict, *WHO), strict)
    lax = policy("lax", "[policy]\nunchecked=ignore\n[reachable]\nroot=yes\n")
    gate(3, "runs", "--policy", lax, *WHO)


def test_settle_ends():
    begun = time.monotonic()
    told = json.loads(gate(3, "runs", "--policy", "reachable", *WHO, "--settle", "3s", "--json"))
    took = time.monotonic() - begun
    check(took < 3 + 10 + LATE and told["asked"] > 1, took, told)


def test_bench_reads_it():
    """What the benchmark takes a verdict for; what does not pass is not measured."""
    world = SimpleNamespace(postern=lambda *words: run(*words, connect=URI, env=ENV).stdout)
    try:
        verdicts.seconds_of_gate(world, "runs", "--policy", "reachable")
        check(False, "it is measured")
    except CannotMeasure as error:
        check("could not be checked" in str(error), error)
    world = SimpleNamespace(postern=lambda *words: '{"result": "pass"}')
    check(verdicts.seconds_of_gate(world, "runs") >= 0, "it is not measured")


def junit(path):
    """The file as the consumer reads it, which tests/lab/install-packages installs: a machine
    without it has not tested this."""
    from junitparser import JUnitXml  # pylint: disable=import-outside-toplevel
    return JUnitXml.fromfile(path)


def test_junit():
    path = FOLDER + "/junit.xml"
    gate(3, "runs", "--policy", "reachable", *WHO, "--format", "junit", "--output", path)
    xml = junit(path)
    suites = list(xml)
    check([(suite.name, suite.hostname) for suite in suites] == [("reachable", "runs")], suites)
    check((xml.tests, xml.failures, xml.errors) == (2, 0, 2), xml.tests, xml.failures, xml.errors)
    cases = list(suites[0])
    check([case.name for case in cases] == ["reachable.login", "reachable.root"], cases)
    check(all(case.result and case.result[0].type == "unchecked" for case in cases), cases)
    # A file that is there is never of an earlier run.
    for code, words, error in ((68, ("none", "--policy", "reachable", *WHO), "Domain not found"),
                               (64, ("runs", "--policy", "reachable"), "say whose access"),
                               (64, ("runs", "--policy", "reachble"), "did you mean")):
        with open(path, "w", encoding="utf-8") as file:
            file.write("of before")
        refused(code, error, "gate", *words, "--format", "junit", "--output", path, connect=URI,
                env=ENV)
        found = junit(path)
        check((found.tests, found.failures, found.errors) == (1, 0, 1), words, found)
        case, = list(list(found)[0])
        check(case.name == "verdict" and error in case.result[0].message, words, case.result)
    # Nothing of what may be ignored makes a report of no verdict green.
    lax = policy("lax-junit", "[policy]\nunchecked=ignore\n[reachable]\nroot=yes\n")
    gate(4, "paused", "--policy", lax, *WHO, "--format", "junit", "--output", path)
    found = junit(path)
    check((found.tests, found.errors) == (2, 1), found.tests, found.errors)
    # What is counted is what is there.
    suites[0].update_statistics()
    check((suites[0].tests, suites[0].errors) == (2, 2), suites[0].errors)


def test_junit_of_a_failure():
    """What is broken is a failure with its cause; nothing that a guest wrote ends an element, or is
    lost."""
    path = FOLDER + "/hostile.xml"
    with open(path, "wb") as file:
        subprocess.run([GATE_JUNIT], stdout=file, check=True)
    xml = junit(path)
    suite, = list(xml)
    check((xml.tests, xml.failures, xml.errors, suite.skipped) == (6, 3, 1, 1), suite)
    check(suite.name == '<hostile> & "quoted"' and suite.hostname == "web", suite.name)
    check({row.name: row.value for row in suite.properties()}["result"] == "fail", suite)
    told = {case.name: case for case in suite}
    kinds = {name: type(case.result[0]).__name__ if case.result else ""
             for name, case in told.items()}
    check(kinds == {"reachable.root": "Failure", "journal.priority err": "Failure",
                    "checks.pass * backup": "Failure", "ports.open 443/tcp": "Error",
                    "settings.selinux": "Skipped", "units.active nginx.service": ""}, kinds)
    root = told["reachable.root"].result[0]
    check(root.type == "access.no-root" and "harness can't become root" in root.message, root)
    check("finding: sudo.password-required\n" in root.text and
          "changed: /etc/sudoers.d/harness\n" in root.text, root.text)
    for result in (told["journal.priority err"].result[0].text,
                   told["checks.pass * backup"].result[0].message,
                   told["ports.open 443/tcp"].result[0].message):
        check(']]></failure></testcase><testcase name="x' in result, result)
        check('"/>&amp;' in result, result)
        check(all(char.isprintable() or char == "\n" for char in result), result)
    # What is counted is what is there.
    counted = (suite.tests, suite.failures, suite.errors, suite.skipped)
    suite.update_statistics()
    check((suite.tests, suite.failures, suite.errors, suite.skipped) == counted, counted)


if __name__ == "__main__":
    if not isolate():
        print("Bail out! the audit log would be the machine's own")
        sys.exit(1)
    run_all(sys.modules[__name__])
