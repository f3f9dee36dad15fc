# SPDX-License-Identifier: LGPL-2.1-or-later
"""The scenarios of tests/guest/streams, by who is stopped, and what they share (tools.py)."""
