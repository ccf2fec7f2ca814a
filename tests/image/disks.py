# SPDX-License-Identifier: Apache-2.0
"""disks.py - disks as files: partitions read, disks for the log made and taken apart, files put in.
Nothing is mounted and no loop device is used, so that none of it needs rights."""
import os
import struct
import uuid

from host import Failed, run

SECTOR = 512
# By this type and name a disk is one for the log of betex.
WAL_TYPE = "be7ec5a1-0000-4000-8000-0000a15d15c0"
WAL_NAME = "betex-wal"
MIB = 1024 * 1024


class Partition:
    """A row of a GPT: number from 1, name, GUIDs, and where it is in bytes."""

    def __init__(self, number, name, kind, guid, offset, size):
        self.number, self.name, self.kind, self.guid = number, name, kind, guid
        self.offset, self.size = offset, size


def partitions(path):
    """The partitions of a disk, by number."""
    with open(path, "rb") as disk:
        disk.seek(SECTOR)
        header = disk.read(92)
        if header[:8] != b"EFI PART":
            raise Failed("%s: no GPT" % path)
        start, count, size = struct.unpack_from("<QII", header, 72)
        disk.seek(start * SECTOR)
        rows = disk.read(count * size)
    found = []
    for number in range(count):
        row = rows[number * size:(number + 1) * size]
        kind, guid = uuid.UUID(bytes_le=row[:16]), uuid.UUID(bytes_le=row[16:32])
        if kind.int == 0:
            continue
        first, last = struct.unpack_from("<QQ", row, 32)
        name = row[56:128].decode("utf-16-le").split("\0")[0]
        found.append(Partition(number + 1, name, str(kind), str(guid), first * SECTOR,
                               (last - first + 1) * SECTOR))
    return found


def partition(path, name):
    """The one partition of that name."""
    matching = [part for part in partitions(path) if part.name == name]
    if len(matching) != 1:
        raise Failed("%s: %d partitions are named %s" % (path, len(matching), name))
    return matching[0]


def make_wal_disk(path, mebibytes=96, name=WAL_NAME, kind=WAL_TYPE, owner=None):
    """Makes a disk for the log: GPT, one partition, ext4."""
    with open(path, "wb") as disk:
        disk.truncate(mebibytes * MIB)
    run("sfdisk", "-q", path, stdin="label: gpt\nstart=2048, size=%d, type=%s, name=\"%s\"\n" %
        ((mebibytes - 2) * MIB // SECTOR, kind, name))
    part = partition(path, name)
    options = ["offset=%d" % part.offset, "lazy_itable_init=0", "lazy_journal_init=0"]
    if owner is not None:
        options.append("root_owner=%d:%d" % owner)
    run("mke2fs", "-q", "-t", "ext4", "-b", "4096", "-L", name, "-m", "0", "-J", "size=4",
        "-E", ",".join(options), path, "%dK" % (part.size // 1024))


def take_filesystem(path, target, name=WAL_NAME):
    """Copies the filesystem in that partition into a file of its own.

    (e2fsck takes one at an offset, but forgets the offset once it has replayed the journal.)"""
    part = partition(path, name)
    end = part.offset + part.size
    with open(path, "rb") as disk, open(target, "wb") as file:
        file.truncate(part.size)
        at = part.offset
        while at < end:
            try:
                at = os.lseek(disk.fileno(), at, os.SEEK_DATA)
            except OSError:  # Nothing but a hole up to the end.
                break
            hole = os.lseek(disk.fileno(), at, os.SEEK_HOLE)
            while at < min(hole, end):
                some = os.pread(disk.fileno(), min(MIB, min(hole, end) - at), at)
                os.pwrite(file.fileno(), some, at - part.offset)
                at += len(some)


def replay_journal(filesystem):
    """Does what the kernel does first when it mounts a filesystem after a power cut."""
    run("e2fsck", "-y", "-E", "journal_only", filesystem, statuses=(0, 1))


def check_filesystem(filesystem):
    """Raises Failed with what e2fsck has to say of a filesystem.  Changes nothing."""
    run("e2fsck", "-fn", filesystem)


def copy_files(filesystem, folder):
    """Copies all files out of a filesystem whose journal has been replayed."""
    os.makedirs(folder)
    run("debugfs", "-R", "rdump / %s" % folder, filesystem)


def put_file(path, name, source, target):
    """Puts a file into the FAT filesystem in that partition."""
    run("mcopy", "-o", "-i", "%s@@%d" % (path, partition(path, name).offset), source, "::" + target)


def fill(path, part, source):
    """Writes a file into a partition, from its beginning."""
    if os.path.getsize(source) > part.size:
        raise Failed("%s is longer than partition %d" % (source, part.number))
    run("dd", "if=" + source, "of=" + path, "bs=1M", "oflag=seek_bytes",
        "seek=%d" % part.offset, "conv=notrunc", "status=none")


def flip_byte(path, offset):
    """Turns every bit of one byte."""
    with open(path, "r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 0xFF]))
