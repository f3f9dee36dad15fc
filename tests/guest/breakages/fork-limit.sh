#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A user's program starts more and more others, until the limit of the user's slice is reached.
set -eu
slice=user-$(id -u harness).slice
cat >/usr/local/bin/shop <<'PERL'
#!/usr/bin/perl
while (1) {
    my $child = fork;
    if (!defined $child) { sleep 1; }
    elsif ($child == 0) { exec "sleep", "infinity"; }
}
PERL
chmod 0755 /usr/local/bin/shop
cat >/etc/systemd/system/shop.service <<UNIT
[Service]
ExecStart=/usr/local/bin/shop
Slice=$slice
User=harness
UNIT
mkdir -p "/etc/systemd/system/$slice.d"
printf '[Slice]\nTasksMax=20\n' >"/etc/systemd/system/$slice.d/limit.conf"
systemctl daemon-reload
systemctl start shop
i=0
until grep -q '^20$' "/sys/fs/cgroup/user.slice/$slice/pids.current"; do
    sleep 0.2
    i=$((i + 1))
    [ $i -lt 150 ]
done
