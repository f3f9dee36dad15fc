#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The journal is stopped.
set -eu
systemctl stop systemd-journald.socket systemd-journald-dev-log.socket \
    systemd-journald-audit.socket systemd-journald.service
