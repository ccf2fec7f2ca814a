#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""flash.py - writes the image of the appliance to a disk; ./run flash calls it.

Before: the image is what its checksums say, the configuration is valid, and the disk is nobody
else's.  After: every byte is read back from the disk, past the caches."""
import argparse
import json
import mmap
import os
import re
import stat
import subprocess
import sys
import tempfile

from stages import BuildError, file_hash, read, run

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CHUNK_BYTES = 4 << 20
CONFIG_LABEL = "betex-config"


# --- What is written ------------------------------------------------------------------------------

def check_image(folder):
    """The path of the disk image, when it is what SHA256SUMS says."""
    path = os.path.join(folder, "betex.img")
    sums = os.path.join(folder, "SHA256SUMS")
    if not os.path.exists(path) or not os.path.exists(sums):
        raise BuildError("there is no image in %s (./run image makes one)" % folder)
    for line in read(sums).split("\n"):
        if line.endswith("  betex.img"):
            if line.split()[0] != file_hash(path):
                raise BuildError("betex.img is not what SHA256SUMS says (./run image)")
            return path
    raise BuildError("%s does not name betex.img" % sums)


def offset_of(image, label):
    """Where the partition begins, in bytes."""
    table = json.loads(run("sfdisk", "--json", image))["partitiontable"]
    for row in table["partitions"]:
        if row.get("name") == label:
            return row["start"] * table["sectorsize"]
    raise BuildError("%s has no partition %s" % (image, label))


def with_config(image, config, programs, folder):
    """A copy of the image with another configuration, which was checked."""
    result = subprocess.run([os.path.join(programs, "betexctl"), "config", "check", config],
                            check=False, capture_output=True, text=True)
    if result.returncode != 0:
        raise BuildError("the configuration is not valid:\n%s" % result.stderr.strip())
    copy = os.path.join(folder, "betex.img")
    run("cp", "--sparse=always", image, copy)
    run("mcopy", "-o", "-i", "%s@@%d" % (copy, offset_of(copy, CONFIG_LABEL)), config,
        "::betex.yaml")
    return copy


# --- Where it is written --------------------------------------------------------------------------

class Target:
    """A disk, or for tests and virtual machines a file that is as large as one."""

    def __init__(self, path):
        self.path = path
        status = os.stat(path)
        self.is_disk = stat.S_ISBLK(status.st_mode)
        if not self.is_disk and not stat.S_ISREG(status.st_mode):
            raise BuildError("%s is no disk" % path)
        self.name = os.path.basename(os.path.realpath(path))
        with open(path, "rb") as file:
            self.size = file.seek(0, os.SEEK_END)

    def fact(self, name):
        try:
            return read(os.path.join("/sys/block", self.name, name)).strip()
        except (OSError, UnicodeDecodeError):
            return ""

    def describe(self):
        size = "%.1f GB" % (self.size / 1e9)
        if not self.is_disk:
            return "%s: a file of %s" % (self.path, size)
        known = [self.fact("device/model"), size,
                 "serial " + (self.fact("serial") or self.fact("device/serial") or "unknown")]
        return "%s: %s" % (self.path, ", ".join(filter(None, known)))

    def content(self):
        """What is on it now, a line for each partition."""
        try:
            table = json.loads(run("sfdisk", "--json", self.path))["partitiontable"]
        except BuildError:
            return ["no partition table"]
        unit = table.get("sectorsize", 512) / 1e6
        return ["%s  %8.1f MB  %s" % (row["node"], row["size"] * unit, row.get("name", ""))
                for row in table.get("partitions", [])] or ["an empty partition table"]

    def check(self, size):
        if self.size < size:
            raise BuildError("%s has %d bytes, the image %d" % (self.path, self.size, size))
        if not self.is_disk:
            return
        if not os.path.isdir(os.path.join("/sys/block", self.name)):
            raise BuildError("%s is a part of a disk (name the whole one)" % self.path)
        if self.fact("ro") == "1":
            raise BuildError("%s is write-protected" % self.path)
        used = self.users()
        if used:
            raise BuildError("%s is in use: %s" % (self.path, ", ".join(used)))

    def users(self):
        """Who has the disk or a part of it: mount points, swap, devices that stand on it."""
        folder = os.path.join("/sys/block", self.name)
        parts = [self.name] + [name for name in os.listdir(folder)
                               if os.path.exists(os.path.join(folder, name, "partition"))]
        found = []
        for part in parts:
            where = folder if part == self.name else os.path.join(folder, part)
            found += ["/dev/" + name for name in os.listdir(os.path.join(where, "holders"))]
        for line in read("/proc/mounts").split("\n") + read("/proc/swaps").split("\n"):
            words = line.split()
            if words and os.path.basename(os.path.realpath(words[0])) in parts:
                found.append(" on ".join(words[:2]))
        return found


