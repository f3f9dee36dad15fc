# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rules over all text files, and those that tie the docs to the code."""

import os
import re
import subprocess
import sys
import tempfile

from .tree import grep, line_of, without_comments

SCRIPT_SUFFIXES = (".c", ".h", ".py", ".sh", ".service", ".socket", ".timer", ".rules")
# Formats in which a tab means something.
TABBED = (".scd", "debian/rules")
# What reads as PROBE.word and is a unit or a file and no finding.
NOT_FINDINGS = {"service", "socket", "target", "mount", "slice", "timer", "scope", "path", "conf",
                "journal", "d", "c", "h"}
# In pieces, so that this file passes its own rule.
MACHINE_PATH = r"(?<![\w.)}])/" + r"work/|/tmp" + r"/build|/root" + r"/(?!\.\.)[\w.]+/"
LEFT_UNDONE = r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b"


def text_paths(tree):
    return [path for path in tree.paths if "\0" not in tree.text(path)[:1000]]


def rule_spdx(tree):
    """source files say their licence in the first line, or the second after #!"""
    for path in text_paths(tree):
        lines = tree.text(path).splitlines()[:2] or [""]
        script = lines[0].startswith("#!")
        if not script and not path.endswith(SCRIPT_SUFFIXES):
            continue
        head = "\n".join(lines[:2] if script else lines[:1])
        if "SPDX-License-Identifier: LGPL-2.1-or-later" not in head:
            yield path, 1, "no line 'SPDX-License-Identifier: LGPL-2.1-or-later'"


def rule_plain(tree):
    """no tabs, no white space at a line's end, a line end at the file's end"""
    for path in text_paths(tree):
        if path == "COPYING" or path.startswith("tests/lab/image/rootfs/"):
            continue
        text = tree.text(path)
        for match in re.finditer(r"\t|[ \t]+$", text, re.MULTILINE):
            if not (path.endswith(TABBED) and match[0] == "\t"):
                yield path, line_of(text, match.start()), "a tab, or white space at the line's end"
        if text and not text.endswith("\n"):
            yield path, text.count("\n") + 1, "no line end at the file's end"


def rule_left_undone(tree):
    """nothing is marked as left to be done"""
    yield from grep(tree, text_paths(tree), LEFT_UNDONE, "'{}': do it, or write an issue",
                    lambda text: text)


def rule_machine_path(tree):
    """no path of the machine that it was written on"""
    yield from grep(tree, text_paths(tree), MACHINE_PATH, "'{}' means nothing elsewhere",
                    lambda text: text)


def table_names(tree, path, pattern):
    if not tree.exists(path):
        return
    text = without_comments(tree.text(path))
    for match in re.finditer(pattern, text):
        yield line_of(text, match.start()), match[1]


def page(tree, path):
    return tree.text(path) if tree.exists(path) else ""


def rule_man(tree):
    """the man pages have every verb, option and exit code"""
    postern = page(tree, "docs/man/postern.1.scd")
    shim = page(tree, "docs/man/postern-shim.8.scd")
    table = "host-sidecar/command-table.c"
    for line, verb in table_names(tree, table, r'\n    \{"([a-z-]+)",'):
        if re.search(rf"^\*{re.escape(verb)}\*", postern, re.MULTILINE) is None:
            yield table, line, f"docs/man/postern.1.scd does not have the verb '{verb}'"
    codes = "host-sidecar/exit-code.h"
    for line, code in table_names(tree, codes, r"PST_EXIT_\w+ = (\d+)"):
        if re.search(rf"^\*{code}\*", postern, re.MULTILINE) is None:
            yield codes, line, f"docs/man/postern.1.scd does not have the exit code {code}"
    pages = [(path, postern, "postern.1") for path in tree.c_files("host-sidecar")]
    daemon = "host-sidecar/door-main.c"
    pages = [row for row in pages if row[0] != daemon]
    for name in "posternd.8", "postern-recoverd.8":
        pages.append((daemon, page(tree, f"docs/man/{name}.scd"), name))
    pages.append(("guest-shim/main.c", shim, "postern-shim.8"))
    for path, text, name in pages:
        for line, option in table_names(tree, path, r'\{"([a-z-]+)",\s*(?:0|\'.\'),\s*\d'):
            if re.search(rf"\*--{option}\*", text) is None:
                yield path, line, f"docs/man/{name}.scd does not have the option --{option}"


def probes(tree):
    """The names in the vocabulary, from the report kinds."""
    names = set()
    for path in tree.c_files("protocol"):
        if re.match(r"protocol/report-[a-z-]+\.c$", path):
            names |= set(re.findall(r'\.name = "([a-z]+)"', tree.text(path)))
    return names


def pages_by_id(tree):
    return {os.path.basename(path)[:-len(".finding")]: path
            for path in tree.paths if path.endswith(".finding")}


def rule_findings(tree):
    """each finding in the code has a page, each page is used, and belongs to a probe"""
    names, pages = probes(tree), pages_by_id(tree)
    used = set()
    pattern = r'"((?:' + "|".join(sorted(names) or ["-"]) + r')\.[a-z0-9-]+)"'
    for path in tree.c_files():
        text = without_comments(tree.text(path))
        for match in re.finditer(pattern, text):
            if match[1].split(".")[1] in NOT_FINDINGS:
                continue
            used.add(match[1])
            if match[1] not in pages:
                yield (path, line_of(text, match.start()),
                       f"no page protocol/findings/{match[1]}.finding")
    for finding, path in pages.items():
        if finding.split(".")[0] not in names:
            yield path, 1, f"there is no probe '{finding.split('.')[0]}'"
        elif finding not in used:
            yield path, 1, "no C file reports this finding"


def rule_findings_page(tree):
    """docs/findings.md is what protocol/findings/generate makes of the pages"""
    generate = tree.root / "protocol/findings/generate"
    paths = [str(tree.root / path) for path in pages_by_id(tree).values()]
    if not generate.exists():
        return
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as file:
        done = subprocess.run([sys.executable, generate, "--markdown", file.name, *paths],
                              capture_output=True, text=True)
        if done.returncode != 0:
            yield "protocol/findings/generate", 1, done.stderr.strip()
        elif file.read() != page(tree, "docs/findings.md"):
            yield ("docs/findings.md", 1, "not up to date: protocol/findings/generate --markdown "
                   "docs/findings.md protocol/findings/*.finding")


def rule_links(tree):
    """a file or folder that the docs link to is there"""
    for path in tree.paths:
        if not path.endswith(".md"):
            continue
        text = tree.text(path)
        for match in re.finditer(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text):
            target = os.path.normpath(os.path.join(os.path.dirname(path), match[1]))
            if not (tree.root / target).exists():
                yield path, line_of(text, match.start()), f"there is no {target}"


RULES = {
    "spdx": rule_spdx,
    "plain": rule_plain,
    "left-undone": rule_left_undone,
    "machine-path": rule_machine_path,
    "man": rule_man,
    "findings": rule_findings,
    "findings-page": rule_findings_page,
    "links": rule_links,
}
