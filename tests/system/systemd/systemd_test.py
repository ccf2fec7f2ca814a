#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""systemd_test.py CASE - the units as systemd's own tools read them, without a running systemd.

A case is a function below named case_<name>.  Exit status: 0 it holds, 1 it does not (with a line
for each reason), 77 the tools are missing.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
UNITS = os.path.join(TOP, "systemd")
APPLIANCE = os.path.join(UNITS, "appliance")
# The most that `systemd-analyze security` may say of each, and its profiles in sandbox_calls.def.
SERVICES = {
    "betexd": (1.0, ("START", "ENGINE")),
    "betex-shadow": (1.5, ("SHADOW",)),
    "betex-admin": (1.5, ("ADMIN", "LAUNCHER")),
    "betex-gateway": (2.0, ("GATEWAY",)),
    "betex-prepare": (1.5, ()),
    "betex-config": (1.5, ()),
    "betex-console@": (1.0, ()),
    "betex-prompt@": (1.0, ()),
    "betex-power@": (1.5, ()),
    "betex-wal-disk": (1.5, ()),
    "betex-wal-folders": (1.5, ()),
    "betex-wal-init@": (1.5, ()),
}
PROGRAMS = ["usr/bin/systemd-tmpfiles"] + ["usr/lib/betex/bin/" + name for name in (
    "betexd", "betex-shadow", "betex-admin", "betex-gateway", "betex-prepare", "betexctl",
    "betex-power", "betex-wal-disk")]
SKIPPED = 77


def run(*command):
    result = subprocess.run(command, capture_output=True, text=True, check=False,
                            env={**os.environ, "LC_ALL": "C", "SYSTEMD_COLORS": "0"})
    return result.returncode, result.stdout + result.stderr


def read(*path):
    with open(os.path.join(TOP, *path), encoding="utf-8") as file:
        return file.read()


def unit_path(unit):
    """Where in the tree the unit is: those of the appliance alone have a folder of their own."""
    path = os.path.join(APPLIANCE, unit)
    return path if os.path.exists(path) else os.path.join(UNITS, unit)


def settings(unit):
    """(key, value) of each line of a unit."""
    return re.findall(r"^(\w+)=(.*)$", read(unit_path(unit)), re.M)


def values(unit, key):
    return [value for name, value in settings(unit) if name == key]


def make_root(folder, edit=lambda text: text):
    """A root in which the units are installed, with programs that are never run."""
    shutil.copytree("/lib/systemd/system", os.path.join(folder, "usr/lib/systemd/system"),
                    symlinks=True)
    installed = os.path.join(folder, "etc/systemd/system")
    os.makedirs(installed)
    for name in unit_names():
        with open(os.path.join(installed, name), "w", encoding="utf-8") as file:
            file.write(edit(read(unit_path(name))))
    for name in drop_ins():
        shutil.copytree(os.path.join(APPLIANCE, name), os.path.join(installed, name))
    for name in PROGRAMS:
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write("never run\n")
        os.chmod(path, 0o755)


def unit_names():
    return sorted(name for folder in (UNITS, APPLIANCE) for name in os.listdir(folder)
                  if name.endswith((".service", ".slice", ".mount", ".socket", ".target")))


def drop_ins():
    return sorted(name for name in os.listdir(APPLIANCE) if name.endswith(".d"))


def verify(edit=lambda text: text):
    """What systemd-analyze verify says of our units, which is nothing when they are right."""
    with tempfile.TemporaryDirectory(prefix="betex-units-") as folder:
        make_root(folder, edit)
        _, output = run("systemd-analyze", "verify", "--man=no", "--root=" + folder,
                        *[name.replace("@.", "@ttyS0.") for name in unit_names()])
    ours = re.compile("|".join(["betex"] + [re.escape(name) for name in unit_names()]))
    return [line for line in output.split("\n") if ours.search(line)]


def exposure(path):
    status, output = run("systemd-analyze", "security", "--offline=true", "--no-pager", path)
    match = re.search(r"Overall exposure level for \S+: ([\d.]+)", output)
    if status != 0 and match is None:
        return None, output
    return float(match.group(1)), output


