# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the command postern, with a store and an audit log that are not the machine's own."""

import os
import subprocess
import sys
import tempfile

import deadmount
from taplib import Skip, check

PROGRAM = sys.argv[1]
TEST = "test:///default"  # one domain, `test`, without channels
NO_CHANNEL = "the domain has no channel org.postern.shim.0"
# How late a command may be on a busy machine, under a sanitizer, in seconds.
LATE = 3.0
FOLDER = tempfile.mkdtemp(prefix="postern-command-")


def configuration(name, *lines):
    """The path of a configuration of postern's with these lines in the group [store], by default
    with a folder that is not the machine's own."""
    path = os.path.join(FOLDER, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(["[store]", *(lines or [f"folder={FOLDER}/store"]), ""]))
    return path


def environment(connect=TEST, config=None, env=None):
    return dict(os.environ, LIBVIRT_DEFAULT_URI=connect, HOME=FOLDER,
                XDG_STATE_HOME=FOLDER + "/state", XDG_RUNTIME_DIR=FOLDER,
                POSTERN_CONFIG=config or configuration("postern.conf"), **(env or {}))


def run(*words, connect=TEST, config=None, env=None, **options):
    options.setdefault("stdout", subprocess.PIPE)
    return subprocess.run([PROGRAM, *words], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          env=environment(connect, config, env), timeout=60, check=False, text=True,
                          errors="surrogateescape", **options)


def refused(code, says, *words, **options):
    """The command ends with this code, nothing on standard output and one line on the other."""
    done = run(*words, **options)
    check(done.returncode == code, words, done)
    check(not done.stdout, words, done)
    check(done.stderr.startswith("postern: ") and done.stderr.count("\n") == 1 and
          done.stderr.endswith("\n"), words, done)
    check(says in done.stderr, words, says, done.stderr)
    return done


# ---- a hypervisor whose only domain has a recorder

RECORDED = """<node><domain type='test'><name>web</name>
<uuid>3a4f5d6e-1111-4222-8333-444455556666</uuid><memory>8192</memory><os><type>hvm</type></os>
<devices><channel type='file'><source path='/nowhere'/>
<target type='virtio' name='org.postern.recorder.0'/></channel></devices></domain></node>"""


def recorded():
    """The URI of a hypervisor whose only domain, `web`, has a recorder."""
    node = FOLDER + "/node.xml"
    with open(node, "w", encoding="utf-8") as file:
        file.write(RECORDED)
    return f"test://{node}"


def isolate():
    """The audit records of these tests do not belong into the machine's own log."""
    try:
        deadmount.enter_namespace()
    except Skip:
        return os.geteuid() != 0
    return deadmount.libc.mount(b"none", b"/var/log", b"tmpfs", 0, None) == 0
