# SPDX-License-Identifier: LGPL-2.1-or-later
"""Commands for a remediation harness: by ssh, and by `postern exec` where ssh or sudo fails.

    runner = Runner("web", ["ssh", "-o", "BatchMode=yes", "harness@web"])
    done = await runner.run("systemctl", "restart", "nginx")
    print(done.way, done.status, done.stdout, done.why)

Both ways run the words as root and give the same: the streams' bytes and the exit status. No command
is run twice: the remote shell says when it is root, and begins only when it is then told to go. What
failed before that (no connection, no login, no sudo, no answer in time) goes on by the other way, and
a shell that wakes up late finds nobody to tell it. What failed after it may have been done: that is
Lost, unless the caller says that the command may be run again.

Run as a program: ssh_or_exec.py DOMAIN SSH-DESTINATION PROGRAM [ARGUMENT …]
"""

import asyncio
import contextlib
import shlex
import sys
from dataclasses import dataclass

# What the remote shell says on standard error before anything else: it is in, and it is root. Then it
# waits for a line on its standard input.
IN, ROOT = b"ssh-or-exec: in\n", b"ssh-or-exec: root\n"
# A login that takes longer is none, and neither is a sudo.
LOGIN_SECONDS = 20
GO = b"go\n"


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
                 f"printf 'ssh-or-exec: root\\n' >&2; read -r go && [ \"$go\" = go ] || exit; "
                 f"exec sudo -n -- {shlex.join(argv)}")
        begun, why = False, ""
        async with _process([*self.ssh, f"exec sh -c {shlex.quote(words)}"]) as process:
            try:
                head = await asyncio.wait_for(_read_head(process.stderr), self.login_seconds)
                begun = head.endswith(ROOT)
                out, err, status = await asyncio.wait_for(
                    _talk(process, GO + (given or b"") if begun else b""), timeout)
            except asyncio.TimeoutError:
                return None, begun, "it was not over in time"
        if not begun:
            why = (head + err).removeprefix(IN).decode(errors="replace").strip()
            return None, False, why or f"ssh exited with {status}"
        err = head.removesuffix(ROOT).replace(IN, b"", 1) + err
        if status == 255:  # ssh's own, or the command's: it can't be told
            return None, True, err.decode(errors="replace").strip() or "ssh exited with 255"
        return Done(out, err, status, "ssh"), True, None

    async def _by_exec(self, argv, given, timeout, why):
        """The same by the guest's channel. It is started at most once, or said not to be known."""
        words = ["--stdin"] if given is not None else []
        async with _process([self.postern, "exec", self.domain, *words, "--timeout",
                             f"{int(timeout * 1000)}ms", "--", *argv]) as process:
            try:
                out, err, status = await asyncio.wait_for(_talk(process, given or b""), timeout + 60)
            except asyncio.TimeoutError:
                raise Lost(f"{shlex.join(argv)}: postern exec does not end") from None
        # postern's own failures; a command that exits so itself says nothing of that kind.
        said = err.decode(errors="replace").strip()
        if status in (125, 126) and said.splitlines()[-1:] and \
                said.splitlines()[-1].startswith("postern: exec: "):
            raise Lost(f"{shlex.join(argv)}: ssh: {why}; {said}")
        return Done(out, err, status, "exec", why)


@contextlib.asynccontextmanager
async def _process(argv):
    """A process that does not outlive whoever wanted it."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*argv, stdin=pipe, stdout=pipe, stderr=pipe)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _talk(process, given):
    """(standard output, the rest of standard error, exit status)."""
    out, err, _ = await asyncio.gather(process.stdout.read(), process.stderr.read(),
                                       _feed(process.stdin, given))
    return out, err, await process.wait()


async def _feed(stream, given):
    """A command need not read what it is given."""
    try:
        stream.write(given)
        await stream.drain()
        stream.close()
        await stream.wait_closed()
    except (BrokenPipeError, ConnectionResetError):
        pass


async def _read_head(stream):
    """Standard error until the remote shell is root, or to its end."""
    head = b""
    while not head.endswith(ROOT):
        line = await stream.readline()
        if not line:
            break
        head += line
    return head


async def _main(domain, destination, *argv):
    done = await Runner(domain, ["ssh", "-o", "BatchMode=yes", destination]).run(*argv)
    sys.stdout.buffer.write(done.stdout)
    sys.stderr.buffer.write(done.stderr)
    if done.why:
        print(f"{done.way}, for by ssh: {done.why}", file=sys.stderr)
    return done.status


if __name__ == "__main__":
    sys.exit(asyncio.run(_main(*sys.argv[1:])))