def ask(target):
    """True when a person has typed the name of the disk."""
    print("Everything on it will be lost. Type %s to go on: " % target.name, end="", flush=True)
    return sys.stdin.readline().strip() in (target.name, target.path)


# --- Writing --------------------------------------------------------------------------------------

class Progress:
    def __init__(self, what, size):
        self.what = what
        self.size = size
        self.shown = -1

    def at(self, position):
        percent = 100 * position // self.size
        if percent != self.shown and (sys.stdout.isatty() or percent == 100):
            print("\r%s %3d %%" % (self.what, percent), end="\n" if percent == 100 else "",
                  flush=True)
            self.shown = percent


def write_all(image, target, size):
    """Zeros too: the disk may hold something else there."""
    progress = Progress("writing  ", size)
    with open(image, "rb") as source, open(target.path, "r+b", buffering=0) as file:
        position = 0
        while chunk := source.read(CHUNK_BYTES):
            while chunk:
                chunk = chunk[file.write(chunk):]
            position = source.tell()
            progress.at(position)
        os.fsync(file.fileno())


def read_back(image, target, size):
    """Compares byte for byte.  O_DIRECT: from the disk, and not from the memory of this machine."""
    progress = Progress("verifying", size)
    buffer = mmap.mmap(-1, CHUNK_BYTES)  # aligned, as O_DIRECT wants
    try:
        descriptor = os.open(target.path, os.O_RDONLY | os.O_DIRECT)
    except OSError:
        descriptor = os.open(target.path, os.O_RDONLY)  # a filesystem that has none: a file there
    with open(image, "rb") as source, os.fdopen(descriptor, "rb", buffering=0) as file:
        position = 0
        while chunk := source.read(CHUNK_BYTES):
            file.readinto(buffer)
            if buffer[:len(chunk)] != chunk:
                raise BuildError("%s does not give back what was written, within %d bytes from %d: "
                                 "the disk is bad" % (target.path, len(chunk), position))
            position += len(chunk)
            progress.at(position)


def flash(target, image):
    size = os.path.getsize(image)
    write_all(image, target, size)
    read_back(image, target, size)
    if target.size > size:
        # The second copy of the partition table belongs at the end of the disk.
        run("sfdisk", "--quiet", "--relocate", "gpt-bak-std", target.path)


def main():
    parser = argparse.ArgumentParser(
        prog="./run flash", description="Writes the image of the appliance to a disk.",
        epilog="example: ./run flash /dev/sdx --config betex.yaml")
    parser.add_argument("device", help="the whole disk, such as /dev/sdx")
    parser.add_argument("--config", metavar="FILE", help="a configuration to put on it")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--image", metavar="DIR", default=os.path.join(TOP, "build", "image"),
                        help="where the image is; default: build/image")
    parser.add_argument("--programs", metavar="DIR", help=argparse.SUPPRESS,
                        default=os.path.join(TOP, "build", "release", "bin"))
    options = parser.parse_args()

    try:
        image = check_image(options.image)
        target = Target(options.device)
        target.check(os.path.getsize(image))
        with tempfile.TemporaryDirectory(prefix="betex-flash-") as folder:
            if options.config:
                image = with_config(image, options.config, options.programs, folder)
            print(target.describe())
            for line in target.content():
                print("  " + line)
            if not options.yes and not ask(target):
                raise BuildError("nothing was written")
            flash(target, image)
    except (BuildError, OSError) as error:
        print("flash: %s" % re.sub(r"^\[Errno \d+\] ", "", str(error)), file=sys.stderr)
        return 1
    print("flash: %s is ready; attach the disk of the log and start from it" % target.path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
