# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a gate said of changes, held against what they did: the confusion matrix. Asks nobody."""

from dataclasses import asdict, dataclass, field

VERDICTS = ("pass", "fail", "could-not-check", "not-checkable", "none")
COLUMNS = ("item", "access", "verdict", "via", "first reason", "named", "seconds")
# Where the shim or the agent was stopped, the only way that is left.
LEFT = {"shim": "agent", "agent": "channel"}
LONGEST = 160
# A network interface, as findings name it.
LINKS = "/sys/class/net/"


@dataclass
class Row:
    """One change to a clean guest, what became of the harness's access, and the verdict.

    `stopped`: the ways that were shut before the gate was asked: shim, agent, both, or "".
    `alive`: whether the shim ran when there was no verdict; None: that was not, or can't be, seen.
    `named`: what the first reason of a failure names; `hit`: that of it which the guest itself tells
    to have been changed; `touched`: where there is no file and no unit of it, what was; None: not
    seen. `unasked`: why the guest could not be asked for them.
    """

    item: str
    login: bool
    root: bool
    verdict: str
    via: str = None
    reason: str = ""
    stopped: str = ""
    alive: bool = None
    named: list = field(default_factory=list)
    hit: list = None
    touched: list = None
    unasked: str = ""
    ended: str = ""  # the change's own exit status
    change_s: float = 0
    gate_s: float = 0

    def kept(self):
        """Whether the harness can still do its work."""
        return self.login and self.root

    def name(self):
        """As the table has it."""
        return f"{self.item}, {self.stopped} stopped" if self.stopped else self.item

    def access(self):
        """In words."""
        if self.kept():
            return "kept"
        return "lost: no root" if self.login else "lost: no login"

    def json(self):
        """For a file of rows."""
        return asdict(self)


def _is_unasked(row):
    """Whether it could not be seen if a failure names what was changed."""
    seen = row.hit is not None and (row.touched is not None or not _are_links(row.hit))
    return row.verdict == "fail" and not row.stopped and not seen


def _are_links(names):
    return all(name.startswith(LINKS) for name in names)


def _unattributed(row):
    """An interface is a name where it alone was changed, and so is none where nothing was that has
    one, as a rule of the packet filter's."""
    names = ", ".join(row.named) or "no file and no unit"
    if _is_unasked(row):
        return None if row.named else f"it names {names}, and the guest could not be asked"
    others = [name for name in row.touched or [] if not row.hit or name.startswith("/")]
    if not _are_links(row.hit) or not others or (row.hit and _are_links(others)):
        return None
    return f"it names {names}, and what was changed is {', '.join(others[:4])}"


def _rests(row):
    """What is wrong with what a verdict rests on, where a way was shut."""
    if row.verdict in ("pass", "fail"):
        if LEFT.get(row.stopped) != row.via:
            return f"{row.stopped} stopped, and it is said to have come via {row.via}"
    elif not row.reason:
        return "no verdict, and no reason"
    return None


def faults(row):
    """What must not be, of this row: a line each."""
    found = []
    if row.verdict not in VERDICTS[:4]:
        found.append(f"there is no verdict: {row.reason}")
    if row.verdict == "pass" and not row.kept():
        found.append(f"it passes, and access is {row.access()}")
    if row.verdict == "fail" and row.kept():
        found.append(f"it fails, and access is kept: {row.reason}")
    if row.verdict in ("could-not-check", "not-checkable") and row.alive:
        found.append(f"{row.verdict} while the shim lives: {row.reason}")
    if row.stopped:
        found += filter(None, [_rests(row)])
    elif row.verdict == "fail":
        found += filter(None, [_unattributed(row)])
    return found


def _counts(rows):
    """Lines of the matrix itself."""
    cells = [["access", *VERDICTS[:4]]]
    for kept, name in ((True, "kept"), (False, "lost")):
        cells.append([name, *(str(sum(row.kept() == kept and row.verdict == verdict
                                      for row in rows)) for verdict in VERDICTS[:4])])
    return cells


def _named(row):
    """What a failure names, and what the guest says of that."""
    if row.verdict != "fail":
        return "-"
    names = ", ".join(row.hit or row.named[:2]) or "-"
    if _is_unasked(row):
        return f"{names} (not asked: {row.unasked or 'no answer'})"
    return names


def _cells(row):
    reason = row.reason if len(row.reason) <= LONGEST else row.reason[:LONGEST - 1] + "…"
    return [row.name(), row.access(), row.verdict, row.via or "-", reason.replace("|", "\\|") or "-",
            _named(row).replace("|", "\\|"), f"{row.change_s:.0f} + {row.gate_s:.1f}"]


def _markdown(cells):
    widths = [max(map(len, column)) for column in zip(*cells)]
    rule = ["-" * width for width in widths]
    return ["| " + " | ".join(map(str.ljust, row, widths)) + " |"
            for row in (cells[0], rule, *cells[1:])]


def lines(rows):
    """The matrix, one for all ways and one for each that was shut; then every row; then the faults."""
    for stopped in sorted({row.stopped for row in rows}):
        some = [row for row in rows if row.stopped == stopped]
        yield f"{len(some)} changes, {stopped or 'nothing'} stopped:"
        yield ""
        yield from _markdown(_counts(some))
        yield ""
    yield from _markdown([list(COLUMNS), *map(_cells, rows)])
    wrong = [f"{row.name()}: {why}" for row in rows for why in faults(row)]
    unasked = sum(map(_is_unasked, rows))
    yield ""
    if unasked:
        yield f"{unasked} failures of which the guest could not be asked what was changed"
    yield f"{len(rows)} rows, {len(wrong)} faults"
    yield from wrong
