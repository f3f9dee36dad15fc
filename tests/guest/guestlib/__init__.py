# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the scenarios in real guests stand on."""
