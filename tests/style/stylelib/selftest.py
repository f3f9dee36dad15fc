# SPDX-License-Identifier: LGPL-2.1-or-later
"""Shows that each rule accepts a small sound tree and refuses one with a single thing wrong."""

import pathlib
import shutil
import tempfile

from .tree import Tree

SPDX = "// SPDX-License-Identifier: LGPL-2.1-or-later\n"
GENERATE = pathlib.Path(__file__).resolve().parents[3] / "protocol/findings/generate"
STYLE = pathlib.Path(__file__).resolve().parents[3] / ".clang-format"

FINDING = "[finding]\ntitle=t\nseverity=warning\nmeaning=m\nimpact=i\nremedy=r\n"

SOUND = {
    "protocol/json.c": SPDX + '#include "protocol/json.h"\n\nstatic JsonParser *parser;\n',
    "protocol/json.h": SPDX + "#pragma once\n\n#include <glib.h>\n",
    "protocol/call.h": SPDX + "#pragma once\n\n#include <glib.h>\n\ntypedef struct {\n    int a;\n"
                       "} PstCall;\n\ngboolean pst_call_read(const char *text, GError **error);\n",
    "protocol/call.c": SPDX + '#include "protocol/call.h"\n\nstatic void\nshort_name(int a)\n{\n'
                       "    (void)a;\n}\n\ngboolean\npst_call_read(const char *text, "
                       "GError **error G_GNUC_UNUSED)\n{\n    short_name(*text);\n"
                       "    return TRUE;\n}\n",
    "protocol/report-ssh.h": SPDX + "#pragma once\n",
    "protocol/report-ssh.c": SPDX + 'static const char *a = "ssh.service";\n\n'
                             'static struct kind k = {\n    .name = "ssh",\n};\n',
    "protocol/findings/ssh.shut.finding": FINDING,
    "guest-shim/probe-ssh.h": SPDX + "#pragma once\n",
    "guest-shim/probe-ssh.c": SPDX + '#include "guest-shim/probe-ssh.h"\n\n'
                              'static const char *id = "ssh.shut";\n',
    "guest-shim/main.c": SPDX + "#include <stdio.h>\n\nint\nmain(void)\n{\n"
                         '    struct entry e = {"stdio", 0, 0};\n    printf("a");\n}\n',
    "guest-shim/meson.build": "executable('postern-shim', 'main.c',\n    implicit: false)\n",
    "host-sidecar/meson.build": "virt = static_library('pst-virt',\n    'stream.c',\n"
                                "    dependencies: [])\n",
    "host-sidecar/stream.h": SPDX + "#pragma once\n\n#include <libvirt/libvirt.h>\n",
    "host-sidecar/stream.c": SPDX + '#include "host-sidecar/stream.h"\n',
    "host-sidecar/exit-code.h": SPDX + "#pragma once\n\nenum {\n    PST_EXIT_OK = 0,\n};\n",
    "host-sidecar/command.h": SPDX + "#pragma once\n",
    "host-sidecar/command-table.c": SPDX + "const PstCommand table[] = {\n"
                                    '    {"list", "", "", run},\n};\n',
    "docs/man/postern.1.scd": "*list*\n\n*0*\n\tok\n",
    "docs/man/postern-shim.8.scd": "*--stdio*\n",
    "docs/a.md": "[b](a.md)\n",
}

LONG_FUNCTION = "void\npst_call_long(void)\n{\n" + "    call();\n" * 90 + "}\n"

