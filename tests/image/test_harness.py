#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""test_harness.py - the parts of the harness that decide whether a disk is right, without a
machine: a harness that overlooks things would pass whatever the appliance does."""
import os
import socket
import struct
import sys
import tempfile
import threading
import unittest

import disks
import write_log
from claims import Auditor, Claims, Verdict
from host import Failed, Unavailable, require
from prompt import ANSWER, Prompt
from serial_line import SerialLine, plain
from write_log import DISCARD, ENTRY, FLUSH, FUA, HEADER, PowerCuts, WriteLog

SIZE = 512
SKIPPED = 77


def sector(byte):
    return bytes([byte]) * SIZE


def log_bytes(entries, sure=None):
    """A log of (sector, data, flags), as QEMU writes it."""
    sure = len(entries) if sure is None else sure
    parts = [HEADER.pack(write_log.MAGIC, write_log.VERSION, sure, SIZE).ljust(SIZE, b"\0")]
    for number, data, flags in entries:
        parts.append(ENTRY.pack(number, len(data) // SIZE, flags, 0).ljust(SIZE, b"\0") + data)
    return b"".join(parts)


class Scratch(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory(prefix="betex-harness-")
        self.folder = self.scratch.name
        self.addCleanup(self.scratch.cleanup)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()


class Cutting(Scratch):
    """Eight sectors of zeros, and what was written to them."""

    def cut(self, entries, at, seed="x", **options):
        log = WriteLog(self.write("writes", log_bytes(entries)))
        first = self.write("first.img", bytes(8 * SIZE))
        PowerCuts(log, first, self.folder).cut(at, self.path("cut.img"), seed, **options)
        disk = self.read("cut.img")
        return [disk[number * SIZE] for number in range(8)]

    def outcomes(self, entries, at, **options):
        return {tuple(self.cut(entries, at, seed=seed, **options)) for seed in range(60)}

    def test_cut__what_was_flushed__is_always_there(self):
        entries = [(1, sector(7) + sector(8), 0), (0, b"", FLUSH), (4, sector(9), 0)]
        for disk in self.outcomes(entries, at=3):
            self.assertEqual(disk[1:3], (7, 8))

    def test_cut__what_was_not_flushed__is_there_or_not_by_sectors(self):
        entries = [(1, sector(7) + sector(8), 0)]
        self.assertEqual({disk[1:3] for disk in self.outcomes(entries, at=1)},
                         {(0, 0), (7, 0), (0, 8), (7, 8)})

    def test_cut__a_sector_written_twice__may_be_either(self):
        entries = [(1, sector(7), 0), (1, sector(8), 0)]
        self.assertEqual({disk[1] for disk in self.outcomes(entries, at=2)}, {0, 7, 8})

    def test_cut__what_came_behind_the_moment__is_never_there(self):
        entries = [(1, sector(7), 0), (0, b"", FLUSH), (1, sector(8), 0), (0, b"", FLUSH)]
        self.assertEqual({disk[1] for disk in self.outcomes(entries, at=2)}, {7})

    def test_cut__a_write_with_forced_access__is_there_without_a_flush(self):
        entries = [(1, sector(7), 0), (2, sector(8), FUA)]
        self.assertEqual({disk[2] for disk in self.outcomes(entries, at=2)}, {8})

    def test_cut__the_disk_lies__flushes_are_lost(self):
        entries = [(1, sector(7), 0), (0, b"", FLUSH), (2, sector(8), 0), (0, b"", FLUSH)]
        found = self.outcomes(entries, at=4, flushes_lost=1)
        self.assertEqual({disk[1:3] for disk in found}, {(7, 0), (7, 8)})

    def test_cut__one_after_the_other__is_as_each_by_itself(self):
        entries = [(turn % 8, sector(turn + 1), FLUSH if turn % 3 == 2 else 0)
                   for turn in range(20)]
        log = WriteLog(self.write("writes", log_bytes(entries)))
        cuts = PowerCuts(log, self.write("first.img", bytes(8 * SIZE)), self.folder)
        for at in (3, 3, 11, 20):
            cuts.cut(at, self.path("together.img"), seed=at)
            together = self.read("together.img")
            self.cut(entries, at, seed=at)
            self.assertEqual(together, self.read("cut.img"))

    def test_cut__backwards__is_an_error_of_the_caller(self):
        entries = [(1, sector(7), FLUSH)] * 2
        cuts = PowerCuts(WriteLog(self.write("writes", log_bytes(entries))),
                         self.write("first.img", bytes(8 * SIZE)), self.folder)
        cuts.cut(2, self.path("cut.img"), seed=1)
        with self.assertRaises(ValueError):
            cuts.cut(1, self.path("cut.img"), seed=1)


class ReadingTheLog(Scratch):
    def test_entries_so_far__no_flush_yet__is_zero(self):
        self.assertEqual(write_log.entries_so_far(self.write("writes", b"")), 0)
        self.assertEqual(write_log.entries_so_far(self.write("writes", bytes(4096))), 0)

    def test_entries_so_far__after_a_flush__is_the_count_in_the_header(self):
        path = self.write("writes", log_bytes([(0, b"", FLUSH)] * 3, sure=2))
        self.assertEqual(write_log.entries_so_far(path), 2)

    def test_entries_so_far__not_a_log__is_said(self):
        with self.assertRaises(Failed):
            write_log.entries_so_far(self.write("writes", sector(9)))

    def test_write_log__a_torn_entry_behind_the_last_flush__is_left_out(self):
        whole = log_bytes([(1, sector(7), FLUSH), (2, sector(8), 0)], sure=1)
        log = WriteLog(self.write("writes", whole[:-1]))
        self.assertEqual([(entry.sector, entry.flags) for entry in log.entries], [(1, FLUSH)])

    def test_write_log__a_torn_entry_before_the_last_flush__is_an_error(self):
        whole = log_bytes([(1, sector(7), FLUSH), (2, sector(8), FLUSH)])
        with self.assertRaises(Failed):
            WriteLog(self.write("writes", whole[:-1]))

    def test_write_log__an_entry_of_a_kind_not_known__is_an_error(self):
        with self.assertRaises(Failed):
            WriteLog(self.write("writes", log_bytes([(1, b"", DISCARD), (0, b"", FLUSH)])))


class Disks(Scratch):
    def test_wal_disk__files_in_it__come_out_again(self):
        disk = self.path("disk.img")
        disks.make_wal_disk(disk, mebibytes=16)
        part = disks.partition(disk, "betex-wal")
        self.assertEqual((part.kind, part.offset), (disks.WAL_TYPE, disks.MIB))
        source = self.write("source", b"text" * 5000)
        disks.run("debugfs", "-w", "-R", "write %s name" % source,
                  "%s?offset=%d" % (disk, part.offset))
        filesystem = self.path("filesystem.img")
        disks.take_filesystem(disk, filesystem)
        disks.replay_journal(filesystem)
        disks.check_filesystem(filesystem)
        disks.copy_files(filesystem, self.path("out"))
        self.assertEqual(self.read("out/name"), self.read("source"))

    def test_check_filesystem__a_damaged_one__is_said(self):
        disk, filesystem = self.path("disk.img"), self.path("filesystem.img")
        disks.make_wal_disk(disk, mebibytes=16)
        disks.take_filesystem(disk, filesystem)
        # The groups' descriptors follow the superblock's block.
        disks.flip_byte(filesystem, 4096 + 8)
        with self.assertRaises(Failed):
            disks.check_filesystem(filesystem)

    def test_partition__none_of_that_name__is_said(self):
        disk = self.path("disk.img")
        disks.make_wal_disk(disk, mebibytes=16)
        with self.assertRaises(Failed):
            disks.partition(disk, "other")

    def test_put_file__into_a_fat_partition__is_there(self):
        disk = self.path("disk.img")
        disks.make_wal_disk(disk, mebibytes=16, name="config")
        part = disks.partition(disk, "config")
        disks.run("mformat", "-i", "%s@@%d" % (disk, part.offset), "-T", str(part.size // 512),
                  "::")
        disks.put_file(disk, "config", self.write("betex.yaml", b"engine:\n"), "betex.yaml")
        self.assertEqual(disks.run("mtype", "-i", "%s@@%d" % (disk, part.offset), "::betex.yaml"),
                         "engine:\n")


class WhatWasClaimed(Scratch):
    def test_claims__told_after_a_flush__belong_to_every_later_cut(self):
        path = self.write("writes", log_bytes([(0, b"", FLUSH)] * 5, sure=4))
        claims = Claims(path)
        claims.add(['{"seq":3}'])
        self.assertEqual(claims.at(3), {})
        self.assertEqual(claims.at(4), {3: '{"seq":3}'})

    def test_auditor__a_claim_that_is_missing_or_different__is_lost(self):
        auditor = Auditor(self.folder, self.folder)
        events = ['{"seq":1,"ev":"A"}', '{"seq":2,"ev":"B"}']
        self.write("betex-wal", ("#!/bin/sh\n[ $1 = verify ] || printf '%%s\\n' '%s' '%s'\n" %
                                 tuple(events)).encode())
        os.chmod(self.path("betex-wal"), 0o755)
        verdict = Verdict()
        auditor.judge_log(self.folder, {1: events[0], 2: '{"seq":2,"ev":"C"}', 3: '{"seq":3}'},
                          verdict)
        self.assertEqual(verdict.lost, ['{"seq":2,"ev":"C"}', '{"seq":3}'])
        self.assertFalse(verdict.right())

    def test_auditor__a_log_that_verify_refuses__is_damage(self):
        auditor = Auditor(self.folder, self.folder)
        self.write("betex-wal", b"#!/bin/sh\nexit 1\n")
        os.chmod(self.path("betex-wal"), 0o755)
        self.write("wal.id", b"")
        verdict = Verdict()
        auditor.judge_log(self.folder, {}, verdict)
        self.assertEqual((verdict.lost, len(verdict.damage)), ([], 1))


class Typing(Scratch):
    def line(self):
        ours, theirs = socket.socketpair()
        line = SerialLine("port", ours, self.path("port.log"))

        def close():
            theirs.close()
            line.close()
        self.addCleanup(close)
        return line, theirs

    def test_plain__sequences_of_a_terminal__are_gone(self):
        self.assertEqual(plain(b"\x1b[0;32m  OK  \x1b[0m] a\x1b(B\r\n\x1b]0;t\x07b\r"),
                         "  OK  ] a\nb\n")

    def test_wait_for__the_text_comes_later__is_found(self):
        line, theirs = self.line()
        theirs.sendall(b"one\r\n")
        line.wait_for("one")
        since = line.position()
        theirs.sendall(b"t\x1b[1mwo\r\n")
        self.assertEqual(line.wait_for("(two)\n", since=since).group(1), "two")

    def test_wait_for__the_machine_ends__fails_at_once(self):
        line, theirs = self.line()
        theirs.sendall(b"one\r\n")
        theirs.close()
        with self.assertRaisesRegex(Failed, "the machine ended"):
            line.wait_for("two")

    def test_wait_for__the_deadline_passes__fails_and_shows_what_came(self):
        line, theirs = self.line()
        theirs.sendall(b"one\r\n")
        line.wait_for("one")
        with self.assertRaisesRegex(Failed, "(?s)went by without.*one"):
            line.wait_for("two", deadline=0)

    def prompt(self, answer):
        """A prompt whose other end echoes what is typed, and gives that answer to it."""
        line, theirs = self.line()
        theirs.sendall(b"betex> ")
        typed = bytearray()

        def peer():
            while not typed.endswith(b"\r"):
                typed.extend(theirs.recv(100))
            theirs.sendall(bytes(typed) + b"\n" + answer + b"betex> ")
        other = threading.Thread(target=peer)
        other.start()
        self.addCleanup(other.join)
        return Prompt(line), typed

    def test_ask__an_answer_of_two_lines__is_returned_without_echo_and_prompt(self):
        prompt, typed = self.prompt(b"first\r\nsecond\r\n")
        self.assertEqual(prompt.ask("market ls"), "first\nsecond\n")
        self.assertEqual(typed, b"market ls\r")

    def test_events__a_refusal__fails_with_its_words(self):
        prompt, _ = self.prompt(b"betexctl: refused: no (WHY)\r\n")
        with self.assertRaisesRegex(Failed, "WHY"):
            prompt.events("x")

    def test_events__an_answer__is_the_lines_byte_for_byte(self):
        prompt, _ = self.prompt(b'note\r\n{"seq":1, "ev":"A"}\r\n')
        self.assertEqual(prompt.events("x"), ['{"seq":1, "ev":"A"}'])

    def test_facts__something_is_shown__is_an_object(self):
        prompt, _ = self.prompt(b'{"a":[1]}\r\n')
        self.assertEqual(prompt.facts("x"), {"a": [1]})

    def test_answer__the_echo_alone__is_no_answer(self):
        self.assertIsNone(ANSWER.search("betex> market ls"))
        self.assertIsNone(ANSWER.search("market ls\nfirst\n"))


class Partitions(Scratch):
    def test_partitions__not_a_gpt__is_said(self):
        with self.assertRaises(Failed):
            disks.partitions(self.write("disk.img", struct.pack("<Q", 0) * 512))


if __name__ == "__main__":
    try:
        require("sfdisk", "mke2fs", "e2fsck", "debugfs", "mformat", "mcopy", "mtype")
    except Unavailable as reason:
        print("the harness is not tested: %s" % reason)
        sys.exit(SKIPPED)
    unittest.main()
