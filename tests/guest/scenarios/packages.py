# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Debian packages in guests: installed, upgraded, removed and purged by their own dpkg and apt.

./check packages runs them: the packages are made for it.
"""

import time

from guestlib.errors import check
from guestlib.packages import APT, Packages, apt, files_of, install, needed
from guestlib.scenario import Scenario

SHIM = "postern-shim"
PATIENCE_SECONDS = 600
# A port is opened within a second of its shim's start. This is for an emulated guest that runs dpkg
# and gets next to no time of a busy host: a question or two may then have no answer by any path.
SILENCE_SECONDS = 60
# An initramfs is made four times: a small one, and without the slowest of compressions.
SMALL_INITRAMFS = "printf 'MODULES=list\\nCOMPRESS=gzip\\n' >/etc/initramfs-tools/conf.d/small"
# The lab's scripts run with a umask that no administrator has.
CONFIGURED = """\
set -eu
umask 022
echo '[recorder]' >/etc/postern/shim.conf
mkdir /etc/postern/shim.conf.d
echo '[private]' >/etc/postern/shim.conf.d/site.conf
"""
STATE = """\
for property in MainPID ActiveState UnitFileState; do
    systemctl show --value -p $property postern-shim
done
dpkg-query -W -f '${Version} ${db:Status-Status}' postern-shim
"""
IN_INITRAMFS = "lsinitramfs /boot/initrd.img-* | grep -c postern || :"
# The guest's host part: who is there, what is enabled, and what stands at the doors.
HOST_STATE = """\
for unit in postern-diagnose.socket postern-recover.socket postern-health.timer \\
    postern-diagnose.service postern-recover.service postern-diagnose@far.socket; do
    echo "$unit $(systemctl is-enabled "$unit" 2>&1) $(systemctl is-active "$unit")"
done
"""
ACCOUNTS = """\
getent passwd | grep ^postern- | cut -d : -f 1 | sort
getent group postern | cut -d : -f 1
getent group libvirt | cut -d : -f 4
"""
FOLDERS = "stat -c '%n %a %U:%G' /run/postern /run/postern/turns /run/postern-recover " \
    "/var/lib/postern-remote"
OPEN_DOORS = """\
set -eu
umask 022
echo 'URI=test:///default' >/etc/postern/far.env
echo '[daemon]' >/etc/postern/postern.conf
mkdir -p /etc/postern/policies /var/log/postern
echo it >/var/log/postern/audit.jsonl
systemctl enable --now postern-diagnose.socket postern-diagnose@far.socket
systemctl start postern-diagnose.service postern-diagnose@far.service
"""
SERVED = """\
for unit in postern-diagnose.service postern-diagnose@far.service; do
    systemctl show --value -p MainPID "$unit"
    systemctl is-active "$unit"
