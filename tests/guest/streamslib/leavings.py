# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a domain leaves behind of which libvirt knows nothing any more."""

import json
import os
import shutil
import subprocess
import tempfile
import time

from .tools import POSTERN, expect, scenario, virsh
from .volumes import DOMAIN, FRAMES, NAME, UUID, Reader, Volume

HOUR = 3600


def _records(reader, *words, keep=None):
    """`records` with these words; keep: how long it is told to keep what is left over."""
    text = f"[store]\nfolder={reader.folder}/store\n" + (f"keep={keep}\n" if keep else "")
    reader.settings.write_text(text, encoding="utf-8")
    done = subprocess.run([POSTERN, "records", *words, "--json"], check=False, capture_output=True,
                          text=True, timeout=60,
                          env=dict(os.environ, POSTERN_CONFIG=str(reader.settings)))
    expect(done.returncode == 0, f"{words}: {done.stderr}{done.stdout}")
    return json.loads(done.stdout)


def _left(reader, *words, keep=None):
    """What it says of the domain; None where it is not left over."""
    items = _records(reader, *words, keep=keep)["leftovers"]
    return next((item for item in items if item["uuid"] == UUID), None)


def _create(xml):
    with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
        file.write(xml)
        file.flush()
        virsh("create", file.name)


def _kept(volume, reader):
    """All files that there are of it."""
    return [*volume.folder.glob(f"{UUID}.records*"), *reader.folder.glob(f"store/*/*{UUID}*")]


@scenario()
def what_a_transient_domain_leaves_behind():
    """It was never defined, and is gone once it is off: what it recorded is listed under its name,
    kept for as long as it is to be, and then removed. While it runs nothing is left over."""
    volume, folder = Volume(), tempfile.mkdtemp(prefix="postern-volume-")
    reader = Reader(folder)
    try:
        _create(DOMAIN.replace("/nowhere", str(volume.path)))
        volume.append(b"".join(FRAMES[:3]))
        told = _records(reader, NAME)
        expect(told["whole"] == 3, f"it tells {told}")
        # As a guest's own would be that nobody asked for since.
        volume.append(b"".join(FRAMES[3:5]))
        expect(_left(reader, "--leftovers") is None, "a transient domain that runs is left over")
        expect(_left(reader, "--prune", keep="0s") is None, "it is pruned")
        virsh("destroy", NAME)
        expect(NAME not in virsh("list", "--all", "--name").split(), "it was defined")
        _check_left(volume, reader)
    finally:
        subprocess.run(["virsh", "-q", "destroy", NAME], check=False, capture_output=True)
        volume.remove()
        shutil.rmtree(folder)


def _check_left(volume, reader):
    item = _left(reader, "--leftovers")
    expect(item, "what it left is not listed")
    expect(item["domain"] == NAME, f"it is said to be of {item['domain']}")
    expect(item["volume_bytes"] == volume.path.stat().st_size and item["store_bytes"] > 0,
           f"its sizes: {item}")
    expect(not item["expired"] and not item["removed"], f"it is called old: {item}")
    then = time.time() - 2 * HOUR
    for path in _kept(volume, reader):
        os.utime(path, (then, then))
    for keep in (None, "3h"):
        item = _left(reader, "--prune", keep=keep)
        expect(not item["expired"] and not item["removed"], f"kept for {keep}: {item}")
    item = _left(reader, "--prune", "--dry-run", keep="1h")
    expect(item["expired"] and not item["removed"] and volume.path.exists(), f"in the dry: {item}")
    item = _left(reader, "--prune", keep="1h")
    expect(item["removed"], f"two hours old, and kept for one: {item}")
    expect(not _kept(volume, reader), f"there is still {_kept(volume, reader)}")
    expect(_left(reader, "--leftovers") is None, "it is listed still")
