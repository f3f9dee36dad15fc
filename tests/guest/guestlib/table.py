# SPDX-License-Identifier: LGPL-2.1-or-later
"""What was found in each broken guest, as one table at the end of a run."""

COLUMNS = ("scenario", "expected", "first found", "path", "ssh key", "ssh password", "sudo", "undo")


class Table:
    """One row a scenario; rows may come from several threads."""

    def __init__(self):
        self.rows = []

    def add(self, row):
        """`row` maps names of columns to texts, and "unknown" to how many verdicts were so."""
        self.rows.append(row)

    def lines(self):
        """The table as Markdown, and a sentence that counts."""
        cells = [[row.get(column, "") for column in COLUMNS]
                 for row in sorted(self.rows, key=lambda row: row["scenario"])]
        widths = [max(map(len, column)) for column in zip(COLUMNS, *cells)]
        rule = ["-" * width for width in widths]
        yield from ("| " + " | ".join(map(str.ljust, row, widths)) + " |"
                    for row in (list(COLUMNS), rule, *cells))
        yield f"{len(cells)} scenarios; {self._sums()}"

    def _sums(self):
        ways = [way for row in self.rows for way in row["ways"]]
        said = [way for way in ways if way.works is not None and way.verdict != "-"]
        unknown = sum(way.verdict == "unknown" for way in said)
        wrong = sum(not way.agrees() for way in said)
        undone = [row["undo"] for row in self.rows if row["undo"] != "-"]
        failed = sum(not text.startswith("gone") for text in undone)
        return (f"{len(said)} verdicts were tried, {unknown} of them unknown, {wrong} wrong; "
                f"{len(undone)} undos were applied, {failed} in vain")

    def write(self, path):
        """Prints it, and keeps it in a file; nothing where there are no rows."""
        if not self.rows:
            return
        text = "\n".join(self.lines()) + "\n"
        path.write_text(text, encoding="utf-8")
        print(f"\n{text}", end="", flush=True)
