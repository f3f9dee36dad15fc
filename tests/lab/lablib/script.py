# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs a script as root in a guest through the guest agent."""

import secrets
import shlex
import sys

from . import agent, virsh
from .errors import LabError

# Under /run: writable, and there, when the root file system is full or read-only. Each output is
# cut, because an agent answer of several megabytes leaves the agent unusable.
OUTPUT_MAX = 256 * 1024
WRAPPER = b"""\
d=/run/lab-$1; m=$2; shift 2
umask 077; mkdir "$d" || exit 125; cat >"$d/script"
"$@" "$d/script" >"$d/out" 2>"$d/err" </dev/null
s=$?
head -c "$m" "$d/out"; head -c "$m" "$d/err" >&2
rm -rf "$d"; exit $s
"""
# Not at once: what stops the agent must not do so before the agent has told how this ended.
DETACHED = b"""\
d=/run/lab-$1; shift 2
umask 077; mkdir "$d" || exit 125; cat >"$d/script"
exec systemd-run --quiet --no-block --collect /bin/sh -c 'sleep 2; exec "$@"' lab "$@" "$d/script"
"""


def interpreter(script):
    """The argument vector that a script's first line asks for; /bin/sh if it asks for none.

    /run is mounted noexec in a guest, so a script is never executed itself.
    """
    first = script.split(b"\n", 1)[0].decode("utf-8", "replace")
    if not first.startswith("#!"):
        return ["/bin/sh"]
    return first[2:].split(None, 1)


def run(name, script, *, timeout=600, detach=False):
    """Runs `script` (bytes) in the guest and hands on its output; returns its exit status.

    With `detach` it is left to systemd in a unit of its own and outlives the guest agent: so can
    a script stop the agent, or the network that it is watched over.
    """
    virsh.mark(name)
    token = secrets.token_hex(4)
    if len(script) > agent.PIECE:
        path = f"/run/lab-{token}-long"
        agent.write_file(name, path, script)
        words = " ".join(map(shlex.quote, [*interpreter(script), path]))
        script = f"{words}; s=$?; rm -f {path}; exit $s\n".encode()
    # The agent writes a program's arguments to the guest's journal: the wrapper comes by stdin too.
    wrapper = DETACHED if detach else WRAPPER
    command = ["-c", f'eval "$(head -c {len(wrapper)})"', "lab", token, str(OUTPUT_MAX),
               *interpreter(script)]
    code, out, err = agent.execute(name, "/bin/sh", command, stdin=wrapper + script,
                                   timeout=timeout)
    for data, stream in ((out, sys.stdout), (err, sys.stderr)):
        stream.buffer.write(data)
        stream.flush()
        if len(data) == OUTPUT_MAX:
            print(f"\nlab: output cut at {OUTPUT_MAX} bytes", file=sys.stderr)
    return code


def push(name, local, path, mode=None):
    """Copies a local file into the guest."""
    virsh.mark(name)
    try:
        with open(local, "rb") as source:
            content = source.read()
    except OSError as error:
        raise LabError(f"{local}: {error.strerror}") from None
    agent.write_file(name, path, content)
    if mode:
        code, _, err = agent.execute(name, "/bin/chmod", [mode, path])
        if code:
            raise LabError(f"chmod in {name} failed: {err.decode(errors='replace').strip()}")
