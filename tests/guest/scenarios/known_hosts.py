# SPDX-License-Identifier: LGPL-2.1-or-later
"""ssh knows the guest by the keys that postern fetched, also after they were made anew."""

import re

from guestlib import proc
from guestlib.errors import check

NEW_KEYS = """\
rm /etc/ssh/ssh_host_*
ssh-keygen -A
systemctl restart ssh
"""
SECONDS = 120
# Nobody is asked, nothing is trusted on first use, and nothing known comes from elsewhere.
SETTINGS = {"BatchMode": "yes", "StrictHostKeyChecking": "yes", "GlobalKnownHostsFile": "/dev/null",
            "UserKnownHostsFile": "/dev/null", "UpdateHostKeys": "no", "IdentitiesOnly": "yes",
            "ConnectTimeout": "60"}


class _Client:
    """The real ssh, with a key of its own."""

    def __init__(self, context):
        self.context = context
        self.key = context.folder / "key"
        xml = context.guest.virsh("dumpxml", context.guest.name)
        self.port = re.search(r"hostfwd=tcp:127\.0\.0\.1:(\d+)-:22", xml)[1]
        proc.run(["/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key],
                 timeout=SECONDS)
        public = self.key.with_suffix(".pub").read_text(encoding="ascii").strip()
        context.guest.shell(f"echo '{public}' >>/home/harness/.ssh/authorized_keys")

    def login(self, **given):
        """Logs in and says who it is."""
        options = [f"-o{name}={value}" for name, value in (SETTINGS | given).items()]
        done = proc.run(["/usr/bin/ssh", "-F", "/dev/null", "-i", self.key, "-p", self.port,
                         *options, "harness@127.0.0.1", "id", "-un"], timeout=SECONDS,
                        environment=self.context.lab.environment)
        self.context.log(done.transcript())
        return done

    def gets_in(self, **given):
        """The same, and it must succeed."""
        done = self.login(**given)
        check(done.code == 0 and done.out.strip() == "harness", f"{given}: {done.line()}")


def _both_ways(context, client):
    """By KnownHostsCommand and by a file; returns the file's lines."""
    guest = context.guest.name
    client.gets_in(KnownHostsCommand=f"{context.postern.program} known-hosts {guest} --name %H")
    lines = context.postern.run("known-hosts", guest, "--name", "127.0.0.1", "--port", client.port,
                                codes=[0]).out
    check(lines.startswith(f"[127.0.0.1]:{client.port} "), f"the lines are: {lines}")
    known = context.folder / "known_hosts"
    known.write_text(lines, encoding="ascii")
    client.gets_in(UserKnownHostsFile=known)
    return lines


def run(context):
    """With the image's keys, with new ones, and with the old ones, which are wrong then."""
    client = _Client(context)
    check(client.login().code == 255, "ssh trusts a guest that it does not know")
    old = _both_ways(context, client)
    context.guest.shell(NEW_KEYS)
    new = _both_ways(context, client)
    check(not set(old.splitlines()) & set(new.splitlines()), "the keys are the same as before")
    wrong = context.folder / "old_known_hosts"
    wrong.write_text(old, encoding="ascii")
    refused = client.login(UserKnownHostsFile=wrong)
    check(refused.code == 255 and "IDENTIFICATION HAS CHANGED" in refused.err,
          f"a wrong key is not refused: {refused.line()}")