def call_set(name):
    """The system calls of a set of systemd, such as @system-service."""
    found = set()
    _, output = run("systemd-analyze", "syscall-filter", "--no-pager", name)
    for line in output.split("\n"):
        entry = line.strip()
        if line.startswith(" ") and entry and not entry.startswith("#"):
            found |= call_set(entry) if entry.startswith("@") else {entry}
    return found


def calls_of_unit(unit):
    """What SystemCallFilter= leaves: lines are worked off in order, as systemd does."""
    allowed = set()
    for value in values(unit, "SystemCallFilter"):
        removes = value.startswith("~")
        for word in value.lstrip("~").split():
            named = call_set(word) if word.startswith("@") else {word}
            allowed = allowed - named if removes else allowed | named
    return allowed


def calls_of_profile(profile):
    """What sandbox_calls.def lets a profile do, by the groups of sandbox_calls.c."""
    groups = {"START": "START", "SERVERS": "SHADOW ADMIN GATEWAY",
              "THREADS": "START SHADOW ADMIN GATEWAY",
              "LOCKERS": "START ENGINE", "WRITERS": "START ENGINE SHADOW",
              "SERVICES": "START ENGINE SHADOW ADMIN GATEWAY", "LAUNCHER": "LAUNCHER",
              "EVERYBODY": "START ENGINE SHADOW ADMIN GATEWAY LAUNCHER"}
    rows = re.findall(r"^CALL(?:_IF)?\((\w+), (\w+)[,)]",
                      read("engine", "service", "sandbox_calls.def"), re.M)
    return {name for name, group in rows if profile in groups[group].split()}


def case_verify():
    """systemd finds nothing to complain about, and would find a wrong key."""
    for line in verify():
        yield line
    if not verify(lambda text: text.replace("Type=", "Tipe=")):
        yield "a wrong key was not found: this test cannot fail"


def case_security():
    """Each unit is at least as closed as the design asks for, and an open one is not."""
    for name, (most, _) in SERVICES.items():
        score, output = exposure(unit_path(name + ".service"))
        if score is None or score > most:
            yield "%s: want %.1f at most, got %s\n%s" % (name, most, score, output)
        else:
            print("%s: %.1f" % (name, score))
    with tempfile.TemporaryDirectory(prefix="betex-units-") as folder:
        path = os.path.join(folder, "betexd.service")
        with open(path, "w", encoding="utf-8") as file:
            file.write(re.sub(r"^(NoNew|Protect|Private|Restrict|Capab|SystemCall).*\n", "",
                              read("systemd", "betexd.service"), flags=re.M))
        score, _ = exposure(path)
        if score is None or score <= 1.0:
            yield "without protection the score is %s: this test cannot fail" % score


def case_calls():
    """A unit lets its program make every call that the program's own list has."""
    for name, (_, profiles) in SERVICES.items():
        allowed = calls_of_unit(name + ".service")
        for profile in profiles:
            wanted = calls_of_profile(profile)
            if len(wanted) < 50:
                yield "sandbox_calls.def gives %s only %d calls" % (profile, len(wanted))
            # Of landlock, seccomp and the steps before it, which are made before the list is.
            wanted |= {"landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self",
                       "seccomp", "prctl", "capset", "prlimit64"}
            for call in sorted(wanted - allowed):
                yield "%s: %s needs %s" % (name, profile, call)
        for call in ("ptrace", "mount", "bpf", "kexec_load", "add_key", "init_module", "setuid"):
            if call in allowed:
                yield "%s: %s is allowed" % (name, call)


def case_restarts():
    """A service stays down for exactly the faults that a person has to mend."""
    stay = {"USAGE", "INPUT", "CONFIG", "LOCKED", "CORRUPT", "LAYOUT", "LIMIT"}
    rows = re.findall(r"^FAULT\((\w+), (\d+),", read("engine", "base", "fault.def"), re.M)
    wanted = {status for name, status in rows if name in stay}
    for name in ("betexd", "betex-shadow", "betex-admin", "betex-gateway"):
        unit = name + ".service"
        got = set(values(unit, "RestartPreventExitStatus")[0].split())
        if got != wanted:
            yield "%s: stays down for %s, want %s" % (unit, sorted(got), sorted(wanted))
        if values(unit, "Restart") != ["on-failure"] or values(unit, "Type") != ["notify"] \
                or not values(unit, "WatchdogSec"):
            yield "%s: want Restart=on-failure, Type=notify and a watchdog" % unit


