# SPDX-License-Identifier: LGPL-2.1-or-later
"""SSH as `harness` over the guest's own network, as a harness would come."""

from . import paths, virsh
from .errors import LabError

CONNECT_SECONDS = 10


def arguments(name, command):
    """The argument vector of ssh(1) for a command (or a login) in the guest.

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
    options = [f"-o{key}={value}" for key, value in settings.items()]
    return ["/usr/bin/ssh", "-F", "/dev/null", "-i", str(paths.KEYS / "id_ed25519"), "-p",
            mark["ssh-port"], *options, "harness@127.0.0.1", *command]
