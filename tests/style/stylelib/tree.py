# SPDX-License-Identifier: LGPL-2.1-or-later
"""The source tree, and C files as far as the rules need to understand them."""

import functools
import os
import re

PRODUCT = ("protocol", "guest-shim", "host-sidecar")
SKIPPED = {".git", "__pycache__", "data", "corpus"}

TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def blank(text):
    """Spaces in place of TEXT; its line ends stay, so that line numbers do."""
    return re.sub(r"[^\n]", " ", text)


def without_comments(text):
    return TOKEN.sub(lambda m: blank(m[0]) if m[0].startswith("/") else m[0], text)


def code_only(text):
    """Without comments, the insides of strings, and preprocessor lines."""
    def replace(match):
        token = match[0]
        return blank(token) if token.startswith("/") else token[0] + blank(token[1:-1]) + token[-1]

    text = TOKEN.sub(replace, text)
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: blank(m[0]), text, flags=re.MULTILINE)


class Function:
    """A function's definition or declaration; lines count from 1."""

    def __init__(self, head, body_lines, line):
        self.head = " ".join(head.split())
        self.name = re.search(r"(\w+)\s*\(", self.head)[1]
        self.static = bool(re.match(r"(static|inline)\b", self.head))
        self.line = line
        self.n_lines = body_lines

    def returns_void(self):
        return re.match(r"(static |inline |extern )*void (?!\*)\w+\s*\(", self.head) is not None


MACRO_CALL = re.compile(r"^[A-Z][A-Z0-9_]*\([^;{}]*?\)[ \t]*$", re.MULTILINE)


def functions(text):
    """The definitions and the declarations in a C file's TEXT: two lists of Function."""
    code = MACRO_CALL.sub(lambda m: blank(m[0]), code_only(text))
    defined, declared = [], []
    depth, start, opened = 0, 0, None
    for i, char in enumerate(code):
        if char == "{":
            if depth == 0:
                opened = i
            depth += 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                head = code[start:opened]
                if is_function(head):
                    defined.append(make(code, head, start, i))
                    start = i + 1
                elif re.match(r"\s*[\w,\s\[\]=*]*;", code[i + 1:]) is None:
                    start = i + 1
        elif char == ";" and depth == 0:
            head = code[start:i]
            if "{" not in head and is_function(head):
                declared.append(make(code, head, start, i))
            start = i + 1
    return defined, declared


def is_function(head):
    words = " ".join(head.split())
    return ("=" not in words and not words.startswith("typedef")
            and re.match(r"[\w\s*]+?\b\w+\s*\(.*\)", words) is not None
            and re.match(r"\w+\s*\(", words) is None)


def make(code, head, start, end):
    first = start + len(head) - len(head.lstrip())
    line = code.count("\n", 0, first) + 1
    return Function(head, code.count("\n", first, end) + 1, line)


class Tree:
    """Every text file of the project below ROOT, by its relative path."""

    def __init__(self, root):
        self.root = root
        self.paths = sorted(self._walk())

    def _walk(self):
        for folder, folders, names in os.walk(self.root):
            relative = os.path.relpath(folder, self.root)
            folders[:] = [name for name in folders if name not in SKIPPED
                          and not (relative == "." and name.startswith("build"))]
            for name in names:
                yield os.path.normpath(os.path.join(relative, name))

    @functools.lru_cache(maxsize=None)
    def text(self, path):
        return (self.root / path).read_text(encoding="utf-8", errors="replace")

    def exists(self, path):
        return path in self.paths

    def c_files(self, *folders, suffixes=(".c", ".h")):
        folders = folders or PRODUCT
        return [path for path in self.paths if path.endswith(suffixes)
                and path.split(os.sep)[0] in folders]

    @functools.lru_cache(maxsize=None)
    def functions(self, path):
        return functions(self.text(path))


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def grep(tree, paths, pattern, message, view=without_comments):
    """A complaint for each match of PATTERN in the VIEW of the files."""
    for path in paths:
        text = view(tree.text(path))
        for match in re.finditer(pattern, text):
            yield path, line_of(text, match.start()), message.format(match[0].strip())
