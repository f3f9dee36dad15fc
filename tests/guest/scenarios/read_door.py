# SPDX-License-Identifier: LGPL-2.1-or-later
"""The read door: what is given, what is not by whichever way, and what is recorded of it."""

import json

from guestlib.errors import check

SECRET = "Tr0ub4dor-and-3"

PREPARE = f"""
mkdir -p /persist/etc /etc/door /srv/app
cp /etc/shadow /persist/etc/shadow
printf 'user=bob\\npassword={SECRET}\\n' >/etc/door/app.conf
printf 'plain\\n' >/etc/door/plain
ln -s /etc/shadow /etc/door/link
ln /etc/shadow /etc/door/hard
touch /etc/door/bound /etc/door/persisted
mount --bind /etc/shadow /etc/door/bound
mount --bind /persist/etc/shadow /etc/door/persisted
mkfifo /etc/door/fifo
mknod /etc/door/device c 1 5
cp /etc/ssh/ssh_host_ed25519_key /etc/door/innocent
openssl genpkey -algorithm ed25519 >/etc/door/pem 2>/dev/null ||
    cp /etc/ssh/ssh_host_ecdsa_key /etc/door/pem
(cat /etc/ssh/ssh_host_ed25519_key.pub; cat /etc/ssh/ssh_host_ed25519_key) >/etc/door/both
head -c 3000 /dev/zero >/etc/door/binary
seq 20000 >/var/log/long
printf 'a note\\n' >/srv/app/note
logger -t door 'connecting with password={SECRET} now'
logger -t n8n 'what people write'
"""

DENIED = ["/etc/shadow", "/etc/gshadow", "/etc/door/link", "/etc/door/hard", "/etc/door/bound",
          "/etc/door/persisted", "/persist/etc/shadow", "/etc/door/innocent", "/etc/door/pem",
          "/etc/ssh/ssh_host_ed25519_key", "/proc/1/environ", "/proc/self/environ",
          "/srv/app/note", "/root/.bash_history", "/proc/kmsg", "/dev/kmsg"]
NOT_GIVEN = ["/etc/door/fifo", "/etc/door/device", "/etc/door", "/etc/door/none",
             "/proc/1/cwd/etc/hostname", "/proc/self/fd/0"]


def _read(context, path, *options, codes):
    return context.postern.run("read", context.guest.name, path, *options, codes=codes, deadline=60)


def _hashes(guest):
    lines = guest.shell("cut -d: -f2 /etc/shadow").splitlines()
    return [line for line in lines if line.startswith("$")]


def _given(context):
    done = _read(context, "/etc/door/plain", codes=[0])
    check(done.out == "plain\n", f"/etc/door/plain reads: {done.out!r}")
    done = _read(context, "/etc/door/app.conf", codes=[0])
    check(done.out == "user=bob\npassword=[redacted:password]\n", f"app.conf reads: {done.out!r}")
    done = _read(context, "/etc/door/both", codes=[0])
    check("[redacted:private-key]" in done.out and "OPENSSH" not in done.out,
          f"a key behind a public one reads: {done.out!r}")
    done = _read(context, "/var/log/long", "--all", codes=[0])
    check(done.out == "".join(f"{n}\n" for n in range(1, 20001)), "the pages of a long file differ")
    check("Debian" in _read(context, "/etc/os-release", codes=[0]).out, "os-release")
    check("MemTotal" in _read(context, "/proc/meminfo", codes=[0]).out, "meminfo")
    answer = context.ask("probe", "file", "path=/etc/door/binary")
    check("file.binary" in answer.text(), f"a binary file: {answer.text()}")


def _refused(context, hashes):
    for path in DENIED:
        done = _read(context, path, codes=[77])
        check(done.out == "", f"{path} is refused, and yet: {done.out!r}")
        check(len(done.err.splitlines()) == 1, f"{path}: more than a line: {done.err!r}")
    for path in NOT_GIVEN:
        done = _read(context, path, codes=[1, 3, 77])
        check(not any(word in done.out for word in hashes), f"{path}: a hash in it")


def _listed(context):
    listed = context.postern.run("ls", context.guest.name, "/etc/door", codes=[0]).out
    check("plain" in listed and "may not be read" not in listed, f"ls says: {listed}")
    listed = context.postern.run("ls", context.guest.name, "/etc", "--all", codes=[0]).out
    row = [line for line in listed.splitlines() if line.endswith(" shadow")]
    check(len(row) == 1 and "may not be read" in row[0], f"ls of shadow: {row}")
    context.postern.run("ls", context.guest.name, "/root", codes=[77, 0])
    context.postern.run("ls", context.guest.name, "/srv/app", codes=[77])


def _recorded(context):
    text = context.guest.shell("journalctl --no-pager -o json -t postern-shim")
    records = [json.loads(line) for line in text.splitlines()]
    seen = {(record.get("POSTERN_PATH"), record.get("POSTERN_ALLOWED")) for record in records}
    for path, allowed in [("/etc/door/plain", "yes"), ("/etc/door/link", "no"),
                          ("/etc/shadow", "no"), ("/etc", "yes")]:
        check((path, allowed) in seen, f"no record of {path} ({allowed}) among {len(seen)}")
    check(all("uid" in record["POSTERN_CALLER"] for record in records if "POSTERN_PATH" in record),
          "a record does not say who asked")
    answer = context.ask("journal", "--priority", "debug", "--lines", "300")
    own = [entry for entry in answer.report["data"].get("entries", [])
           if entry.get("identifier") == "postern-shim"]
    check(not own and answer.report["data"]["n_own"] > 0, f"own traces are told: {own[:2]}")


def _journal_is_redacted(context):
    answer = context.ask("journal", "--priority", "debug", "--lines", "300")
    text = json.dumps(answer.json)
    check(SECRET not in text and "password=[redacted:password]" in text, "the journal tells it")
    check("what people write" not in text and answer.report["data"]["n_private"] > 0,
          "a private line is told")


def _configured(context):
    context.guest.shell("mkdir -p /etc/postern/shim.conf.d; "
                        "printf '[read]\\nallow=/srv/app\\n' >/etc/postern/shim.conf.d/app.conf")
    check(_read(context, "/srv/app/note", codes=[0]).out == "a note\n", "what was allowed")
    context.guest.shell("chmod 0666 /etc/postern/shim.conf.d/app.conf")
    _read(context, "/etc/door/plain", codes=[77])
    context.guest.shell("rm -r /etc/postern/shim.conf.d")


def _without_a_journal(context):
    context.guest.shell("systemctl kill --signal=STOP systemd-journald.service")
    done = _read(context, "/etc/door/plain", codes=[0])
    check(done.out == "plain\n", f"with journald stopped: {done.out!r}")
    context.guest.shell("systemctl kill --signal=CONT systemd-journald.service")


def run(context):
    """Files that may be read, and every way round to one that may not."""
    context.guest.shell(PREPARE)
    _given(context)
    _refused(context, _hashes(context.guest))
    _listed(context)
    _recorded(context)
    _journal_is_redacted(context)
    _configured(context)
    _without_a_journal(context)
