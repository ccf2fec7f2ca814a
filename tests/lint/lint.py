#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""lint.py - the rules of the tree that a compiler does not check.

    lint.py [--root DIR] [--build DIR] [--cc COMPILER] [--list] [RULE...]

Without RULE all rules run.  Each finding is one line, "file:line: rule: what is wrong"; the exit
status is 0 without findings, 1 with some, 2 for a wrong command line.  A rule is a function
below named rule_<name>, whose first sentence says what it wants.  tests/README.md has the list
of marks by which a line can be excepted, always with a reason.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE_FOLDERS = ("engine", "tls", "admin", "tests", "image", "systemd")
LIBRARY_FOLDERS = ("base", "wire", "core", "text", "ring", "wal", "config", "exchange",
                   "read_model", "service", "settings", "shadow", "status", "loop")
COLUMNS_MAX = 100
FUNCTION_LINES_MAX = 70

# Who may include whom (the architecture's table).  A value is a file or a folder.
CORE_HEADERS = {"engine/core"} | {
    "engine/base/%s.h" % name for name in ("attributes", "bytes", "check", "int128", "limits",
                                            "utf8")
}
OWN_INCLUDES = {
    "engine/base": {"engine/base"},
    "engine/wire": {"engine/base", "engine/wire"},
    "engine/core": CORE_HEADERS | {"engine/wire"},
    "engine/text": {"engine/base", "engine/wire", "engine/text"},
    "engine/ring": {"engine/base", "engine/ring"},
    "engine/wal": {"engine/base", "engine/wire", "engine/wal"},
    "engine/config": {"engine/base", "engine/config"},
    "engine/service": {"engine/base", "engine/service"},
    "engine/status": {"engine/base", "engine/status"},
    "engine/exchange": {"engine/base", "engine/wire", "engine/core", "engine/wal",
                        "engine/exchange"},
    "engine/shadow": {"engine/base", "engine/wire", "engine/core", "engine/wal",
                      "engine/exchange", "engine/status", "engine/shadow"},
    "engine/read_model": {"engine/base", "engine/wire", "engine/core", "engine/ring", "engine/wal",
                          "engine/exchange", "engine/read_model"},
    "engine/settings": {"engine/base", "engine/core/core.h", "engine/wal/wal_settings.h",
                        "engine/config", "engine/settings"},
    "engine/loop": {"engine/base", "engine/wire", "engine/core", "engine/ring", "engine/wal",
                    "engine/exchange", "engine/status", "engine/loop"},
    "engine": {"engine"},
    "tls": {"tls", "engine/base", "engine/wire", "engine/ring", "engine/config", "engine/core",
            "engine/wal", "engine/exchange", "engine/read_model", "engine/service",
            "engine/settings", "engine/status"},
    "admin": {"admin", "engine/base", "engine/wire", "engine/ring", "engine/config",
              "engine/core", "engine/wal", "engine/text", "engine/exchange", "engine/read_model",
              "engine/service", "engine/settings", "engine/status"},
    "image/disk": {"engine/base", "image/disk"},
    "image/init": {"engine/base", "image/disk", "image/init"},
    "image/power": {"engine/base", "image/power"},
    "image/wal_disk": {"engine/base", "image/disk", "image/wal_disk"},
    "tests": {"engine", "tls", "admin", "image", "tests"},
}
# Headers of libraries, by prefix, and the folders (or files) that may use them.
LIBRARY_INCLUDES = {
    "openssl/": {"engine/base/sha256.c", "engine/wal", "tls", "admin", "tests"},
    "lmdb.h": {"engine/wal/segment_file.c", "tests"},
    "yaml.h": {"engine/config", "tests"},
    "seccomp.h": {"engine/service/sandbox_calls.c", "tests"},
    "event2/": {"tls", "admin", "tests"},
    "ncurses.h": {"admin"},
    "curses.h": {"admin"},
    "cmocka.h": {"tests"},
}
# All that the pure core may know of the system: nothing that has a state or an effect.
CORE_SYSTEM_INCLUDES = {"assert.h", "limits.h", "stdalign.h", "stdbool.h", "stddef.h", "stdint.h",
                        "string.h"}