def case_users():
    """Every user and group that units and folders name is made, and can be."""
    made = set(re.findall(r"^[ug]\s+(\S+)", read("systemd", "sysusers.d", "betex.conf") +
                          read("systemd", "sysusers.d", "appliance.conf"), re.M))
    named = {"root"}
    for name in SERVICES:
        named |= set(values(name + ".service", "User") + values(name + ".service", "Group"))
    for line in read("systemd", "tmpfiles.d", "betex.conf").split("\n"):
        if line and not line.startswith("#"):
            named |= set(line.split()[3:5])
    for name in sorted(named - made - {"root"}):
        yield "%s is named and not made" % name
    with tempfile.TemporaryDirectory(prefix="betex-users-") as folder:
        os.makedirs(os.path.join(folder, "etc"))
        status, output = run("systemd-sysusers", "--root=" + folder,
                             os.path.join(UNITS, "sysusers.d", "betex.conf"))
        passwd = os.path.join(folder, "etc/passwd")
        if status != 0 or not os.path.exists(passwd):
            yield "systemd-sysusers: %s" % output
            return
        with open(passwd, encoding="utf-8") as file:
            users = {line.split(":")[0] for line in file}
        for name in sorted({"betex-engine", "betex-shadow", "betex-admin", "betex-gateway"} -
                           users):
            yield "systemd-sysusers did not make %s" % name


def case_folders():
    """The folders come to be with the modes that the table names."""
    if os.geteuid() != 0:
        print("only root can give folders away")
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory(prefix="betex-folders-") as folder:
        os.makedirs(os.path.join(folder, "etc"))
        run("systemd-sysusers", "--root=" + folder,
            os.path.join(UNITS, "sysusers.d", "betex.conf"))
        status, output = run("systemd-tmpfiles", "--create", "--root=" + folder,
                             os.path.join(UNITS, "tmpfiles.d", "betex.conf"))
        if status != 0:
            yield "systemd-tmpfiles: %s" % output
            return
        for path, mode in (("var/lib/betex/wal", 0o2750), ("var/lib/betex/wal/snapshots", 0o2770),
                           ("run/betex", 0o1775), ("etc/betex", 0o755)):
            got = os.stat(os.path.join(folder, path)).st_mode & 0o7777
            if got != mode:
                yield "%s: mode %o, want %o" % (path, got, mode)


def case_order():
    """The lines that units have in common stand in one order in all of them."""
    first = [key for key, _ in settings("betexd.service")]
    for name in SERVICES:
        ours = [key for key, _ in settings(name + ".service") if key in first]
        ranks = [first.index(key) for key in ours]
        for before, after in zip(zip(ranks, ours), zip(ranks[1:], ours[1:])):
            if before[0] > after[0]:
                yield "%s: %s stands before %s" % (name, before[1], after[1])


def case_twins():
    """The screen is as closed as the prompt, which is what the boot test probes."""
    console, prompt = (read(unit_path(name)) for name in ("betex-console@.service",
                                                          "betex-prompt@.service"))
    if console.split("# Privileges")[1:] != prompt.split("# Privileges")[1:]:
        yield "betex-console@ and betex-prompt@ have different sandboxes"


CASES = {name[len("case_"):]: function for name, function in list(globals().items())
         if name.startswith("case_")}


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in CASES:
        print("usage: systemd_test.py CASE, one of: %s" % " ".join(CASES))
        return 2
    for tool in ("systemd-analyze", "systemd-sysusers", "systemd-tmpfiles"):
        if shutil.which(tool) is None:
            print("%s is not installed (package systemd)" % tool)
            return SKIPPED
    found = list(CASES[sys.argv[1]]())
    for line in found:
        print("FAILED: %s" % line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
