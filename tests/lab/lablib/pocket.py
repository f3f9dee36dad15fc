# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pocket guests: a kernel, an initramfs of a megabyte, one scripted peer on the shim's port; and
the same peers in full guests."""

import os
import re
import sys
import time

from . import agent, cpio, daemon, domain, guest, image, paths, virsh
from .errors import LabError
from .proc import run

FORMAT = "1"  # Raise it when this file changes what an initramfs is.
SOURCES = paths.LAB / "peer"
COMPILE = ["/usr/bin/gcc", "-std=gnu17", "-D_GNU_SOURCE", "-O2", "-static", "-s"]
# It stands between commas on the kernel's command line.
WORD = re.compile(r"[A-Za-z0-9._-]+\Z")
UNIT = "lab-peer"
GUEST_PATH = "/usr/local/sbin/lab-peer"
MEMORY = 96


def peer_program():
    """The peers' program, compiled for any guest."""
    return _compiled("peer", "peer*.c")


def _compiled(name, pattern):
    with paths.lock("peer"):
        digest = image.digest_files([FORMAT, " ".join(COMPILE), SOURCES])
        program = paths.IMAGES / f"{name}-{digest}"
        if not program.exists():
            work = program.with_suffix(".new")
            run([*COMPILE, "-o", str(work), *map(str, sorted(SOURCES.glob(pattern)))])
            os.chmod(work, 0o755)
            work.rename(program)
        os.utime(program)
        image.prune(f"{name}-")
        return program


def _initramfs(base):
    init, peer = _compiled("pocket", "pocket.c"), peer_program()
    with paths.lock("peer"):
        digest = image.digest_files([FORMAT, base.folder.name, init.name, peer.name])
        path = paths.IMAGES / f"initramfs-{digest}.cpio"
        if not path.exists():
            archive = cpio.Archive()
            for folder in ("dev", "proc", "sys", "modules"):
                archive.add_folder(folder)
            archive.add_character_device("dev/console", 5, 1)
            archive.add_program("init", init)
            archive.add_program("peer", peer)
            for module in sorted(base.modules.iterdir()):
                archive.add_program(f"modules/{module.name}", module)
            archive.write(path)
        os.utime(path)
        image.prune("initramfs-")
        return path


def _check_words(words):
    """Returns the port that the peer will hold."""
    for word in words:
        if not WORD.match(word):
            raise LabError(f"{word!r} cannot be given to a peer: letters, digits, '.', '_', '-'")
    done = run([str(peer_program()), "--help"])
    known = re.findall(r"(?m)^  (\S+)", done.stdout)
    port = words[1] if words[:1] == ["--port-name"] and len(words) > 1 else None
    chosen = next((word for word in words[2 if port else 0:] if not word.startswith("--")), "")
    if chosen not in known:
        raise LabError(f"no peer is called {chosen!r}: {' '.join(known)}")
    return port or domain.SHIM_PORT


def up(name, words, options):
    """Makes and boots a pocket guest; returns when its peer holds the shim's port."""
    paths.check_name(name)
    port = _check_words(words)
    begun = time.monotonic()
    base = image.base()
    initramfs = _initramfs(base)
    daemon.start()
    guest.sweep()
    with paths.lock(f"guest-{name}"):
        guest.clear(name)
        guest.folder(name, [base.folder, initramfs])
        append = f"console=ttyS0 quiet panic={-1 if options.reboot_on_panic else 0} " \
                 f"POSTERN_PEER={','.join(words)}"
        guest.start(domain.Domain(
            name, base.kernel, initramfs, append, options.memory,
            [domain.AGENT_PORT, domain.SHIM_PORT], {"kind": "pocket", "peer": " ".join(words)},
            panic_device=options.panic_device))
        guest.wait_for_port(name, port)
    print(f"lab: {name} is up after {time.monotonic() - begun:.1f} s", file=sys.stderr)


def start_in(name, port, words):
    """Runs a peer in a full guest, in place of one that ran there before; with no words it only
    ends that one. Whatever else holds the port has to be stopped first."""
    virsh.mark(name)
    agent.execute(name, "/usr/bin/systemctl", ["stop", UNIT])
    if not words:
        return
    _check_words(words)
    agent.write_file(name, GUEST_PATH, peer_program().read_bytes())
    agent.execute(name, "/bin/chmod", ["0755", GUEST_PATH])
    code, _, err = agent.execute(name, "/usr/bin/systemd-run", [
        "--quiet", "--collect", f"--unit={UNIT}", GUEST_PATH, "--port-name", port, *words])
    if code:
        raise LabError(f"the peer did not start in {name}: {err.decode(errors='replace').strip()}")
    guest.wait_for_port(name, port)
