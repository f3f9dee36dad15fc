# SPDX-License-Identifier: LGPL-2.1-or-later
"""Domain XML of the lab's guests, full and pocket."""

import socket
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from . import kvm
from .virsh import NAMESPACE

SHIM_PORT = "org.postern.shim.0"
ECHO_PORT = "org.postern.echo.0"
AGENT_PORT = "org.qemu.guest_agent.0"
RECORDER_PORT = "org.postern.recorder.0"
# QEMU would let its cache of translated code grow to a gigabyte for each guest.
TCG_CACHE = "<tcg><tb-cache unit='MiB'>128</tb-cache></tcg>"


@dataclass
class Domain:
    """What a guest is made of. `disk` is a qcow2 file or None, `ssh_port` a port or
    None, `recorder` the file behind the recorder's port or None, `console_log` that of the
    serial console or None."""

    name: str
    kernel: Path
    initrd: Path
    append: str
    memory: int
    channels: list
    mark: dict
    disk: Path = None
    ssh_port: int = None
    cpus: int = 1
    panic_device: bool = False
    recorder: Path = None
    console_log: Path = None
    identity: uuid.UUID = field(default_factory=uuid.uuid4)

    def xml(self):
        """The domain's XML."""
        virt_type = "kvm" if kvm.works() else "qemu"
        mark = " ".join(f"{key}={quoteattr(str(value))}" for key, value in self.mark.items())
        return f"""\
<domain type='{virt_type}' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>{escape(self.name)}</name>
  <uuid>{self.identity}</uuid>
  <metadata><lab:guest xmlns:lab='{NAMESPACE}' {mark}/></metadata>
  <memory unit='MiB'>{self.memory}</memory>
  <vcpu>{self.cpus}</vcpu>
  {"<cpu mode='host-passthrough'/>" if kvm.works() else ""}
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>
    <kernel>{escape(str(self.kernel))}</kernel>
    <initrd>{escape(str(self.initrd))}</initrd>
    <cmdline>{escape(self.append)}</cmdline>
  </os>
  <features><acpi/>{"" if kvm.works() else TCG_CACHE}</features>
  <clock offset='utc'/>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>preserve</on_crash>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <controller type='usb' model='none'/>
    <controller type='virtio-serial' index='0'/>
    <serial type='pty'>{self._log()}<target port='0'/></serial>
    <console type='pty'>{self._log()}<target type='serial' port='0'/></console>
{self._devices()}
  </devices>
{self._network()}
</domain>
"""

    def _log(self):
        if not self.console_log:
            return ""
        return f"<log file={quoteattr(str(self.console_log))} append='on'/>"

    def _devices(self):
        lines = [f"<channel type='unix'><target type='virtio' name='{name}'/></channel>"
                 for name in self.channels]
        if self.recorder:
            lines.append("<channel type='file'>"
                         f"<source path={quoteattr(str(self.recorder))} append='on'/>"
                         f"<target type='virtio' name='{RECORDER_PORT}'/></channel>")
        if self.panic_device:
            lines.append("<panic model='isa'/>")
        if self.disk:
            lines += [
                "<disk type='file' device='disk'>"
                "<driver name='qemu' type='qcow2' cache='unsafe'/>"
                f"<source file={quoteattr(str(self.disk))}/>"
                "<target dev='vda' bus='virtio'/></disk>",
                "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>",
                "<video><model type='vga'/></video>"]
        else:
            lines.append("<memballoon model='none'/>")
        return "\n".join("    " + line for line in lines)

    def _network(self):
        """QEMU's user networking: libvirt 9.0 as Debian builds it has no way of its own to it.

        No option ROM: a guest that boots its kernel directly needs none and starts sooner.
        """
        if self.ssh_port is None:
            return ""
        arguments = ["-netdev", f"user,id=n0,hostfwd=tcp:127.0.0.1:{self.ssh_port}-:22",
                     "-device", "virtio-net-pci,netdev=n0,addr=0x10,romfile="]
        lines = "\n".join(f"    <qemu:arg value='{argument}'/>" for argument in arguments)
        return f"  <qemu:commandline>\n{lines}\n  </qemu:commandline>"


def free_port():
    """A TCP port on 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
