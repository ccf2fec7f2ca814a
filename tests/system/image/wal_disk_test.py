#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""wal_disk_test.py CASE - betex-wal-disk over a folder that looks like a machine with disks.

A case is a function below named case_<name>.  Exit status: 0 it holds, 1 it does not (with a line
for each reason), 77 a tool is missing."""
import os
import shutil
import socket
import subprocess
import sys
import tempfile

MIB = 1 << 20
SKIPPED = 77
DEADLINE_S = 120
DISK_BYTES = 300 * MIB
CTL = os.path.join(os.environ["BTX_BIN"], "betexctl")
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


# --- Making a disk the log's ----------------------------------------------------------------------

def add_blank(root, name, serial, size=DISK_BYTES):
    path = os.path.join(root, "dev", name)
    write(path, b"")
    os.truncate(path, size)
    write(os.path.join(root, "sys/block", name, "serial"), serial.encode() + b"\n")
    return path


def serve(root, request):
    result = subprocess.run([PROGRAM, "serve", "--root", root], input=request, capture_output=True,
                            text=True, check=False, timeout=DEADLINE_S)
    status, _, text = result.stdout.partition("\n")
    return status, text.strip(), result.returncode


def case_init(root):
    """A blank disk becomes the log's: tools of others find table and filesystem whole."""
    need("mke2fs", "e2fsck")
    add_blank(root, "sda", "other")
    path = add_blank(root, "vdb", "W-1")
    got = serve(root, "init W-1\n")
    if got != ("0", "vdb (W-1) is the disk of the log now", 0):
        yield "init: %s" % (got,)
    said = subprocess.run(["sfdisk", "--verify", path], capture_output=True, text=True,
                          check=False)
    if "No errors detected" not in said.stdout:
        yield "sfdisk --verify: %s%s" % (said.stdout, said.stderr)
    with open(path, "rb") as disk:
        disk.seek(MIB)
        write(os.path.join(root, "dev/vdb1"), disk.read(DISK_BYTES - 2 * MIB))
    said = subprocess.run(["e2fsck", "-fn", os.path.join(root, "dev/vdb1")], capture_output=True,
                          text=True, check=False)
    if said.returncode != 0:
        yield "e2fsck: %s%s" % (said.stdout, said.stderr)
    status, said = run("check", "--root", root)
    if status != 0 or "the log is on vdb1 (ext4)" not in said:
        yield "check: status %d, %s" % (status, said)
    status, said, _ = serve(root, "init other\n")
    if status != "1" or "there is a disk of the log already" not in said:
        yield "a second one: %s %s" % (status, said)


def case_init_refuses(root):
    """Nothing but a blank disk that was named is touched."""
    def spoil(offset):
        with open(os.path.join(root, "dev/vdb"), "r+b") as file:
            file.seek(offset)
            file.write(b"x")

    def twin():
        add_blank(root, "vdc", "W-1")

    def protect():
        write(os.path.join(root, "sys/block/vdb/ro"), b"1\n")

    def far():
        os.rename(os.path.join(root, "dev/vdb"), os.path.join(root, "dev/nbd0"))
        os.rename(os.path.join(root, "sys/block/vdb"), os.path.join(root, "sys/block/nbd0"))

    for what, change, size, wanted in (
            ("first byte", lambda: spoil(0), DISK_BYTES, "vdb is not blank"),
            ("end of the first MiB", lambda: spoil(MIB - 1), DISK_BYTES, "vdb is not blank"),
            ("last byte", lambda: spoil(DISK_BYTES - 1), DISK_BYTES, "vdb is not blank"),
            ("two of them", twin, DISK_BYTES, "2 disks have the serial number"),
            ("write-protected", protect, DISK_BYTES, "vdb is write-protected"),
            ("over a network", far, DISK_BYTES, "reached over a network (NBD)"),
            ("too small", lambda: None, 255 * MIB, "less than 256 MiB")):
        path = add_blank(root, "vdb", "W-1", size)
        change()
        before = sorted((name, os.stat(os.path.join(root, "dev", name)).st_mtime_ns)
                        for name in os.listdir(os.path.join(root, "dev")))
        status, said, code = serve(root, "init W-1\n")
        after = sorted((name, os.stat(os.path.join(root, "dev", name)).st_mtime_ns)
                       for name in os.listdir(os.path.join(root, "dev")))
        if status != "1" or wanted not in said or code != 0 or before != after:
            yield "%s: %s '%s', exit status %d, %s" % (what, status, said, code, path)
        for folder in ("dev", "sys/block"):
            shutil.rmtree(os.path.join(root, folder))
            os.makedirs(os.path.join(root, folder))
    add_blank(root, "vdb", "")
    status, said, _ = serve(root, "init \n")
    if status != "1" or "no disk has the serial number ''" not in said:
        yield "a disk without a serial number: %s '%s'" % (status, said)


