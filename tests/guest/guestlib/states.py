# SPDX-License-Identifier: LGPL-2.1-or-later
"""By which path, how old, and within what time the answers came of a guest in each state: the table
of a run."""

COLUMNS = ("state", "diagnosed in", "record before", "path", "age", "questions")


class States:
    """Rows may come from several threads."""

    def __init__(self):
        self.rows = []

    def add(self, state, diagnosis, before=None):
        """A diagnosis of a guest in that state: a row for each path that answered anything. BEFORE:
        how many seconds before it got there its last record was written, where that is known."""
        paths = {}
        for answer in diagnosis.answers:
            paths.setdefault(answer.via or "none", []).append(answer)
        for via, answers in paths.items():
            ages = sorted(answer.json["age_ms"] / 1000 for answer in answers if answer.report)
            names = ("all", ) if len(paths) == 1 else (answer.probe for answer in answers)
            self.rows.append((state, f"{diagnosis.seconds:.2f} s",
                              "-" if before is None else f"{before:.1f} s", via, self._age(ages),
                              " ".join(names)))

    @staticmethod
    def _age(ages):
        """That of the newest and of the oldest; those of the moment have none."""
        if not ages or ages[-1] < 1:
            return "-"
        if ages[-1] - ages[0] < 1:
            return f"{ages[-1]:.0f} s"
        return f"{ages[0]:.0f} to {ages[-1]:.0f} s"

    def lines(self):
        """The table as Markdown."""
        rows = sorted(self.rows, key=lambda row: row[0])
        widths = [max(map(len, column)) for column in zip(COLUMNS, *rows)]
        rule = ["-" * width for width in widths]
        return ("| " + " | ".join(map(str.ljust, row, widths)) + " |"
                for row in (COLUMNS, rule, *rows))

    def write(self, path):
        """Prints it, and keeps it in a file; nothing where there are no rows."""
        if not self.rows:
            return
        text = "\n".join(self.lines()) + "\n"
        path.write_text(text, encoding="utf-8")
        print(f"\n{text}", end="", flush=True)
