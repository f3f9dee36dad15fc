#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Hardening lets in only those whom it knows.
set -eu
printf '# CIS 5.2.4\nAllowUsers admin deploy\n' >/etc/ssh/sshd_config.d/99-cis.conf
systemctl reload ssh
