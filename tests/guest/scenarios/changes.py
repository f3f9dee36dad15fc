# SPDX-License-Identifier: LGPL-2.1-or-later
"""A few things are changed: they and nothing else are listed, with times and packages."""

import time

from guestlib.errors import check

SCRIPT = """\
chmod 0666 /etc/sudoers.d/harness
echo '# a line of no consequence' >> /etc/ssh/sshd_config
systemctl mask nginx.service
touch /root/unrelated
"""
SUDOERS, SSHD, MASK = ("/etc/sudoers.d/harness", "/etc/ssh/sshd_config",
                       "/etc/systemd/system/nginx.service")


def _check_file(row, words, now_us, since_us):
    """Each member that WORDS names, and a time between the breakage and the question."""
    for name, value in words.items():
        check(row.get(name) == value, f"{row['path']}: {name} is {row.get(name)}, not {value}")
    check(since_us <= row["changed_us"] <= now_us + 1e6,
          f"{row['path']}: changed at {row['changed_us']}, not after {since_us}")


def run(context):
    """One sound guest, three changes, and what `changes` and the whole diagnosis make of them."""
    guest = context.guest
    sound = context.ask("probe", "changes")
    check(sound.status == "ok", f"a sound guest's changes are {sound.status}: {sound.text()}")
    time.sleep(2)
    since_us = int(guest.shell("date +%s").strip()) * 1_000_000
    guest.shell(SCRIPT)
    report = context.ask("probe", "changes", f"since_us={since_us}").json["report"]
    files = {row["path"]: row for row in report["data"]["files"]}
    check(set(files) == {SUDOERS, SSHD, MASK}, f"listed: {sorted(files)}")
    now_us = report["realtime_us"]
    _check_file(files[SUDOERS], {"kind": "status", "mode": "0666", "packaged": False,
                                 "control_plane": True}, now_us, since_us)
    _check_file(files[SSHD], {"kind": "written", "mode": "0644"}, now_us, since_us)
    _check_file(files[MASK], {"type": "link", "target": "/dev/null"}, now_us, since_us)
    units = [(row["unit"], row["change"]) for row in report["data"]["units"]]
    check(units == [("nginx.service", "masked")], f"units: {units}")
    check(report["data"]["package_databases"] == ["dpkg"],
          f"databases: {report['data']['package_databases']}")
    check("transactions" not in report["data"], "packages changed that nobody touched")

    diagnosis = context.diagnose()
    first = diagnosis.json["causes"][0]
    check(first["finding"]["id"] == "sudo.file-world-writable", f"first comes {first['finding']}")
    since = first.get("since", {})
    check(since.get("changed_us") == files[SUDOERS]["changed_us"], f"it is dated {since}")
    check(since.get("packaged") is False and since.get("mode") == "0666", f"it is dated {since}")
    done = context.postern.run("diagnose", guest.name, "--user", "harness")
    check("since: became 0666 " in done.out and "; its package is none" in done.out, done.out)