# What the pure core may call that is not ours: copying and comparing, and what compilers insert.
CORE_SYMBOLS = re.compile(
    r"^(btx_\w+|mem(cpy|move|set|cmp|chr)|str(len|nlen|cmp|ncmp)|__mem\w+_chk"
    r"|__u?(div|mod|divmod)ti\d|__multi3"
    r"|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_|__(asan|ubsan|tsan|sanitizer|sancov)_\w+)$")


class Tree:
    """The files of the checkout, each read once."""

    def __init__(self, root, build, compiler):
        self.root = root
        self.build = build
        self.compiler = compiler
        self.contents = {}
        self.paths = sorted(self.walk())

    def walk(self):
        for name in os.listdir(self.root):
            if os.path.isfile(os.path.join(self.root, name)):
                yield name
        for folder in SOURCE_FOLDERS + (".ci",):
            for where, folders, names in os.walk(os.path.join(self.root, folder)):
                folders[:] = [name for name in folders if name not in ("corpus", "regress",
                                                                        "golden", "__pycache__")]
                for name in names:
                    yield os.path.relpath(os.path.join(where, name), self.root)

    def lines(self, path):
        if path not in self.contents:
            with open(os.path.join(self.root, path), encoding="utf-8", errors="replace") as file:
                self.contents[path] = file.read().split("\n")
            if self.contents[path][-1] == "":
                self.contents[path].pop()
        return self.contents[path]

    def with_ending(self, *endings):
        return [path for path in self.paths if path.endswith(endings)]

    def c_files(self):
        return self.with_ending(".c", ".h")

    def source_files(self):
        """What people write as a program, in whatever language."""
        return [path for path in self.paths
                if path.endswith((".c", ".h", ".def", ".py", ".sh", ".cmake", "CMakeLists.txt"))
                or path in ("run", ".ci/run")]


def code_lines(lines):
    """The lines with comments and the text of literals blanked, so that words in them are safe."""
    text = "\n".join(lines)
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)

    def blank(match):
        found = match.group(0)
        if found[0] in "\"'":
            return found[0] + " " * (len(found) - 2) + found[0]
        return re.sub(r"[^\n]", " ", found)

    return pattern.sub(blank, text).split("\n")


def excepted(lines, index, rule):
    """True when the line or the one before it carries "lint: rule: reason"."""
    mark = re.compile(r"lint: %s: \w" % re.escape(rule))
    return bool(mark.search(lines[index]) or (index > 0 and mark.search(lines[index - 1])))


def folder_of(path):
    """The row of OWN_INCLUDES that @path belongs to."""
    folder = os.path.dirname(path)
    while folder and folder not in OWN_INCLUDES:
        folder = os.path.dirname(folder)
    return folder


def within(path, allowed):
    """True when @path is one of @allowed or lies below one."""
    return any(path == entry or path.startswith(entry + "/") for entry in allowed)


def rule_include_table(tree):
    """Each folder includes only what the architecture's table allows it."""
    for path in tree.with_ending(".c", ".h", ".def"):
        folder = folder_of(path)
        if not folder:
            yield path, 1, "no row of the include table covers this folder"
            continue
        for number, line in enumerate(tree.lines(path), 1):
            match = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
            if match is None:
                continue
            name = match.group(2)
            if match.group(1) == '"':
                yield from own_include(tree, path, folder, number, name)
            else:
                yield from system_include(path, folder, number, name)


def own_include(tree, path, folder, number, name):
    beside = os.path.join(os.path.dirname(path), name)
    if folder == "tests" and os.path.isfile(os.path.join(tree.root, beside)):
        return
    if not os.path.isfile(os.path.join(tree.root, name)):
        yield path, number, 'want a path from the top, as in "engine/base/check.h", got "%s"' % name
    elif not within(name, OWN_INCLUDES[folder]):
        yield path, number, "%s may not include %s" % (folder, name)