def case_serve(root):
    """The list of disks, and requests that are none."""
    add_blank(root, "vdb", "W-1")
    add_disk(root, "sdc", label="their-data")
    write(os.path.join(root, "sys/block/sdc/device/vpd_pg80"), b"\0\x80\0\x08  S-2 \0\0")
    write(os.path.join(root, "sys/block/sdc/device/model"), b"Model \x1b[2J\n")
    status, said, code = serve(root, "disks\n")
    rows = [line.split() for line in said.split("\n")]
    if status != "0" or code != 0 or rows[1:] != [
            ["sdc", "S-2", "0.0", "GB", "Model", "?[2J", "their-data"],
            ["vdb", "W-1", "0.3", "GB", "-", "blank"]]:
        yield "disks: %s, %s" % (status, said)
    for request in ("", "disks", "disk\n", "init\n", "x" * 300 + "\n"):
        status, said, code = serve(root, request)
        if status != "1" or code != 2:
            yield "%r: %s '%s', exit status %d" % (request, status, said, code)


def case_ctl(root):
    """betexctl asks, shows the answer, and ends with a status that says which it was."""
    add_blank(root, "vdb", "W-1", 255 * MIB)
    path = os.path.join(root, "socket")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        for arguments, wanted_status, wanted in (
                (["disks"], 0, "blank"), (["init", "W-1"], 1, "less than 256 MiB"),
                (["init", "W-2"], 1, "no disk has the serial number 'W-2'")):
            asker = subprocess.Popen([CTL, "wal", *arguments, "--socket", path],
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            connection, _ = listener.accept()
            with connection:
                subprocess.run([PROGRAM, "serve", "--root", root], stdin=connection,
                               stdout=connection, stderr=subprocess.DEVNULL, check=False)
            said = asker.communicate(timeout=DEADLINE_S)[0]
            if asker.returncode != wanted_status or wanted not in said:
                yield "%s: status %d, '%s'" % (arguments, asker.returncode, said)
    result = subprocess.run([CTL, "wal", "disks", "--socket", path], capture_output=True,
                            text=True, check=False)
    if result.returncode != 68 or "nobody answers" not in result.stderr:
        yield "without the service: status %d, '%s'" % (result.returncode, result.stderr)


def need(*tools):
    for tool in tools:
        if shutil.which(tool) is None:
            print("%s is not installed" % tool)
            sys.exit(SKIPPED)


def case_usage(root):
    """Wrong command lines, help, and a machine without disks to look through."""
    for arguments, wanted_status, wanted in (
            ([], 2, "want wait, check or serve"), (["look"], 2, "want wait, check or serve"),
            (["check", "more"], 2, "want wait, check or serve"), (["wait"], 2, "--link PATH"),
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
    need("sfdisk")
    with tempfile.TemporaryDirectory(prefix="betex-wal-disk-") as root:
        for folder in ("dev", "sys/block"):
            os.makedirs(os.path.join(root, folder))
        found = list(CASES[sys.argv[1]](root))
    for line in found:
        print("FAILED: %s" % line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
