# SPDX-License-Identifier: LGPL-2.1-or-later
"""A channel that is attached to a running guest is found without a reboot."""

import time

from guestlib.errors import check

OWN = ["--no-channel", "--no-snapshot"]
CHECK = False  # tests/campaigns/states
CHANNEL = "<channel type='unix'><target type='virtio' name='org.postern.shim.0'/></channel>"
PATIENCE_SECONDS = 15


def run(context):
    """First by the agent; then the channel is there."""
    guest = context.guest
    diagnosis = context.diagnose()
    check(diagnosis.via() == ["agent"], f"without a channel it came via {diagnosis.via()}")
    definition = context.folder / "channel.xml"
    definition.write_text(CHANNEL, encoding="utf-8")
    guest.virsh("attach-device", guest.name, str(definition), "--live")
    begun = time.monotonic()
    while True:
        answer = context.ask("probe", "network")
        seconds = time.monotonic() - begun
        if answer.via == "channel" or seconds > PATIENCE_SECONDS:
            break
        time.sleep(0.2)
    check(answer.via == "channel", f"after {seconds:.0f} s answers still come via {answer.via}")
    context.log(f"the channel answered {seconds:.1f} s after it was attached\n")
    diagnosis = context.diagnose()
    check(diagnosis.via() == ["channel"], f"it came via {diagnosis.via()}")
