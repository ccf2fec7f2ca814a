# SPDX-License-Identifier: Apache-2.0
"""write_log.py - what a disk was told, in order, and the disks that a power cut may have left.

QEMU's driver blklogwrites writes the format of Linux's dm-log-writes: a header of one sector
(magic, version, number of entries, sector size), then entries, each one sector (first sector,
sectors, flags, length) and its data.  The number of entries in the header is written anew at each
flush, before the machine hears that the flush is done.  So whoever has just been told by a program
in the machine that something is safe may read the number: the flush that made it safe is among
these entries.

**A cut at entry N** is a disk that has everything up to the last flush before N, and of what was
written between that flush and N a random subset, sector by sector: the disk's own cache forgets
some and keeps some, in no order.
"""
import os
import random
import struct

from host import Failed, copy_sparse

HEADER = struct.Struct("<QQQI")
ENTRY = struct.Struct("<QQQQ")
MAGIC = 0x6A736677736872
VERSION = 1
FLUSH, FUA, DISCARD = 1, 2, 4


class Entry:
    """Sectors written, or a flush, or both; where the data stand in the log."""
    __slots__ = ("sector", "sectors", "flags", "offset")

    def __init__(self, sector, sectors, flags, offset):
        self.sector, self.sectors, self.flags, self.offset = sector, sectors, flags, offset


def entries_so_far(path):
    """How many entries the log had at the last flush that was done; 0 before the first one."""
    with open(path, "rb") as file:
        header = file.read(HEADER.size)
    if len(header) < HEADER.size:
        return 0
    magic, version, entries, _ = HEADER.unpack(header)
    if magic == 0:
        return 0
    if (magic, version) != (MAGIC, VERSION):
        raise Failed("%s: no log of writes" % path)
    return entries


class WriteLog:
    """A log that nobody writes to any more; what is behind its last flush belongs to it."""

    def __init__(self, path):
        self.path = path
        self.entries = []
        with open(path, "rb") as file:
            header = file.read(HEADER.size)
            if len(header) < HEADER.size or HEADER.unpack(header)[:2] != (MAGIC, VERSION):
                raise Failed("%s: no log of writes, or one without a flush" % path)
            _, _, sure, self.sector_size = HEADER.unpack(header)
            length = os.fstat(file.fileno()).st_size
            offset = self.sector_size
            while offset + ENTRY.size <= length:
                file.seek(offset)
                sector, sectors, flags, _ = ENTRY.unpack(file.read(ENTRY.size))
                # Behind the last flush QEMU may have been ended in the middle of writing.
                if (sectors, flags) == (0, 0) and len(self.entries) >= sure:
                    break
                self._judge(sectors, flags)
                data = offset + self.sector_size
                offset = data + sectors * self.sector_size
                if offset > length:
                    break
                self.entries.append(Entry(sector, sectors, flags, data))
        if len(self.entries) < sure:
            raise Failed("%s: %d entries of %d" % (path, len(self.entries), sure))

    def _judge(self, sectors, flags):
        if flags & ~(FLUSH | FUA) or (sectors == 0 and flags == 0):
            raise Failed("%s: entry %d: %d sectors with flags %d are not understood" %
                         (self.path, len(self.entries), sectors, flags))

    def flushes(self):
        """The indices of all flushes."""
        return [index for index, entry in enumerate(self.entries) if entry.flags & FLUSH]


class PowerCuts:
    """Makes disks from the one that there was when the log began.  Cuts must not go back: what is
    sure is applied to a disk in @folder that goes along."""

    def __init__(self, log, first_disk, folder):
        self.log = log
        self.sure = os.path.join(folder, "sure.img")
        self.applied = 0
        copy_sparse(first_disk, self.sure)

    def _write(self, disk, log, entry, keeps=lambda: True):
        size = self.log.sector_size
        for number in range(entry.sectors):
            if keeps():
                disk.seek((entry.sector + number) * size)
                log.seek(entry.offset + number * size)
                disk.write(log.read(size))

    def cut(self, at, target, seed, flushes_lost=0):
        """Writes to @target the disk after a cut at entry @at.  The subset comes from @seed.

        With @flushes_lost the disk lies: the last so many flushes before @at did nothing."""
        chance = random.Random(seed)
        flushes = [index for index in self.log.flushes() if index < at]
        kept = len(flushes) - flushes_lost
        sure = flushes[kept - 1] + 1 if kept > 0 else 0
        if sure < self.applied:
            raise ValueError("cuts must not go back")
        # How much of its cache the disk had written by itself.
        share = chance.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        with open(self.log.path, "rb") as log:
            with open(self.sure, "r+b") as disk:
                for entry in self.log.entries[self.applied:sure]:
                    self._write(disk, log, entry)
            self.applied = sure
            copy_sparse(self.sure, target)
            with open(target, "r+b") as disk:
                for entry in self.log.entries[sure:at]:
                    # Forced unit access: this write alone was on the disk when it ended.
                    self._write(disk, log, entry, lambda entry=entry:
                                entry.flags & FUA or chance.random() < share)
