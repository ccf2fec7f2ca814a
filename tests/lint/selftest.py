#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""selftest.py - each rule of lint.py must find what it is there for.

    selftest.py [--cc COMPILER]

Copies the checkout, plants violations one at a time, and expects the rule to name the place; then
takes each away again and expects that the rule no longer names it.  A rule without a plant fails.
Some rules get an empty folder instead of the copy (IN_EMPTY_FOLDER).
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
SPDX = "/* SPDX-License-Identifier: Apache-2.0 */\n"

LONG_FUNCTION = SPDX + "int btx_long(void)\n{\n" + "    ;\n" * 68 + "}\n"
GUARDED = SPDX + "#ifndef BTX_BASE_PLANT_H\n#define BTX_BASE_PLANT_H\n%s#endif\n"
DEBT = "FIX" + "ME"

# (rule, file, content): the file is added to the copy.
PLANTS = [
    ("include_table", "engine/core/plant.c", SPDX + "#include <time.h>\n"),
    ("include_table", "engine/core/plant.c", SPDX + '#include "engine/base/log.h"\n'),
    ("include_table", "engine/wire/plant.c", SPDX + '#include "engine/core/core.h"\n'),
    ("include_table", "engine/base/plant.c", SPDX + "#include <openssl/evp.h>\n"),
    ("include_table", "engine/base/plant.c", SPDX + '#include "check.h"\n'),
    ("include_table", "engine/wal/plant.c", SPDX + "#include <lmdb.h>\n"),
    ("include_table", "engine/wal/plant.c", SPDX + '#include "engine/core/core.h"\n'),
    ("include_table", "engine/config/plant.c", SPDX + '#include "engine/wal/wal_settings.h"\n'),
    ("include_table", "engine/settings/plant.c", SPDX + '#include "engine/wal/writer.h"\n'),
    ("include_table", "engine/settings/plant.c", SPDX + "#include <yaml.h>\n"),
    ("function_length", "engine/base/plant.c", LONG_FUNCTION),
    ("headers_alone", "engine/base/plant.h", GUARDED % "uint32_t btx_plant(void);\n"),
    ("headers_alone", "engine/base/plant.h", SPDX + "struct btx_plant {\n    int field;\n};\n"),
    ("format", "engine/base/plant.c", SPDX + "int  btx_plant;\n"),
    ("layout", "engine/base/plant.c", SPDX + "/* " + "x" * 98 + " */\n"),
    ("layout", "engine/base/plant.c", SPDX + "\tint btx_plant;\n"),
    ("layout", "engine/base/plant.c", SPDX + "int btx_plant; \n"),
    ("debt", "engine/base/plant.c", SPDX + "/* %s: later. */\n" % DEBT),
    ("debt", "tests/plant.sh", "# SPDX-License-Identifier: Apache-2.0\n# %s\n" % DEBT),
    ("commented_code", "engine/base/plant.c", SPDX + "/* btx_plant(1, 2); */\n"),
    ("commented_code", "engine/base/plant.c", SPDX + "// int count = 3;\n"),
    ("commented_code", "engine/base/plant.c", SPDX + "/*\n * if (a == b) {\n * }\n */\n"),
    ("commented_code", "engine/base/plant.c", SPDX + "#if 0\n#endif\n"),
    ("spdx", "engine/base/plant.c", "int btx_plant;\n"),
    ("spdx", "tests/plant.sh", "#!/bin/sh\nset -e\n"),
    ("extern", "engine/base/plant.c", SPDX + "extern int btx_plant;\n"),
    ("default", "engine/base/plant.c", SPDX + "    default:\n"),
    ("typedef", "engine/base/plant.c", SPDX + "typedef int btx_plant;\n"),
    ("machine_path", "tests/plant.sh", "cd /ho" "me/somebody\n"),
    ("guard", "engine/base/plant.h", SPDX + "#ifndef BTX_PLANT_H\n#define BTX_PLANT_H\n#endif\n"),
    ("guard", "engine/base/plant.h", GUARDED % "#endif\n#if 1\n"),
    ("folder_readme", "engine/ring/plant.c", SPDX),
    ("library_manners", "engine/base/plant.c", SPDX + "    exit(1);\n"),
    ("library_manners", "engine/base/plant.c", SPDX + '    printf("x");\n'),
    ("test_names", "tests/unit/plant.c", SPDX + "    cmocka_unit_test(it__works),\n"),
    ("docs_run", "plant.md", "```sh run\nfalse\n```\n"),
    ("docs_run", "plant.md", "```sh run\necho one\n```\n```output\ntwo\n```\n"),
]