def system_include(path, folder, number, name):
    if folder == "engine/core" and name not in CORE_SYSTEM_INCLUDES:
        yield path, number, "the pure core may not include <%s>" % name
    for prefix, allowed in LIBRARY_INCLUDES.items():
        if name.startswith(prefix) and not within(path, allowed):
            yield path, number, "%s may not use the library of <%s>" % (folder, name)


def libraries(tree):
    folder = os.path.join(tree.build, "lib") if tree.build else ""
    if not os.path.isdir(folder):
        return []
    return sorted(os.path.join(folder, name) for name in os.listdir(folder)
                  if re.match(r"libbtx_\w+\.a$", name))


def symbols(archive):
    """(name, defined for others, section) of each symbol in @archive; section *UND* is outside.

    By objdump and not nm: with link-time optimisation nm shows what the compiler began with."""
    output = subprocess.run(["objdump", "--syms", archive], check=True, capture_output=True,
                            text=True).stdout
    for line in output.split("\n"):
        match = re.match(r"^[0-9a-f]{16} (.{7}) (\S+)\t[0-9a-f]+ (?:\.\w+ )?(\S+)$", line)
        if match and not match.group(2).startswith(".gnu."):
            flags, section, name = match.groups()
            yield name, section != "*UND*" and flags[0] != "l", section


def rule_exported_names(tree):
    """Whatever has external linkage in a library begins with btx_."""
    archives = libraries(tree)
    if not archives:
        yield "engine", 1, "no library found to look at: build first, and pass --build"
    for archive in archives:
        for name, exported, _ in symbols(archive):
            if exported and not name.startswith(("btx_", "__asan_", "__odr_asan")):
                yield os.path.basename(archive), 1, "exports %s, want a name in btx_" % name


def rule_core_purity(tree):
    """The pure core and what it stands on call nothing outside and keep no state of their own."""
    for archive in libraries(tree):
        name = os.path.basename(archive)
        if name not in ("libbtx_core.a", "libbtx_wire.a"):
            continue
        found = list(symbols(archive))
        own = {symbol for symbol, _, section in found if section != "*UND*"}
        for symbol in sorted({symbol for symbol, _, _ in found} - own):
            if not CORE_SYMBOLS.match(symbol):
                yield name, 1, "calls %s" % symbol
        for symbol, _, section in found:
            instrumented = re.match(r"^(_*asan|__odr_asan|__sancov|_*tsan|\.|___asan)", symbol)
            writable = section.startswith((".bss", ".data", "*COM*")) and ".rel.ro" not in section
            if writable and not instrumented:
                yield name, 1, "keeps %s in %s" % (symbol, section)


def rule_function_length(tree):
    """No function is longer than 70 lines, from its name to its closing brace."""
    for path in tree.c_files():
        lines = code_lines(tree.lines(path))
        for index, line in enumerate(lines):
            if line.rstrip() != "{":
                continue
            first = index
            while first > 0 and lines[first - 1].strip() and lines[first - 1][0] not in "}#/":
                first -= 1
            last = index
            while last + 1 < len(lines) and not lines[last].startswith("}"):
                last += 1
            if last - first + 1 > FUNCTION_LINES_MAX:
                yield path, first + 1, "function of %d lines, want at most %d" % (
                    last - first + 1, FUNCTION_LINES_MAX)


def rule_headers_alone(tree):
    """Each header compiles with nothing before it, and a second time after itself."""
    flags = ["-std=c17", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
             "-D_GNU_SOURCE", "-I", tree.root, "-x", "c", "-"]
    for path in tree.with_ending(".h"):
        result = subprocess.run([tree.compiler, *flags], capture_output=True, text=True,
                                input='#include "%s"\n' % path * 2 + "extern int not_empty;\n")
        if result.returncode != 0:
            yield path, 1, "does not compile alone and twice: %s" % result.stderr.split("\n")[0]


