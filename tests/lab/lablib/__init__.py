# SPDX-License-Identifier: LGPL-2.1-or-later
"""The lab: real guests under a libvirt of its own, for tests, the demo and benchmarks."""
