# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line: one function a verb, and the table that names them."""

import argparse
import os
import signal
import sys

from . import daemon, domain, guest, image, kvm, paths, pocket, script, shim, sources, ssh, virsh
from .errors import LabError


def _image(options):
    chosen = image.base(options.release)
    if not options.no_shim:
        chosen = shim.with_shim(chosen, shim.build_folder(options.build))
    print(chosen.root)


def _up(options):
    guest.up(options.name, options)


def _pocket(options):
    pocket.up(options.name, options.peer, options)


def _peer(options):
    pocket.start_in(options.name, options.port_name, options.peer)


def _down(options):
    guest.down(options.name)


def _reset(options):
    guest.reset(options.name)


def _run(options):
    if options.script == "-":
        content = sys.stdin.buffer.read()
    else:
        with open(options.script, "rb") as source:
            content = source.read()
    return script.run(options.name, content, timeout=options.timeout, detach=options.detach)


def _push(options):
    script.push(options.name, options.local, options.path, options.mode)


def _ssh(options):
    argv = ssh.arguments(options.name, options.command, password=options.password)
    environment = ssh.asking(os.environ) if options.password else os.environ
    os.execve(argv[0], argv, environment)


def _console(options):
    virsh.mark(options.name)
    os.execv(virsh.VIRSH, [virsh.VIRSH, "-c", daemon.uri(), "console", options.name])


def _uri(_options):
    daemon.start()
    print(daemon.uri())


def _list(_options):
    if daemon.pid_of("libvirtd") is None:
        return
    for name in virsh.names():
        mark = virsh.mark(name)
        port = f"ssh on 127.0.0.1:{mark['ssh-port']}" if "ssh-port" in mark else \
            f"peer {mark.get('peer', '')}"
        print(f"{name:20}  {mark['kind']:6}  {virsh.state(name):10}  {port}")


def _qemu_pid(options):
    virsh.mark(options.name)
    path = daemon.RUNTIME / "qemu/run" / f"{options.name}.pid"
    try:
        print(path.read_text(encoding="ascii").strip())
    except OSError:
        raise LabError(f"{options.name} is not running: it has no QEMU process") from None


def _accelerator(_options):
    print(kvm.accelerator())


def _libvirtd_pid(_options):
    pid = daemon.pid_of("libvirtd")
    if pid is None:
        raise LabError("the lab's libvirtd is not running: 'lab uri' starts it")
    print(pid)


def _restart_libvirtd(_options):
    daemon.restart()


def _restart_virtlogd(_options):
    daemon.restart("virtlogd")


def _stop(_options):
    if daemon.pid_of("libvirtd") is not None:
        running = virsh.names("--state-running", "--state-paused", "--state-other")
        if running:
            raise LabError(f"guests are still up: {' '.join(running)}")
    daemon.stop("libvirtd")
    daemon.stop("virtlogd")


def _with_name(parser):
    parser.add_argument("name", metavar="NAME")


def _with_image(parser):
    parser.add_argument("--build", metavar="DIR",
                        help="the build folder to take the shim from (default: $POSTERN_BUILD, "
                        "or build in the checkout)")
    parser.add_argument("--release", default=sources.SUITE, choices=sources.RELEASES,
                        help=f"Debian's release in the guest (default: {sources.SUITE})")
    parser.add_argument("--no-shim", action="store_true", help="a guest without the shim")


def _with_up(parser):
    _with_name(parser)
    _with_image(parser)
    parser.add_argument("--panic-device", action="store_true", help="add an ISA panic device")
    parser.add_argument("--recorder", action="store_true", help="add the recorder's port, and "
                        "behind it a file in the storage pool postern")
    parser.add_argument("--console-log", action="store_true", help="log its console to a file in "
                        "that pool")
    parser.add_argument("--no-channel", action="store_true", help="leave the shim's port out")
    parser.add_argument("--memory", type=int, default=512, metavar="MIB", help="default: 512")
    parser.add_argument("--cpus", type=int, default=1, metavar="N", help="virtual processors "
                        "(default: 1)")
    parser.add_argument("--append", default="", metavar="ARGS", help="more for the kernel's "
                        "command line")
    parser.add_argument("--no-snapshot", action="store_true", help="take no clean snapshot")
    parser.add_argument("--no-wait", action="store_true", help="start it and return at once, "
                        "without a snapshot")


