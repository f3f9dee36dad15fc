# SPDX-License-Identifier: LGPL-2.1-or-later
"""A small asyncio client of posternd, of the standard library alone.

    async with Client() as postern:
        async for answer in postern.ask("web", "system", "sudo", deadline=10):
            print(answer["probe"], answer["report"]["status"] if "report" in answer else answer["error"])

Many callers may share one client: requests go over one connection and each gets its own answers.
Run as a program, it asks the guests that are named and prints a line for each probe.
"""

import asyncio
import contextlib
import json
import os
import secrets
import sys

SOCKET = os.environ.get("POSTERN_DIAGNOSE_SOCKET", "/run/postern/diagnose.sock")
# A frame of the daemon's has at most 512 KiB (docs/protocol.md).
MAX_FRAME = 512 * 1024 + 2
# The daemon's last word comes 150 ms after the deadline at the latest.
GRACE = 1.0


class PosternError(Exception):
    """What the daemon refused; `reason` is its word for it, as `busy` or `not-allowed`."""

    def __init__(self, message, reason=None):
        super().__init__(message)
        self.reason = reason


class Client:
    """One connection."""

    def __init__(self, path=SOCKET, program=None):
        """PROGRAM, as ["ssh", "hv3", "postern", "proxy"], in place of the socket at PATH."""
        self.path, self.program = path, program
        self.session, self.number = secrets.token_hex(16), -1
        self.waiting = {}  # the queue of each request, by its id
        self.process = self.reader = self.writer = self.task = None
        self.daemon = None  # what its hello says

    async def __aenter__(self):
        if self.program:
            self.process = await asyncio.create_subprocess_exec(
                *self.program, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                limit=MAX_FRAME)
            self.reader, self.writer = self.process.stdout, self.process.stdin
        else:
            self.reader, self.writer = await asyncio.open_unix_connection(self.path, limit=MAX_FRAME)
        self.task = asyncio.create_task(self._read())
        params = {"session": self.session, "protocol": [1], "host": "asyncio example"}
        async for message in self._request("hello", params, 5):
            self.daemon = message["result"]
        return self

    async def __aexit__(self, *_):
        self.writer.close()
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task
        if self.process:
            await self.process.wait()

    async def _read(self):
        """Hands each message to the request that it belongs to; the end to all of them."""
        try:
            while line := await self.reader.readline():
                message = json.loads(line.lstrip(b"\x1e"))
                # What comes in parts names its request; what turns the caller away names none.
                name = message.get("params", {}).get("id") or message.get("id")
                queues = [self.waiting[name]] if name in self.waiting else \
                    self.waiting.values() if name is None else []
                for queue in queues:
                    queue.put_nowait(message)
        except ConnectionError:
            pass  # it is the end, as a hang-up is
        finally:
            for queue in self.waiting.values():
                queue.put_nowait(None)

    async def _request(self, method, params, seconds):
        """The parts of the answer as they come, then the answer itself."""
        self.number += 1
        name = f"{self.session}-{self.number}"
        queue = self.waiting[name] = asyncio.Queue()
        text = json.dumps({"jsonrpc": "2.0", "id": name, "method": method, "params": params})
        try:
            self.writer.write(b"\x1e" + text.encode() + b"\n")
            await self.writer.drain()
            until = asyncio.get_running_loop().time() + seconds + GRACE
            while True:
                left = until - asyncio.get_running_loop().time()
                message = await asyncio.wait_for(queue.get(), left)
                if message is None:
                    raise PosternError("the daemon hung up")
                if "error" in message:
                    error = message["error"]
                    raise PosternError(error["message"], error.get("data", {}).get("reason"))
                yield message
                if "result" in message:
                    return
        finally:
            del self.waiting[name]

    async def ask(self, domain, *probes, deadline=10.0, max_age=None):
        """The answers to PROBES, names or (name, arguments), in the order in which they come. Each
        has `probe`, `via`, `age_ms`, and a `report` or an `error`. MAX_AGE, in seconds: how old one
        may be; 0: it is asked anew, also where it is being asked already."""
        questions = [{"probe": probe} if isinstance(probe, str) else
                     {"probe": probe[0], "args": probe[1]} for probe in probes]
        params = {"domain": domain, "deadline_ms": int(deadline * 1000), "verb": "ask",
                  "questions": questions}
        if max_age is not None:
            params["max_age_ms"] = int(max_age * 1000)
        async for message in self._request("ask", params, deadline):
            if message.get("method") == "answer":
                yield message["params"]["answer"]

    async def domains(self, deadline=10.0):
        """A row for each domain."""
        params = {"deadline_ms": int(deadline * 1000)}
        return [message["params"]["domain"]
                async for message in self._request("list", params, deadline)
                if message.get("method") == "domain"]


async def _print(postern, name):
    async for answer in postern.ask(name, "system", "services", "network"):
        if "report" in answer:
            report = answer["report"]
            print(f"{name}: {answer['probe']}: {report['status']} via {answer['via']}: "
                  f"{report['summary']}")
        else:
            print(f"{name}: {answer['probe']}: unknown: {answer['error']['message']}")


async def _main(names):
    async with Client() as postern:
        names = names or [row["name"] for row in await postern.domains()]
        await asyncio.gather(*(_print(postern, name) for name in names))


if __name__ == "__main__":
    try:
        asyncio.run(_main(sys.argv[1:]))
    except (OSError, PosternError, asyncio.TimeoutError) as problem:
        sys.exit(f"{sys.argv[0]}: {problem or 'no answer in time'}")
