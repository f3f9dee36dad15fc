# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rules over the C sources. Each yields (path, line, message)."""

import os
import re
import subprocess

from .tree import PRODUCT, code_only, grep, line_of, without_comments

CLANG_FORMAT = "/usr/bin/clang-format"
MAY_INCLUDE = {
    "protocol": {"protocol"},
    "guest-shim": {"guest-shim", "protocol"},
    "host-sidecar": {"host-sidecar", "protocol"},
}
FORBIDDEN = (r"\b(?:system|popen|execvp|execlp|execvpe|posix_spawnp|g_spawn_\w+|g_subprocess_\w+)"
             r"\s*\(|\bG_SPAWN_SEARCH_PATH\b|\bgoto\b(?!\\?\")|(?<![\w/])/bin/(?:ba|da)?sh\b")
PRINTING = (r"\b(?:v?f?printf|f?puts|putchar|perror|syslog|g_print(?:err)?|g_message|g_warning"
            r"|g_debug|g_info|g_critical|g_log\w*)\s*\(")


def stem(path):
    return os.path.splitext(os.path.basename(path))[0]


def prefix_of(name):
    return "pst_" + name.replace("-", "_")


def has_prefix(symbol, name):
    prefix = prefix_of(name)
    return symbol == prefix or symbol.startswith(prefix + "_")


def header_stems(tree, folder):
    return {stem(path) for path in tree.c_files(folder, suffixes=(".h",))}


def leading_header(tree, path):
    """The stem of the header that PATH's functions are declared in: its own, or the one whose name
    is the beginning of its name, as render.h of render-text.c."""
    stems = header_stems(tree, path.split(os.sep)[0])
    words = stem(path).split("-")
    for n in range(len(words), 0, -1):
        if "-".join(words[:n]) in stems:
            return "-".join(words[:n])
    return None


def rule_prefix(tree):
    """a file's name is the prefix of its public functions; types begin with Pst"""
    for path in tree.c_files(suffixes=(".c",)):
        names = {stem(path)}
        if stem(path) not in header_stems(tree, path.split(os.sep)[0]):
            names |= {leading_header(tree, path) or stem(path)}
        for function in tree.functions(path)[0]:
            if not (function.static or function.name == "main"
                    or any(has_prefix(function.name, name) for name in names)):
                yield (path, function.line, f"{function.name}() is public: call it "
                       f"{prefix_of(stem(path))}_…, or make it static")
    for path in tree.c_files(suffixes=(".h",)):
        sources = [stem(source) for source in tree.c_files(path.split(os.sep)[0], suffixes=(".c",))]
        headers = header_stems(tree, path.split(os.sep)[0])
        words = stem(path).split("-")
        shared = ["-".join(words[:n]) for n in range(2, len(words))]
        names = [stem(path)] + [name for name in sources if name not in headers or name in shared]
        for function in tree.functions(path)[1]:
            if not any(has_prefix(function.name, name) for name in names):
                yield (path, function.line,
                       f"{function.name}() is not of this file: {prefix_of(stem(path))}_…")
        text = code_only(tree.text(path))
        for match in re.finditer(r"\}\s*(\w+);|\btypedef\s+struct\s+\w+\s+(\w+);", text):
            name = match[1] or match[2]
            typedef = match[2] or "typedef" in text[:match.start()].rsplit(";\n\n", 1)[-1]
            if typedef and not name.startswith("Pst") and not is_member(text, match.start()):
                yield path, line_of(text, match.start()), f"the type {name} does not begin with Pst"


def is_member(text, offset):
    """Whether the brace at OFFSET closes a struct inside of another."""
    return text.count("{", 0, offset) - text.count("}", 0, offset) > 1


def rule_header(tree):
    """each .c file has a header, or shares the one whose name begins its own"""
    for path in tree.c_files(suffixes=(".c",)):
        if not stem(path).startswith("main") and leading_header(tree, path) is None:
            yield path, 1, f"there is no {stem(path)}.h, nor a header that it could share"
    for path in tree.c_files(suffixes=(".h",)):
        if "#pragma once" not in tree.text(path):
            yield path, 1, "a header without #pragma once"


def rule_void_gerror(tree):
    """no void function takes a GError **: who can fail says so"""
    for path in tree.c_files():
        for function in tree.functions(path)[0] + tree.functions(path)[1]:
            if function.returns_void() and "GError **" in function.head:
                yield (path, function.line,
                       f"{function.name}() can fail: return a gboolean or a pointer")
        yield from grep(tree, [path], r"typedef\s+void\s+\(\*\w+\)\([^;]*GError \*\*",
                        "a callback that can fail returns a gboolean or a pointer", code_only)


