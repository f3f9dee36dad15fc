# SPDX-License-Identifier: LGPL-2.1-or-later
"""SSH as `harness` over the guest's own network, as a harness would come."""

import shlex

from . import image, paths, virsh
from .errors import LabError

CONNECT_SECONDS = 10


def asking(environment):
    """ENVIRONMENT for an ssh(1) that asks a program, and no terminal, for the password."""
    image.password()
    program = paths.KEYS / "askpass"
    if not program.exists():
        text = f"#!/bin/sh\nexec cat {shlex.quote(str(paths.KEYS / 'password'))}\n"
        fresh = program.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.chmod(0o700)
        fresh.rename(program)
    return dict(environment, SSH_ASKPASS=str(program), SSH_ASKPASS_REQUIRE="force")


def arguments(name, command, *, password=False):
    """The argument vector of ssh(1) for a command (or a login) in the guest, by key or by password.

    Host keys are those of the image, so there is nothing to trust on first use.
    """
    mark = virsh.mark(name)
    if "ssh-port" not in mark:
        raise LabError(f"{name} is a pocket guest: it has no network")
    known = paths.IMAGES / mark["image"] / "known_hosts"
    settings = {"BatchMode": "yes", "ConnectTimeout": CONNECT_SECONDS, "HostKeyAlias":
                "postern-lab-guest", "UserKnownHostsFile": known, "GlobalKnownHostsFile":
                "/dev/null", "StrictHostKeyChecking": "yes", "IdentitiesOnly": "yes",
                "LogLevel": "ERROR"}
    if password:
        settings |= {"BatchMode": "no", "PubkeyAuthentication": "no", "NumberOfPasswordPrompts": 1,
                     "PreferredAuthentications": "password,keyboard-interactive"}
    options = [f"-o{key}={value}" for key, value in settings.items()]
    return ["/usr/bin/ssh", "-F", "/dev/null", "-i", str(paths.KEYS / "id_ed25519"), "-p",
            mark["ssh-port"], *options, "harness@127.0.0.1", *command]