def rule_format(tree):
    """All C is as clang-format would write it (./run fmt)."""
    paths = tree.c_files()
    if shutil.which("clang-format") is None:
        yield ".clang-format", 1, "clang-format is not installed"
        return
    if not paths:
        return
    result = subprocess.run(["clang-format", "--dry-run", "--Werror", "--ferror-limit=1", *paths],
                            cwd=tree.root, capture_output=True, text=True)
    for line in result.stderr.split("\n"):
        match = re.match(r"(\S+?):(\d+):\d+: error: ", line)
        if match:
            yield match.group(1), int(match.group(2)), "not formatted: ./run fmt does it"
    if result.returncode != 0 and "error: " not in result.stderr:
        yield ".clang-format", 1, result.stderr.strip().split("\n")[0]


def rule_layout(tree):
    """Lines have at most 100 columns, no tabs and nothing after their last character.

    Shell scripts may be wider: the commands and records that they quote cannot be broken."""
    for path in tree.source_files():
        for number, line in enumerate(tree.lines(path), 1):
            if len(line) > COLUMNS_MAX and not path.endswith(".sh"):
                yield path, number, "%d columns, want at most %d" % (len(line), COLUMNS_MAX)
            if "\t" in line:
                yield path, number, "a tab"
            if line != line.rstrip():
                yield path, number, "spaces at the end of the line"


def rule_debt(tree):
    """The tree has no debts: what is open is an issue and not a comment."""
    words = re.compile(r"\b(" + "|".join(("TO" "DO", "FIX" "ME", "X" "XX", "HA" "CK")) + r")\b")
    for path in tree.source_files():
        for number, line in enumerate(tree.lines(path), 1):
            match = words.search(line)
            if match:
                yield path, number, match.group(1)


def comment_lines(lines):
    """(number, text) of each line of a comment; text begins after the star, spaces kept."""
    inside = False
    for number, line in enumerate(lines, 1):
        begin = re.match(r"^\s*(?:/\*|//)(.*)$", line)
        if inside:
            text = re.sub(r"^\s*\*(?!/)", "", line)
        elif begin:
            text = begin.group(1)
            inside = "/*" in line
        else:
            continue
        if "*/" in line:
            inside = False
            text = text.split("*/")[0]
        yield number, text.rstrip()


def rule_commented_code(tree):
    """No code is kept in comments; an example in prose is indented by four spaces or more."""
    statement = re.compile(
        r"^ {0,3}(?:(?:return\b.*|break|continue|goto \w+|[\w>.\[\]*-]+\s*[-+|&]?=[^=].*"
        r"|\w[\w\s*]*\s\**\w+\s*=.*|\w+\(.*\));|(?:if|for|while|switch)\s*\(.*\)\s*\{?"
        r"|#\s*(?:include|if|ifdef|define|endif)\b.*|\}|\{)$")
    for path in tree.c_files():
        lines = tree.lines(path)
        for number, text in comment_lines(lines):
            if statement.match(text):
                yield path, number, "code in a comment:%s" % text
        for number, line in enumerate(lines, 1):
            if re.match(r"^\s*#\s*if\s+0\b", line):
                yield path, number, "code switched off"


def rule_spdx(tree):
    """The first line of a source file, or the one after #!, names the licence."""
    for path in tree.source_files():
        lines = tree.lines(path)
        at = 1 if lines and lines[0].startswith("#!") else 0
        if len(lines) <= at or "SPDX-License-Identifier: Apache-2.0" not in lines[at]:
            yield path, at + 1, "want SPDX-License-Identifier: Apache-2.0"


def rule_extern(tree):
    """No .c file declares what another one defines: that is what headers are for."""
    for path in tree.with_ending(".c"):
        for number, line in enumerate(code_lines(tree.lines(path)), 1):
            if re.match(r"^\s*extern\b", line):
                yield path, number, "extern in a .c file"


