#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A check of the site's own hangs, and so does what it started.
set -eu
install -d -m 0755 /etc/postern /opt/checks
cat >/etc/postern/shim.conf <<'CONF'
[check queue]
description = whether the queue has a worker
command = /opt/checks/queue --worker "of the shop"
timeout = 1
CONF
printf '#!/bin/sh\nsleep 1000 &\nsleep 1000\n' >/opt/checks/queue
chmod 0755 /opt/checks/queue
