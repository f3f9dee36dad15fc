#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The D-Bus daemon is stopped.
set -eu
systemctl stop dbus.socket dbus.service