def rule_default(tree):
    """A switch over our enums has no default, so that the compiler finds a missing case."""
    for path in tree.c_files():
        if not path.startswith(("engine/", "tls/", "admin/", "image/")):
            continue
        lines = tree.lines(path)
        for index, line in enumerate(code_lines(lines)):
            if re.match(r"^\s*default\s*:", line) and not excepted(lines, index, "default"):
                yield path, index + 1, "default: without a reason"


def rule_typedef(tree):
    """Only function pointers have a typedef, and the one wide integer."""
    for path in tree.c_files():
        lines = tree.lines(path)
        for index, line in enumerate(code_lines(lines)):
            if re.match(r"^\s*(__extension__\s+)?typedef\b", line) and "(*" not in line \
                    and path != "engine/base/int128.h" and not excepted(lines, index, "typedef"):
                yield path, index + 1, "a typedef that is no function pointer"


def rule_machine_path(tree):
    """No file names a place that only one machine has."""
    place = re.compile(r"(?<![\w.$}])/(home|root|Users|work|mnt|media)/[\w.]")
    for path in tree.paths:
        if path in ("LICENSE", "tests/lint/lint.py"):
            continue
        lines = tree.lines(path)
        for index, line in enumerate(lines):
            match = place.search(line)
            if match and not excepted(lines, index, "machine-path"):
                yield path, index + 1, "the path %s..." % match.group(0)


def rule_guard(tree):
    """The guard of a header is BTX_<FOLDER>_<FILE>_H and spans the whole header.

    Below tests/ the guard may name more folders (BTX_TESTS_UNIT_WIRE_SAMPLES_H), or the folder
    once when the file repeats it (BTX_FLOW_RUN_H for flow/flow_run.h)."""
    for path in tree.with_ending(".h"):
        parts = [re.sub(r"\W", "_", part) for part in path[:-len(".h")].upper().split("/")]
        guard = "BTX_%s_H" % "_".join(parts[-2:])
        if parts[0] == "TESTS":
            guard = guard_in_tests(tree.lines(path), parts) or guard
        lines = code_lines(tree.lines(path))
        code = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
        texts = [line.strip() for _, line in code]
        if texts[:2] != ["#ifndef " + guard, "#define " + guard]:
            yield path, code[0][0] if code else 1, "want the guard %s around everything" % guard
        elif texts[-1] != "#endif" or guard_ends(texts) != len(texts) - 1:
            yield path, code[-1][0], "the guard %s ends before the header does" % guard


def guard_in_tests(lines, parts):
    """The longer guard that a header below tests/ has chosen, None when it has not."""
    ways = [parts[-count:] for count in range(3, len(parts) + 1)]
    if parts[-1].startswith(parts[-2] + "_"):
        ways += [parts[-count:-2] + parts[-1:] for count in range(2, len(parts) + 1)]
    for way in ways:
        if "#ifndef BTX_%s_H" % "_".join(way) in lines:
            return "BTX_%s_H" % "_".join(way)
    return None


def guard_ends(texts):
    """The index of the #endif that closes the first line."""
    depth = 0
    for index, text in enumerate(texts):
        if re.match(r"#\s*if", text):
            depth += 1
        elif re.match(r"#\s*endif", text):
            depth -= 1
            if depth == 0:
                return index
    return -1


def rule_folder_readme(tree):
    """Each library folder has a README.md, which is its design."""
    for name in LIBRARY_FOLDERS:
        folder = "engine/" + name
        if any(path.startswith(folder + "/") for path in tree.paths) \
                and folder + "/README.md" not in tree.paths:
            yield folder + "/README.md", 1, "missing"