done
stat -c %i /run/postern/diagnose.sock
"""


def _shim_state(context):
    """(process, whether it runs, whether it is enabled, version, dpkg's state)"""
    return tuple(context.guest.shell(STATE).split())


def _upgraded(context, debs):
    """How long the channel was silent while a later version was put in its place."""
    script = context.folder / "upgrade"
    script.write_text("umask 022; rm -f /run/upgraded\n"
                      f"{APT} install {debs} >/run/upgrade.log 2>&1\n"
                      "echo $? >/run/upgraded\n", encoding="ascii")
    context.guest.script(script, detach=True)
    silence, heard = 0, time.monotonic()
    patience = heard + PATIENCE_SECONDS
    look = 0
    while True:
        answer = context.postern.ask("probe", context.guest, "system", deadline=10)
        now = time.monotonic()
        if answer.via == "channel":
            silence, heard = max(silence, now - heard), now
        look += 1
        if look % 10 == 0 and context.guest.shell("cat /run/upgraded || :").strip():
            break
        check(now < patience, f"not upgraded after {PATIENCE_SECONDS} s")
    said = context.guest.shell("cat /run/upgraded /run/upgrade.log").split("\n", 1)
    check(said[0] == "0", f"apt-get ends with {said[0]}: {said[1][-500:]}")
    return silence


def _run_shim(context):
    guest = context.guest
    packages = Packages(context.lab.build)
    first, second = (packages.deb(order, SHIM) for order in ("first", "second"))
    check("channel" not in context.diagnose().via(), "it has a shim before there is a package")
    guest.shell(SMALL_INITRAMFS)
    before = files_of(guest)

    install(guest, first)
    pid, active, enabled, version, state = _shim_state(context)
    check((active, enabled, state) == ("active", "enabled", "installed"),
          f"after installation it is {active}, {enabled} and {state}")
    diagnosis = context.diagnose()
    check(diagnosis.via() == ["channel"], f"it answers via {diagnosis.via()}")
    check(not diagnosis.serious(), f"a sound guest is told to have {diagnosis.serious()}")
    check(int(guest.shell(IN_INITRAMFS)) >= 2, "the initramfs has no shim")
    check("OK" in guest.shell("systemd-analyze verify --man=no postern-shim.service && echo OK"),
          "systemd does not like the unit")

    guest.shell(CONFIGURED)
    guest.push(second, "/var/tmp/second.deb")
    silence = _upgraded(context, "/var/tmp/second.deb")
    context.log(f"the channel was silent for {silence:.2f} s during the upgrade\n")
    check(silence < SILENCE_SECONDS, f"the channel was silent for {silence:.1f} s")
    later, active, enabled, newer, state = _shim_state(context)
    check((active, enabled, state) == ("active", "enabled", "installed") and later != pid and
          newer == f"{version}+later", f"after the upgrade: {_shim_state(context)}")
    check(context.diagnose(name="upgraded").via() == ["channel"],
          "the upgraded one does not answer")

    # What an administrator has switched off stays off. The initramfs is made by the next step.
    guest.shell("systemctl disable --now postern-shim 2>&1 && "
                "dpkg --no-triggers -i /var/tmp/second.deb")
    check(_shim_state(context)[1:3] == ("inactive", "disabled"),
          f"what was disabled is {_shim_state(context)[1:3]} after it was installed again")
    guest.shell("systemctl enable --now postern-shim 2>&1")

    apt(guest, "remove postern-shim")
    left = guest.shell("pgrep -x postern-shim || :; systemctl is-active postern-shim || :").split()
    check(left == ["inactive"], f"after removal: {left}")
    check(guest.shell("ls /etc/postern").split() == ["shim.conf", "shim.conf.d"],
          "removal has not kept the configuration")
    check(int(guest.shell(IN_INITRAMFS)) == 0, "the initramfs still has the shim")
    check("channel" not in context.diagnose(name="removed").via(), "it answers by a channel still")

    _purge(guest, SHIM, before)


def _purge(guest, package, before, allowed=()):
    apt(guest, f"purge {package}")
    left = sorted(path for path in files_of(guest) - before if path not in allowed)
    check(not left, f"a purge leaves {left}")
    known = guest.shell(f"dpkg-query -W {package} 2>/dev/null || :").strip()
    check(not known, f"dpkg still knows {known}")


def _run_host(context):
    guest = context.guest
    packages = Packages(context.lab.build)
    install(guest, *needed(guest, packages.deb("first", "postern")))
    before = files_of(guest)

    install(guest, packages.deb("first", "postern"))
    accounts = guest.shell(ACCOUNTS).split()
    check(accounts[:-1] == ["postern-diagnose", "postern-health", "postern-recover",
                            "postern-remote", "postern"] and
          set(accounts[-1].split(",")) == {"postern-diagnose", "postern-health", "postern-recover"},
          f"the accounts are {accounts}")
    folders = guest.shell(FOLDERS).split("\n")
    check(folders[:4] == ["/run/postern 755 root:root", "/run/postern/turns 2770 root:libvirt",
                          "/run/postern-recover 755 root:root",
                          "/var/lib/postern-remote 750 root:postern-remote"],
          f"the folders are {folders}")
    states = [line.split()[1:] for line in guest.shell(HOST_STATE).split("\n") if line]
    check(all(active == "inactive" and enabled in ("disabled", "static")
              for enabled, active in states), f"after installation: {states}")
    check("postern was asked about" in
          guest.shell("journalctl --dump-catalog 6d0e1f5a3c3b4c7e9a5b2f8d7c1e4a90"),
          "the journal's catalog does not have its ids")
    check("sudo" in guest.shell("postern describe"), "the command does not run")

    guest.shell(OPEN_DOORS)
    served = guest.shell(SERVED).split()
    install(guest, packages.deb("second", "postern"))
    after = guest.shell(SERVED).split()
    check(served[1::2] == ["active", "active"] and after[1::2] == ["active", "active"] and
          served[0] != after[0] and served[2] != after[2] and served[4] == after[4],
          f"before the upgrade {served}, after it {after}")
    check(guest.shell("systemctl is-enabled postern-recover.socket || :").strip() == "disabled",
          "the upgrade has opened the recovery door")

    apt(guest, "remove postern")
    units = guest.shell("systemctl --no-legend --plain list-units 'postern*'").strip()
    check(not units, f"after removal there are the units {units}")
    left = guest.shell("ls -d /run/postern* 2>/dev/null || :; ls /etc/postern").split()
    check(left == ["far.env", "policies", "postern.conf"], f"after removal there are {left}")
    check(guest.shell("cat /var/log/postern/audit.jsonl").strip() == "it",
          "removal takes the audit away")
    # The users stay, as those of Debian's packages do.
    _purge(guest, "postern", before)
    check(guest.shell(ACCOUNTS).split() == accounts, "the users are gone")


def scenarios():
    """They need packages that only ./check packages makes."""
    yield Scenario("packages", _run_shim, own=["--no-shim", "--no-snapshot"], check=False,
                   summary="postern-shim, by the guest's own dpkg")
    yield Scenario("packages-trixie", _run_shim, check=False,
                   own=["--no-shim", "--no-snapshot", "--release", "trixie"],
                   summary="the same package in a guest of the next release")
    yield Scenario("packages-host", _run_host, own=["--no-shim", "--no-snapshot"], check=False,
                   summary="postern, by the guest's own dpkg")
