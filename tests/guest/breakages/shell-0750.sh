#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The shell itself is only root's to run.
set -eu
chmod 0750 /bin/bash
