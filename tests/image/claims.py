# SPDX-License-Identifier: Apache-2.0
"""claims.py - what a client was told is durable, and whether a disk holds it."""
import json
import os
import shutil

import disks
import write_log
from host import Failed, attempt


class Claims:
    """Events that a client was told of, each with the entries that the log of writes had then."""

    def __init__(self, log_path):
        self.log_path = log_path
        self.told = []  # (entries, seq, the event as a line of JSON)

    def add(self, lines):
        """Notes events that came just now; the flush that made them durable is in the log."""
        entries = write_log.entries_so_far(self.log_path)
        self.told += [(entries, json.loads(line)["seq"], line) for line in lines]

    def at(self, entries):
        """{seq: line} of what was told until the log had so many entries."""
        return {seq: line for when, seq, line in self.told if when <= entries}


class Verdict:
    """What is wrong with a disk: claims that are not on it, and damage of any kind."""

    def __init__(self):
        self.lost = []
        self.damage = []

    def right(self):
        return not self.lost and not self.damage

    def __str__(self):
        lost = ["lost: " + line for line in self.lost[:3]]
        return "; ".join(lost + self.damage) or "right"


class Auditor:
    """Looks at disks with the programs in @programs; works in @folder."""

    def __init__(self, programs, folder):
        self.betex_wal = os.path.join(programs, "betex-wal")
        self.folder = folder

    def events(self, log):
        """The lines of all events of the log in that folder, by seq."""
        printed = attempt(self.betex_wal, "dump", "--events", log).stdout
        lines = [line for line in printed.split("\n") if line.startswith('{"seq":')]
        return {json.loads(line)["seq"]: line for line in lines}

    def judge(self, disk, claimed):
        """Looks whether the log on a disk is whole and holds what was claimed: {seq: line}.  The
        disk is left as it is; on a copy the filesystem's journal is replayed, as a mount does."""
        verdict = Verdict()
        log = os.path.join(self.folder, "log")
        filesystem = os.path.join(self.folder, "filesystem.img")
        shutil.rmtree(log, ignore_errors=True)
        disks.take_filesystem(disk, filesystem)
        try:
            disks.replay_journal(filesystem)
            disks.check_filesystem(filesystem)
        except Failed as fault:
            verdict.damage.append(str(fault))
        disks.copy_files(filesystem, log)
        self.judge_log(log, claimed, verdict)
        shutil.rmtree(log)
        return verdict

    def judge_log(self, log, claimed, verdict):
        """Adds to the verdict what is wrong with the log in that folder."""
        if not claimed and not os.path.exists(os.path.join(log, "wal.id")):
            return  # The cut was before the log had begun.
        result = attempt(self.betex_wal, "verify", log)
        if result.returncode != 0:
            verdict.damage.append("betex-wal verify: status %d: %s" %
                                  (result.returncode, result.stdout.strip()[-500:]))
        there = self.events(log)
        verdict.lost = [line for seq, line in sorted(claimed.items()) if there.get(seq) != line]