# What must not be found: each rule's nearest neighbour that is right.
INNOCENT = [
    ("function_length", "engine/base/plant.c", LONG_FUNCTION.replace("    ;\n", "", 1)),
    ("default", "engine/base/plant.c",
     SPDX + "    default: /* lint: default: the byte comes from outside */\n"),
    ("commented_code", "engine/base/plant.c",
     SPDX + "/* Prose; even with (brackets); is prose.\n *\n *     btx_example(1);\n */\n"),
    ("debt", "engine/base/plant.c", SPDX + 'const char *btx_plant = "/tmp/x-XXXXXX";\n'),
    ("typedef", "engine/base/plant.c", SPDX + "typedef int (*btx_plant)(int value);\n"),
    ("docs_run", "plant.md", "```sh run\necho one\n```\n```output\none\n```\n```sh\nfalse\n```\n"),
    ("library_manners", "engine/base/plant.c", SPDX + "/* It never calls exit(1). */\n"),
]

# Those that start a program for each file, for speed; and the one that looks for a file that every
# folder of the copy has.
IN_EMPTY_FOLDER = ("docs_run", "headers_alone", "folder_readme")

# (rule, library, source): compiled into a library of a build folder of its own.
LIBRARY_PLANTS = [
    ("exported_names", "libbtx_base.a", "int plant(void);\nint plant(void)\n{\n    return 1;\n}\n"),
    ("core_purity", "libbtx_core.a",
     "#include <time.h>\nlong btx_plant(void);\nlong btx_plant(void)\n{\n    return time(0);\n}\n"),
    ("core_purity", "libbtx_wire.a",
     "int btx_plant(void);\nint btx_plant(void)\n{\n    static int n;\n    return ++n;\n}\n"),
]


def run_lint(options, root, rule, *more):
    result = subprocess.run(
        [sys.executable, os.path.join(HERE, "lint.py"), "--root", root, "--cc", options.cc, *more,
         rule], capture_output=True, text=True, check=False)
    if result.returncode not in (0, 1):
        raise SystemExit("lint.py itself failed: " + result.stderr)
    return result.returncode, result.stdout


def finds(options, root, rule, path, content):
    """True when the rule names @path once @content is there; the copy is left as it was."""
    full = os.path.join(root, path)
    existed = os.path.isdir(os.path.dirname(full))
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w", encoding="utf-8") as file:
        file.write(content)
    status, output = run_lint(options, root, rule)
    place = os.path.dirname(path) + "/README.md" if rule == "folder_readme" else path
    found = status == 1 and any(line.startswith(place + ":") for line in output.split("\n"))
    os.unlink(full)
    if not existed:
        os.removedirs(os.path.dirname(full))
        os.makedirs(root, exist_ok=True)
    if place in run_lint(options, root, rule)[1]:
        raise SystemExit("%s still names %s after it was taken away" % (rule, place))
    return found


def finds_in_library(options, folder, rule, library, source):
    build = os.path.join(folder, "build")
    os.makedirs(os.path.join(build, "lib"))
    subprocess.run([options.cc, "-x", "c", "-c", "-", "-o", os.path.join(build, "plant.o")],
                   input=source, text=True, check=True)
    subprocess.run(["ar", "rc", os.path.join(build, "lib", library),
                    os.path.join(build, "plant.o")], check=True)
    status, output = run_lint(options, TOP, rule, "--build", build)
    shutil.rmtree(build)
    return status == 1 and library in output


def main():
    parser = argparse.ArgumentParser(description="shows that each lint rule can fail")
    parser.add_argument("--cc", default="cc", help="the C compiler")
    options = parser.parse_args()
    failures = []

    with tempfile.TemporaryDirectory(prefix="betex-lint-") as folder:
        root = os.path.join(folder, "copy")
        shutil.copytree(TOP, root, symlinks=True, ignore=shutil.ignore_patterns("build", ".git"))
        empty = os.path.join(folder, "empty")
        os.mkdir(empty)
        for rule, path, content in PLANTS:
            if not finds(options, empty if rule in IN_EMPTY_FOLDER else root, rule, path, content):
                failures.append("%s did not find %r in %s" % (rule, content, path))
        for rule, path, content in INNOCENT:
            if finds(options, empty if rule in IN_EMPTY_FOLDER else root, rule, path, content):
                failures.append("%s found a fault in %r" % (rule, content))
        for rule, library, source in LIBRARY_PLANTS:
            if not finds_in_library(options, folder, rule, library, source):
                failures.append("%s did not find %r in %s" % (rule, source, library))

    listed = subprocess.run([sys.executable, os.path.join(HERE, "lint.py"), "--list"], check=True,
                            capture_output=True, text=True).stdout
    planted = {plant[0] for plant in PLANTS + LIBRARY_PLANTS}
    for line in listed.strip().split("\n"):
        if line.split()[0] not in planted:
            failures.append("no violation is planted for the rule %s" % line.split()[0])

    for failure in failures:
        print(failure)
    print("%d violations planted, %d innocents, %d failures" % (
        len(PLANTS) + len(LIBRARY_PLANTS), len(INNOCENT), len(failures)))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