def _with_pocket(parser):
    parser.add_argument("--panic-device", action="store_true", help="add an ISA panic device")
    parser.add_argument("--reboot-on-panic", action="store_true", help="the kernel does so at once")
    parser.add_argument("--memory", type=int, default=pocket.MEMORY, metavar="MIB",
                        help=f"default: {pocket.MEMORY}")
    _with_name(parser)
    parser.add_argument("peer", metavar="PEER", nargs=argparse.REMAINDER, help="and its arguments")


def _with_peer(parser):
    parser.add_argument("--port-name", default=domain.SHIM_PORT, metavar="PORT",
                        help=f"default: {domain.SHIM_PORT}")
    _with_name(parser)
    parser.add_argument("peer", metavar="PEER", nargs=argparse.REMAINDER, help="and its arguments; "
                        "with none the one that runs there is ended")


def _with_run(parser):
    parser.add_argument("--timeout", type=float, default=600, metavar="SECONDS",
                        help="default: 600")
    parser.add_argument("--detach", action="store_true",
                        help="leave it to a unit of its own and return at once")
    _with_name(parser)
    parser.add_argument("script", metavar="SCRIPT", help="a file, or - for standard input")


def _with_push(parser):
    _with_name(parser)
    parser.add_argument("local", metavar="LOCALFILE")
    parser.add_argument("path", metavar="GUESTPATH")
    parser.add_argument("mode", metavar="MODE", nargs="?", help="octal, as for chmod")


def _with_ssh(parser):
    parser.add_argument("--password", action="store_true", help="with the password, not the key")
    _with_name(parser)
    parser.add_argument("command", metavar="COMMAND", nargs=argparse.REMAINDER)


def _nothing(_parser):
    pass


VERBS = (
    ("image", _image, _with_image, "build the guest image, or find it in the cache"),
    ("up", _up, _with_up, "make and boot a guest, and take its clean snapshot"),
    ("pocket", _pocket, _with_pocket, "a tiny guest with one scripted peer on the shim's port"),
    ("peer", _peer, _with_peer, "run a scripted peer in a full guest"),
    ("down", _down, _with_name, "destroy a guest and all that is kept of it"),
    ("reset", _reset, _with_name, "revert a guest to its clean snapshot"),
    ("run", _run, _with_run, "run a script as root in a guest, through its agent"),
    ("push", _push, _with_push, "copy a file into a guest, through its agent"),
    ("ssh", _ssh, _with_ssh, "log in as harness, or run a command"),
    ("console", _console, _with_name, "the guest's serial console"),
    ("uri", _uri, _nothing, "the libvirt URI of the lab; starts its libvirtd"),
    ("list", _list, _nothing, "the lab's guests"),
    ("accelerator", _accelerator, _nothing, "kvm or tcg: what guests made here run on"),
    ("qemu-pid", _qemu_pid, _with_name, "the process id of a guest's QEMU"),
    ("libvirtd-pid", _libvirtd_pid, _nothing, "the process id of the lab's libvirtd"),
    ("restart-libvirtd", _restart_libvirtd, _nothing, "restart it; guests go on running"),
    ("restart-virtlogd", _restart_virtlogd, _nothing, "restart it: recorders fall silent"),
    ("stop", _stop, _nothing, "end the lab's daemons, if no guest is up"),
)


def _parser():
    parser = argparse.ArgumentParser(
        prog="lab", description="Real guests under a libvirt of their own, for tests, the demo "
        "and benchmarks.", allow_abbrev=False)
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    for name, function, prepare, summary in VERBS:
        verb = verbs.add_parser(name, help=summary, description=summary, allow_abbrev=False)
        prepare(verb)
        verb.set_defaults(function=function)
    return parser


def main():
    """Runs the command line; the exit status is the verb's own, 125 where the lab itself failed."""
    options = _parser().parse_args()
    # A request to end is one to clear up first.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        paths.prepare()
        sys.exit(options.function(options) or 0)
    except LabError as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{error.filename or 'system'}: {error.strerror}")
    except KeyboardInterrupt:
        _fail("interrupted")


def _fail(message):
    print(f"lab: {message}", file=sys.stderr)
    sys.exit(125)
