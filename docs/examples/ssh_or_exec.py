# SPDX-License-Identifier: LGPL-2.1-or-later
"""Commands for a remediation harness: by ssh, and by `postern exec` where ssh or sudo fails.

    runner = Runner("web", ["ssh", "-o", "BatchMode=yes", "harness@web"])
    done = await runner.run("systemctl", "restart", "nginx")
    print(done.way, done.status, done.stdout, done.why)

Both ways run the words as root and give the same: the streams' bytes and the exit status. No command
is run twice: ssh says how far it came, so that what failed before the command was begun (no
connection, no login, no sudo, no answer in time) is known from what failed after. The first goes on
by the other way. Of the second nobody knows what became of it: that is Lost, unless the caller says
that the command may be run again.

Run as a program: ssh_or_exec.py DOMAIN SSH-DESTINATION PROGRAM [ARGUMENT …]
"""

import asyncio
import shlex
import sys
import tempfile
from dataclasses import dataclass

# What the remote shell says on standard error before anything else: it is in, and it is root.
IN, ROOT = b"ssh-or-exec: in\n", b"ssh-or-exec: root\n"
# A login that takes longer is none, and neither is a sudo.
LOGIN_SECONDS = 20
# `postern exec` exits so where it ran nothing, or does not know; its standard error says which.
NOT_RUN = 125


class Lost(Exception):
    """It was begun, and nobody knows how it ended; or neither way could begin it."""


@dataclass(frozen=True)
class Done:
    """What became of a command."""

    stdout: bytes
    stderr: bytes
    status: int
    way: str  # "ssh" or "exec"
    why: str = None  # what kept ssh from it


class Runner:
    """One guest, by both ways."""

    def __init__(self, domain, ssh, postern="postern", login_seconds=LOGIN_SECONDS):
        """SSH: the program, its options and its destination."""
        self.domain, self.ssh, self.postern = domain, list(ssh), postern
        self.login_seconds = login_seconds

    async def run(self, *argv, given=None, timeout=600, again=False):
        """Runs ARGV as root, with GIVEN as its standard input; AGAIN: it may be run twice."""
        done, begun, why = await self._by_ssh(argv, given, timeout)
        if done:
            return done
        if begun and not again:
            raise Lost(f"{shlex.join(argv)}: it was begun by ssh, and then {why}")
        return await self._by_exec(argv, given, timeout, why)

    async def _by_ssh(self, argv, given, timeout):
        """(Done, or None; whether the command was begun; why there is none)."""
        words = (f"printf 'ssh-or-exec: in\\n' >&2; sudo -n true || exit; "
                 f"printf 'ssh-or-exec: root\\n' >&2; exec sudo -n -- {shlex.join(argv)}")
        process = await _begin([*self.ssh, f"exec sh -c {shlex.quote(words)}"], given)
        begun = asyncio.Event()
        streams = asyncio.gather(process.stdout.read(), _read_errors(process.stderr, begun),
                                 process.wait())
        try:
            await _first(begun.wait(), streams, self.login_seconds)
            out, err, status = await asyncio.wait_for(streams, timeout)
        except asyncio.TimeoutError:
            process.kill()
            await process.wait()
            return None, begun.is_set(), "it was not over in time"
        if not begun.is_set():
            return None, False, err.removeprefix(IN).decode(errors="replace").strip() or \
                f"ssh exited with {status}"
        if status == 255:  # ssh's own, or the command's: it can't be told
            return None, True, err.decode(errors="replace").strip() or "ssh exited with 255"
        return Done(out, err, status, "ssh"), True, None

    async def _by_exec(self, argv, given, timeout, why):
        """The same by the guest's channel. It is started at most once, or said not to be known."""
        words = ["--stdin"] if given is not None else []
        process = await _begin([self.postern, "exec", self.domain, *words, "--timeout",
                                f"{int(timeout)}s", "--", *argv], given)
        try:
            out, err = await asyncio.wait_for(process.communicate(), timeout + 60)
        except asyncio.TimeoutError:
            process.kill()
            await process.wait()
            raise Lost(f"{shlex.join(argv)}: postern exec does not end") from None
        if process.returncode == NOT_RUN:
            raise Lost(f"{shlex.join(argv)}: ssh: {why}; {err.decode(errors='replace').strip()}")
        return Done(out, err, process.returncode, "exec", why)


async def _begin(argv, given):
    pipe = asyncio.subprocess.PIPE
    with tempfile.TemporaryFile() as standard_input:  # no pipe: who does not want it breaks none
        standard_input.write(given or b"")
        standard_input.seek(0)
        return await asyncio.create_subprocess_exec(*argv, stdin=standard_input, stdout=pipe,
                                                    stderr=pipe)


async def _read_errors(stream, begun):
    """Standard error without what the remote shell says for us; BEGUN once it has said all of it."""
    head = b""
    while not head.endswith(ROOT):
        line = await stream.readline()
        if not line:
            return head
        head += line
    begun.set()
    return head.removesuffix(ROOT).replace(IN, b"", 1) + await stream.read()


async def _first(one, other, seconds):
    """Waits for one of the two."""
    waiting = asyncio.ensure_future(one)
    done, _ = await asyncio.wait({waiting, other}, timeout=seconds,
                                 return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if not done:
        other.cancel()
        raise asyncio.TimeoutError


async def _main(domain, destination, *argv):
    done = await Runner(domain, ["ssh", "-o", "BatchMode=yes", destination]).run(*argv)
    sys.stdout.buffer.write(done.stdout)
    sys.stderr.buffer.write(done.stderr)
    if done.why:
        print(f"{done.way}, for by ssh: {done.why}", file=sys.stderr)
    return done.status


if __name__ == "__main__":
    sys.exit(asyncio.run(_main(*sys.argv[1:])))