# A rule's name, and files that break it: one tree for each.
BAD = [
    ("prefix", {"protocol/call.c": SPDX + "int\npst_other_read(void)\n{\n    return 1;\n}\n"}),
    ("prefix", {"protocol/call.h": SPDX + "#pragma once\n\nint pst_other_read(int a);\n"}),
    ("prefix", {"protocol/call.h": SPDX + "#pragma once\n\ntypedef struct {\n    int a;\n} Call;\n"}),
    ("header", {"protocol/orphan.c": SPDX}),
    ("header", {"protocol/call.h": SPDX}),
    ("void-gerror", {"protocol/call.h": SPDX + "#pragma once\n\n"
                     "void pst_call_read(int a,\n                   GError **error);\n"}),
    ("void-gerror", {"protocol/call.c": SPDX + "static void\nread(GError **error)\n{\n}\n"}),
    ("void-gerror", {"protocol/call.h": SPDX + "#pragma once\n\n"
                     "typedef void (*PstCallRun)(int a, GError **error);\n"}),
    ("forbidden", {"protocol/call.c": SPDX + "static void\nf(void)\n{\n    goto end;\n}\n"}),
    ("forbidden", {"guest-shim/probe-ssh.c": SPDX + 'static int\nf(void)\n{\n'
                   '    return system("ssh.shut");\n}\n'}),
    ("forbidden", {"guest-shim/main.c": SPDX + 'static const char *a = "/bin/sh";\n'}),
    ("forbidden", {"guest-shim/main.c": SPDX + "static int a = G_SPAWN_SEARCH_PATH;\n"}),
    ("forbidden", {"guest-shim/main.c": SPDX + "static int\nf(void)\n{\n    execvp(a, b);\n}\n"}),
    ("forbidden", {"guest-shim/main.c": SPDX + "static int\nf(void)\n{\n    g_spawn_sync(a);\n}\n"}),
    ("printing", {"protocol/call.c": SPDX + 'static void\nf(void)\n{\n    printf("a");\n}\n'}),
    ("printing", {"protocol/call.c": SPDX + 'static void\nf(void)\n{\n    g_warning("a");\n}\n'}),
    ("include", {"protocol/call.c": SPDX + '#include "guest-shim/probe-ssh.h"\n'}),
    ("include", {"guest-shim/main.c": SPDX + '#include "host-sidecar/stream.h"\n'}),
    ("include", {"host-sidecar/stream.c": SPDX + '#include "guest-shim/probe-ssh.h"\n'}),
    ("include", {"host-sidecar/command.h": SPDX + "#pragma once\n#include <libvirt/libvirt.h>\n"}),
    ("include", {"protocol/call.c": SPDX + "static JsonParser *parser;\n"}),
    ("size", {"protocol/call.c": SPDX + "\n" * 600}),
    ("size", {"protocol/call.c": SPDX + LONG_FUNCTION}),
    ("size", {"protocol/call.c": SPDX + "/* " + "a" * 100 + " */\n"}),
    ("format", {"protocol/call.c": SPDX + "int  pst_call_read(void){return 1;}\n"}),
    ("spdx", {"protocol/call.c": "static int a;\n"}),
    ("spdx", {"tests/run": "#!/usr/bin/python3\nprint(1)\n"}),
    ("plain", {"docs/a.md": "a \n"}),
    ("plain", {"docs/a.md": "a"}),
    ("plain", {"protocol/call.c": SPDX + "\tint a;\n"}),
    ("left-undone", {"docs/a.md": "TO" + "DO: more\n"}),
    ("machine-path", {"docs/a.md": "see /" + "work/main\n"}),
    ("machine-path", {"docs/a.md": "see /tmp" + "/build-x\n"}),
    ("man", {"host-sidecar/command-table.c": SPDX + "const PstCommand table[] = {\n"
             '    {"list", "", "", run},\n    {"probe", "", "", run},\n};\n'}),
    ("man", {"host-sidecar/exit-code.h": SPDX + "#pragma once\n\nenum {\n    PST_EXIT_A = 64,\n};\n"}),
    ("man", {"guest-shim/main.c": SPDX + 'static struct entry e = {"oneshot", 0, 0};\n'}),
    ("man", {"host-sidecar/stream.c": SPDX + "static struct entry e = {\"json\", 'j', 0};\n"}),
    ("findings", {"guest-shim/probe-ssh.c": SPDX + 'static const char *id[] = {"ssh.shut", '
                  '"ssh.not-there"};\n'}),
    ("findings", {"protocol/findings/ssh.unused.finding": FINDING}),
    ("findings", {"protocol/findings/other.shut.finding": FINDING}),
    ("findings-page", {"docs/findings.md": "# Findings\n"}),
    ("findings-page", {"protocol/findings/ssh.shut.finding": "[finding]\ntitle=t\n"}),
    ("links", {"docs/a.md": "[b](absent.md)\n"}),
]


def lay_out(root, files):
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    shutil.copy(GENERATE, root / "protocol/findings/generate")
    shutil.copy(STYLE, root / ".clang-format")


def complaints(rules, name, changes):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        lay_out(root, {**SOUND, "docs/findings.md": sound_page(), **changes})
        return list(rules[name](Tree(root)))


def sound_page():
    return ("# Findings\n\nEvery finding that a report can hold. An id is stable: programs may rely "
            "on it.\n\n## ssh\n\n### ssh.shut\n\nt (warning).\n\n- **Meaning**: m\n"
            "- **Impact**: i\n- **Remedy**: r\n")


def run(rules):
    """Prints TAP; returns the exit status."""
    cases = [(name, None) for name in rules] + BAD
    failed = [f"the rule {name} has no bad example" for name in rules
              if name not in {rule for rule, _ in BAD}]
    print(f"1..{len(cases)}")
    for number, (name, changes) in enumerate(cases, 1):
        found = complaints(rules, name, changes or {})
        fine = bool(found) == (changes is not None)
        what = f"{name} refuses {', '.join(changes)}" if changes else f"{name} accepts a sound tree"
        print(f"{'ok' if fine else 'not ok'} {number} - {what}")
        if not fine:
            failed.append(what)
            print(f"# {found}")
    for what in failed:
        print(f"# failed: {what}")
    return 1 if failed else 0
