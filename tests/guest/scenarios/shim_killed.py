# SPDX-License-Identifier: LGPL-2.1-or-later
"""The shim is killed again and again while it is asked: it comes back, nothing is mixed up."""

import statistics
import time

from guestlib.errors import check
from guestlib.scenario import Scenario

# In every check, and in the campaign shim-kills.
KILLS = 10
MANY = 1000
SECONDS_A_KILL = 8
# Measured in the guest, from the kill until the next shim holds its port; systemd waits 0.1 s of it.
# An emulated one with nothing else to do takes less than a second; the limits are for a busy machine.
MEDIAN_MS = 4000
WORST_MS = 10000
KILLER = r"""\
exec perl - <<'PERL'
use Time::HiRes qw(time sleep);
my $group = "/sys/fs/cgroup/system.slice/postern-shim.service/cgroup.procs";

sub text {
    open(my $file, "<", $_[0]) or return "";
    local $/;
    return <$file> // "";
}

# The process of the unit that holds the port and was started at SINCE (seconds of uptime) or later.
sub shim {
    my $since = shift;
    for my $pid (split /\n/, text($group)) {
        my @fields = split / /, (text("/proc/$pid/stat") =~ s/.*\) //sr);
        next if @fields < 20 or $fields[19] / 100 < $since - 0.02;
        for my $fd (glob "/proc/$pid/fd/*") {
            return $pid if (readlink($fd) // "") =~ m{^/dev/vport};
        }
    }
    return 0;
}

open(my $out, ">", "/run/killed") or die;
for my $i (1 .. KILLS) {
    my $old;
    sleep 0.01 until $old = shim(0);
    my ($since) = split / /, text("/proc/uptime");
    my $begun = time;
    kill 9, $old;
    sleep 0.01 until shim($since);
    printf $out "%d\n", (time - $begun) * 1000;
    sleep((($i * 7) % 10) / 10);
}
close $out;
open($out, ">", "/run/killed.done") or die;
PERL
"""


def _run(context, kills):
    """Asks two questions in turn for as long as the killing goes on."""
    guest = context.guest
    script = context.folder / "killer.sh"
    script.write_text(KILLER.replace("KILLS", str(kills)), encoding="utf-8")
    guest.script(script, detach=True)
    asked = {"channel": 0, "agent": 0, "agent-builtin": 0, "none": 0}
    patience = time.monotonic() + 60 + SECONDS_A_KILL * kills
    while "yes" not in guest.shell("[ -e /run/killed.done ] && echo yes || true"):
        check(time.monotonic() < patience, "the shim did not come back")
        for name in ("network", "system"):
            answer = context.ask("probe", name)
            check(answer.probe == name, f"{answer.probe} answers the question for {name}")
            check(answer.report is None or answer.report["probe"] == name,
                  f"the report for {name} is of {answer.report and answer.report['probe']}")
            check(answer.report is not None or answer.error, "neither a report nor an error")
            asked[answer.via if answer.report else "none"] += 1
    times = [int(line) for line in guest.shell("cat /run/killed").split()]
    context.log(f"came back after (ms): {times}; answers: {asked}\n")
    print(f"killed {len(times)} times: back after {statistics.median(times)} ms (median), "
          f"{max(times)} ms at most; answers: {asked}", flush=True)
    check(len(times) == kills, f"it was killed {len(times)} times only")
    check(statistics.median(times) < MEDIAN_MS, f"most times it took long to come back: {times} ms")
    check(max(times) < WORST_MS, f"it took {max(times)} ms to come back")
    check(sum(asked.values()) > 0, "nothing was asked")
    check(asked["none"] == 0, f"{asked['none']} questions found no answer, though the agent was there")
    time.sleep(1)
    answer = context.ask("probe", "network")
    check(answer.via == "channel", f"afterwards answers come via {answer.via}")


def scenarios():
    """A few kills for every check, many for the campaign."""
    yield Scenario("shim_killed", lambda context: _run(context, KILLS),
                   summary=f"the shim is killed {KILLS} times while it is asked")
    yield Scenario("shim_killed_often", lambda context: _run(context, MANY),
                   summary=f"the shim is killed {MANY} times while it is asked", check=False)
