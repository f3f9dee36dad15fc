# SPDX-License-Identifier: LGPL-2.1-or-later
"""posternd in the foreground, on the lab's libvirt."""

import json
import signal
import subprocess
import time
from pathlib import Path

from .errors import check


class Posternd:
    """One in the foreground, on the lab's libvirt."""

    def __init__(self, lab, folder):
        self.socket = Path(folder) / "diagnose.sock"
        self.environment = dict(lab.environment, POSTERN_DIAGNOSE_SOCKET=str(self.socket))
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            [lab.build / "host-sidecar/posternd", "--connect", lab.uri, "--socket", self.socket],
            env=lab.environment, stdin=subprocess.DEVNULL)

    def __enter__(self):
        until = time.monotonic() + 20
        while not self.socket.exists():
            check(self.process.poll() is None and time.monotonic() < until, "posternd does not start")
            time.sleep(0.05)
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)

    def ask(self, postern, guest, *words):
        """What the command says, through the daemon."""
        done = subprocess.run([postern, *words[:1], guest, *words[1:], "--json", "--deadline", "40s"],
                              env=self.environment, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=60, check=False)
        check(done.stdout, f"{' '.join(words)}: {done.stderr}")
        return json.loads(done.stdout)
