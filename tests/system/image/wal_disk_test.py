#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""wal_disk_test.py CASE - betex-wal-disk over a folder that looks like a machine with disks.

A case is a function below named case_<name>.  Exit status: 0 it holds, 1 it does not (with a line
for each reason), 77 a tool is missing."""
import os
import shutil
import subprocess
import sys
import tempfile

MIB = 1 << 20
SKIPPED = 77
DEADLINE_S = 120
PROGRAM = os.path.join(os.environ["BTX_BIN"], "betex-wal-disk")
TYPE = "be7ec5a1-0000-4000-8000-0000a15d15c0"
os.environ["PATH"] += ":/usr/sbin:/sbin"
os.environ.pop("JOURNAL_STREAM", None)


def write(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)


def add_disk(root, name, label="betex-wal", kind=TYPE, content=b"XFSB"):
    """A disk with one partition, whose own device begins with @content.  The disk's device comes
    last, as a change that is seen."""
    write(os.path.join(root, "dev", name + "1"), content.ljust(8192, b"\0"))
    write(os.path.join(root, "sys/block", name, "size"), b"8192\n")
    with tempfile.NamedTemporaryFile(dir=root) as disk:
        disk.truncate(4 * MIB)
        subprocess.run(["sfdisk", "--quiet", disk.name], check=True, text=True,
                       input='label: gpt\nsize=2MiB, type=%s, name="%s"\n' % (kind, label))
        with open(disk.name, "rb") as file:
            write(os.path.join(root, "dev", name), file.read())


def run(*arguments):
    result = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False,
                            timeout=DEADLINE_S)
    return result.returncode, result.stdout + result.stderr


class Waiting:
    """betex-wal-disk wait, in the background."""

    def __init__(self, root):
        self.link = os.path.join(root, "link")
        self.process = subprocess.Popen([PROGRAM, "wait", "--root", root, "--link", self.link],
                                        stderr=subprocess.PIPE, text=True)

    def line(self):
        return self.process.stderr.readline().strip()

    def end(self):
        return self.process.wait(timeout=DEADLINE_S)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()


def case_appears(root):
    """It says what it waits for, takes the disk that appears, and leaves a link to it."""
    with Waiting(root) as waiting:
        said = waiting.line()
        if "waiting: no disk" not in said:
            yield "without a disk: '%s'" % said
        add_disk(root, "vdb")
        said = waiting.line()
        if said != "betex-wal-disk: the log is on vdb1 (XFS)":
            yield "with a disk: '%s'" % said
        status = waiting.end()
        if status != 0 or os.readlink(waiting.link) != "/dev/vdb1":
            yield "status %d, link %s" % (status, os.readlink(waiting.link))


def case_waits(root):
    """Whatever is wrong, each thing is said once, and the next look goes on from there."""
    add_disk(root, "vdb", content=b"")
    with Waiting(root) as waiting:
        for change, wanted in (
                (None, "vdb1 has no filesystem"),
                (lambda: add_disk(root, "vdc"), "there are two logs, on vdb1 and on vdc1"),
                (lambda: remove_disk(root, "vdb"), "the log is on vdc1 (XFS)")):
            if change:
                change()
            said = waiting.line()
            if wanted not in said:
                yield "want '%s', got '%s'" % (wanted, said)
        if waiting.end() != 0:
            yield "it did not end well"


def remove_disk(root, name):
    shutil.rmtree(os.path.join(root, "sys/block", name))
    os.unlink(os.path.join(root, "dev", name + "1"))
    os.unlink(os.path.join(root, "dev", name))


def case_refuses(root):
    """check: status 0 and the device, or 1 and why."""
    for name, options, wanted_status, wanted in (
            ("vda", {"label": "other"}, 1, "no disk has a partition labelled betex-wal"),
            ("vda", {"kind": "0fc63daf-8483-4772-8e79-3d69d8477de4"}, 1, "no disk has"),
            ("vda", {"content": b"LUKS"}, 1, "neither ext4 nor XFS"),
            ("nbd0p", {}, 1, "reached over a network (NBD)"),
            ("vda", {}, 0, "the log is on vda1 (XFS)")):
        # "nbd0p" + "1" is the partition's name; the disk's is without the p.
        add_disk(root, name, **options)
        if name == "nbd0p":
            for folder in ("dev", "sys/block"):
                os.rename(os.path.join(root, folder, "nbd0p"), os.path.join(root, folder, "nbd0"))
        status, said = run("check", "--root", root)
        if status != wanted_status or wanted not in said:
            yield "%s %s: status %d, '%s'" % (name, options, status, said)
        for folder in ("dev", "sys/block"):
            shutil.rmtree(os.path.join(root, folder))
            os.makedirs(os.path.join(root, folder))


def case_link(root):
    """An old link is replaced; one that cannot be made is a failure and no wait."""
    add_disk(root, "vdb")
    link = os.path.join(root, "link")
    os.symlink("/dev/old", link)
    status, said = run("wait", "--root", root, "--link", link)
    if status != 0 or os.readlink(link) != "/dev/vdb1":
        yield "status %d, '%s', link to %s" % (status, said, os.readlink(link))
    status, said = run("wait", "--root", root, "--link", os.path.join(root, "absent", "link"))
    if status != 68 or "making the link" not in said:
        yield "without a folder for it: status %d, '%s'" % (status, said)


def case_usage(root):
    """Wrong command lines, help, and a machine without disks to look through."""
    for arguments, wanted_status, wanted in (
            ([], 2, "want wait or check"), (["look"], 2, "want wait or check"),
            (["check", "more"], 2, "want wait or check"), (["wait"], 2, "--link PATH"),
            (["check", "--link", "x"], 2, "--link PATH"), (["--bogus"], 2, "--bogus: not an"),
            (["--help"], 0, "Usage: betex-wal-disk wait --link PATH"),
            (["check", "--root", os.path.join(root, "absent")], 68, "sys/block")):
        status, said = run(*arguments)
        if status != wanted_status or wanted not in said:
            yield "%s: status %d, '%s'" % (arguments, status, said)


CASES = {name[len("case_"):]: function for name, function in list(globals().items())
         if name.startswith("case_")}


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in CASES:
        print("usage: wal_disk_test.py CASE, one of: %s" % " ".join(CASES))
        return 2
    if shutil.which("sfdisk") is None:
        print("sfdisk is not installed")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="betex-wal-disk-") as root:
        for folder in ("dev", "sys/block"):
            os.makedirs(os.path.join(root, folder))
        found = list(CASES[sys.argv[1]](root))
    for line in found:
        print("FAILED: %s" % line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
