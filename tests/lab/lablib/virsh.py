# SPDX-License-Identifier: LGPL-2.1-or-later
"""Calls to the lab's libvirt through virsh, and the rule that a domain must be the lab's own."""

import xml.etree.ElementTree as ElementTree

from . import daemon, paths
from .errors import LabError
from .proc import run

VIRSH = "/usr/bin/virsh"
NAMESPACE = "urn:postern:lab:1"
CALL_SECONDS = 120


def call(*arguments, check=True, timeout=CALL_SECONDS):
    """Runs one virsh command on the lab's libvirt and returns its CompletedProcess."""
    return run([VIRSH, "-q", "-c", daemon.uri(), *arguments], check=check, timeout=timeout,
               label=f"virsh {arguments[0]}")


def names(*options):
    """The names of all domains, or of those that `options` of `virsh list` choose."""
    return call("list", "--name", *(options or ("--all",))).stdout.split()


def state(name):
    """libvirt's word for a domain's state, or None if there is no such domain."""
    done = call("domstate", name, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def live_xml(name):
    """The parsed XML of a domain, running or not."""
    return ElementTree.fromstring(call("dumpxml", name).stdout)


def mark(name):
    """The attributes that the lab left in its domain's metadata.

    Every command goes through here first: a domain without the mark was not made by the lab.
    """
    paths.check_name(name)
    if daemon.pid_of("libvirtd") is None:
        daemon.start()
    if name not in names():
        raise LabError(f"no guest {name}: make it with 'lab up {name}', see 'lab list'")
    element = live_xml(name).find(f"metadata/{{{NAMESPACE}}}guest")
    if element is None:
        raise LabError(f"the domain {name} was not made by the lab: it is left alone")
    return dict(element.attrib)


def port_state(name, port):
    """`connected` if the guest holds a channel's port open; None if the domain has no such port.

    https://libvirt.org/formatdomain.html#channel, attribute `state` of `target`.
    """
    for target in live_xml(name).iterfind("devices/channel/target"):
        if target.get("name") == port:
            return target.get("state", "disconnected")
    return None
