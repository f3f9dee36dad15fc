# SPDX-License-Identifier: LGPL-2.1-or-later
"""Another way to a Unix socket: for users whom its folder keeps out, and from elsewhere."""

import os
import socket
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

from .errors import Skip


class Relay:
    """Passes on to the socket TARGET, byte by byte, what comes to a socket that everybody may
    connect to (`path`) and to a port of the loopback address (`port`); `passed` counts how many
    connections did."""

    def __init__(self, target, folder):
        self.target = str(target)
        self.passed = 0
        self.path = str(Path(folder) / "relay")
        self.unix = socket.socket(socket.AF_UNIX)
        self.unix.bind(self.path)
        os.chmod(self.path, 0o666)
        self.unix.listen()
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.port = self.tcp.getsockname()[1]
        for listener in (self.unix, self.tcp):
            threading.Thread(target=self._serve, args=(listener,), daemon=True).start()

    def _serve(self, listener):
        while True:
            try:
                caller, _ = listener.accept()
                callee = socket.socket(socket.AF_UNIX)
                callee.connect(self.target)
            except OSError:
                return  # closed
            self.passed += 1
            for ends in ((caller, callee), (callee, caller)):
                threading.Thread(target=_pass_on, args=ends, daemon=True).start()

    def close(self):
        """No more callers; those that are connected end when they like."""
        for listener in (self.unix, self.tcp):
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()


def _pass_on(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


@contextmanager
def relay(target):
    """A relay in a folder of its own, which the user who makes it shares with everybody."""
    if os.geteuid() != 0:
        raise Skip("needs root to become another user")
    with tempfile.TemporaryDirectory(prefix="postern-relay-") as folder:
        os.chmod(folder, 0o755)
        made = Relay(target, folder)
        try:
            yield made
        finally:
            made.close()