def rule_library_manners(tree):
    """Library folders return faults: they do not end the process and do not print."""
    call = re.compile(r"(?<![\w.>])(exit|_exit|quick_exit|abort|printf|vprintf|fprintf|vfprintf"
                      r"|perror|puts|fputs|putchar)\s*\(")
    for path in tree.with_ending(".c", ".h"):
        if not re.match(r"engine/(%s)/" % "|".join(LIBRARY_FOLDERS), path) \
                or path == "engine/base/check.c":
            continue
        for number, line in enumerate(code_lines(tree.lines(path)), 1):
            match = call.search(line)
            if match:
                yield path, number, "%s() in a library" % match.group(1)


def rule_test_names(tree):
    """A test is named function__situation__result."""
    use = re.compile(r"cmocka_unit_test\w*\(\s*(\w+)")
    for path in tree.with_ending(".c"):
        if not path.startswith("tests/"):
            continue
        for number, line in enumerate(code_lines(tree.lines(path)), 1):
            match = use.search(line)
            if match and not line.lstrip().startswith("#") and match.group(1).count("__") != 2:
                yield path, number, "%s: want function__situation__result" % match.group(1)


def fenced_blocks(lines):
    """(number, info, text lines) of each fenced block."""
    index = 0
    while index < len(lines):
        match = re.match(r"^```(.*)$", lines[index])
        index += 1
        if match is None:
            continue
        first = index
        while index < len(lines) and not lines[index].startswith("```"):
            index += 1
        yield first, match.group(1).strip(), lines[first:index]
        index += 1


def run_block(tree, block):
    """The finished process of a documentation block, run in a folder made like the checkout."""
    with tempfile.TemporaryDirectory(prefix="betex-docs-") as folder:
        for name in os.listdir(tree.root):
            if name not in ("build", ".git"):
                os.symlink(os.path.join(tree.root, name), os.path.join(folder, name))
        os.makedirs(os.path.join(folder, "build"))
        programs = os.path.join(tree.build or os.path.join(tree.root, "build/release"), "bin")
        os.symlink(os.path.abspath(programs), os.path.join(folder, "build/bin"))
        return subprocess.run(["bash", "-euo", "pipefail", "-c", "\n".join(block)], cwd=folder,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=600, check=False)


def rule_docs_run(tree):
    """A block of documentation marked "sh run" runs, and prints what the block "output" says."""
    for path in tree.with_ending(".md"):
        wanted = None
        for number, info, block in fenced_blocks(tree.lines(path)):
            if info == "sh run":
                result = run_block(tree, block)
                wanted = result.stdout
                if result.returncode != 0:
                    yield path, number, "exit status %d: %s" % (
                        result.returncode, (result.stderr.strip() or "-").split("\n")[-1])
                    wanted = None
            elif info == "output" and wanted is not None:
                if "\n".join(block).strip() != wanted.strip():
                    yield path, number, "the block above prints something else: %r" % wanted
                wanted = None
            else:
                wanted = None


RULES = {name[len("rule_"):]: function for name, function in list(globals().items())
         if name.startswith("rule_")}


def main():
    top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    parser = argparse.ArgumentParser(description="checks the rules that a compiler does not")
    parser.add_argument("--root", default=top, help="the checkout to look at")
    parser.add_argument("--build", default="", help="its build folder (for what needs objects)")
    parser.add_argument("--cc", default="cc", help="the C compiler")
    parser.add_argument("--list", action="store_true", help="say which rules there are")
    parser.add_argument("rules", nargs="*", metavar="RULE")
    options = parser.parse_args()

    if options.list:
        for name, function in RULES.items():
            print("%-16s %s" % (name, function.__doc__.split("\n")[0]))
        return 0
    unknown = [name for name in options.rules if name not in RULES]
    if unknown:
        parser.error("no such rule: %s (--list gives all)" % ", ".join(unknown))
    tree = Tree(os.path.abspath(options.root), options.build, options.cc)
    findings = 0
    for name in options.rules or RULES:
        for path, number, what in RULES[name](tree):
            print("%s:%d: %s: %s" % (path, number, name, what))
            findings += 1
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
