#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A hardening run that locks everybody out, itself first: four mistakes at once.
set -eu

# It "tightens" the drop-in that lets the harness become root, with a digit too many.
chmod 0666 /etc/sudoers.d/harness

# It asks for a module that this release of the distribution does not have any more.
sed -i '1a account required pam_tally2.so' /etc/pam.d/sudo

# It misspells a value, and restarts the server to make it take effect.
printf '\n# hardening\nPermitRootLogin nope\n' >>/etc/ssh/sshd_config
systemctl restart ssh || true

# It takes down the one interface it came through.
device=$(ip -4 route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p')
ip link set dev "$device" down
