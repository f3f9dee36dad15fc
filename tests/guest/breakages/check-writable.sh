#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A check that everybody can write is not run.
set -eu
install -d -m 0755 /etc/postern /opt/checks
cat >/etc/postern/shim.conf <<'CONF'
[check queue]
description = whether the queue has a worker
command = /opt/checks/queue --worker "of the shop"
CONF
printf '#!/bin/sh\ntouch /run/ran\n' >/opt/checks/queue
chmod 0777 /opt/checks/queue