def rule_forbidden(tree):
    """no goto, no shell, no look-up in PATH"""
    yield from grep(tree, tree.c_files(), FORBIDDEN, "'{}' has no place here")


def library_files(tree):
    """The C files that are linked into a library and not into one program alone."""
    programs = set()
    for folder in PRODUCT:
        if tree.exists(f"{folder}/meson.build"):
            for block in re.findall(r"executable\((.*?)\n\s*implicit|executable\((.*?)\)",
                                    tree.text(f"{folder}/meson.build"), re.DOTALL):
                programs |= {f"{folder}/{name}" for name in re.findall(r"'([\w-]+\.c)'",
                                                                        "".join(block))}
    return [path for path in tree.c_files() if path not in programs]


def rule_printing(tree):
    """libraries neither print nor log"""
    yield from grep(tree, library_files(tree), PRINTING,
                    "'{}': a library sets a GError, its program prints", code_only)


def rule_include(tree):
    """protocol ← guest-shim, protocol ← host-sidecar, and nothing else; system headers where they belong"""
    virt = virt_files(tree)
    for path in tree.c_files():
        folder = path.split(os.sep)[0]
        text = without_comments(tree.text(path))
        for match in re.finditer(r'^#include (?:"([^"]+)"|<([^>]+)>)', text, re.MULTILINE):
            line = line_of(text, match.start())
            if match[1] and match[1].split("/")[0] not in MAY_INCLUDE[folder]:
                yield path, line, f"{folder} must not include {match[1]}"
            if match[2] and match[2].startswith("libvirt") and path not in virt:
                yield path, line, f"<{match[2]}> outside of the library pst-virt"
    others = [path for path in tree.c_files() if path != "protocol/json.c"]
    yield from grep(tree, others, r"\bJsonParser\b|\bjson_parser_\w+|\bjson_from_string\b",
                    "'{}': protocol/json.c is the only user of json-glib's parser", code_only)


def virt_files(tree):
    """The sources of the library pst-virt, and their headers."""
    path = "host-sidecar/meson.build"
    if not tree.exists(path):
        return set()
    block = re.search(r"static_library\('pst-virt',(.*?)\n\)|static_library\('pst-virt',(.*?)deps",
                      tree.text(path).replace("dependencies", "deps"), re.DOTALL)
    names = re.findall(r"'([\w-]+)\.c'", block[0]) if block else []
    return {f"host-sidecar/{name}{end}" for name in names for end in (".c", ".h")}


def rule_size(tree):
    """a file has at most 600 lines, a function 80, a line of C 100 columns"""
    for path in tree.paths:
        if path.endswith((".c", ".h", ".py", ".sh")) and len(tree.text(path).splitlines()) > 600:
            yield path, 601, "more than 600 lines: take it apart"
    for path in tree.c_files(*PRODUCT, "tests"):
        for function in tree.functions(path)[0]:
            if function.n_lines > 80:
                yield (path, function.line,
                       f"{function.name}() has {function.n_lines} lines: take it apart")
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            if len(line) > 100:
                yield path, number, f"{len(line)} columns"


def c_paths(tree):
    return [tree.root / path for path in tree.c_files(*PRODUCT, "tests")]


def rule_format(tree):
    """clang-format has nothing to change (ninja style-format does it)"""
    if not os.access(CLANG_FORMAT, os.X_OK):
        yield CLANG_FORMAT, 0, "not installed: could not look"
        return
    done = subprocess.run([CLANG_FORMAT, "--dry-run", "-Werror", "--style=file", *c_paths(tree)],
                          capture_output=True, text=True)
    seen = set()
    for match in re.finditer(r"^(.+?):(\d+):\d+: error:", done.stderr, re.MULTILINE):
        path = os.path.relpath(match[1], tree.root)
        if path not in seen:
            seen.add(path)
            yield path, match[2], "not as .clang-format has it"
    if done.returncode != 0 and not seen:
        yield ".clang-format", 0, f"clang-format: {done.stderr.strip()[:200]}"


def format_all(tree):
    return subprocess.run([CLANG_FORMAT, "-i", "--style=file", *c_paths(tree)]).returncode


RULES = {
    "prefix": rule_prefix,
    "header": rule_header,
    "void-gerror": rule_void_gerror,
    "forbidden": rule_forbidden,
    "printing": rule_printing,
    "include": rule_include,
    "size": rule_size,
    "format": rule_format,
}
