# SPDX-License-Identifier: Apache-2.0
"""rebuild.py - many disks after a power cut, each looked at: does it hold what was claimed?"""
import concurrent.futures
import os
import random

from claims import Auditor
from life import make_folder
from write_log import PowerCuts, WriteLog

WORKERS = os.cpu_count() or 1


class Cuts:
    """Disks to make from what a life recorded, and what is wrong with them."""

    def __init__(self, recorded, programs, folder):
        self.recorded = recorded
        self.claims = recorded.load()
        self.programs = programs
        self.folder = folder
        self.entries = len(WriteLog(recorded.writes).entries)

    def moments(self, count, seed, first=0):
        """@count moments to cut at, in order: half of them when a client had just been told
        something, the others anywhere from entry @first on."""
        chance = random.Random(seed)
        told = [entries for entries, _, _ in self.claims.told if entries >= first]
        return sorted(chance.choice(told) if turn % 2 and told
                      else chance.randrange(first, self.entries + 1) for turn in range(count))

    def check(self, moments, seed, flushes_lost=0):
        """[(moment, verdict)] for a disk cut at each of the moments."""
        shares = [moments[number::WORKERS] for number in range(WORKERS)]
        with concurrent.futures.ProcessPoolExecutor(WORKERS) as pool:
            results = pool.map(self._check_share, range(WORKERS), shares,
                               [seed] * WORKERS, [flushes_lost] * WORKERS)
            return sorted((one for share in results for one in share), key=lambda one: one[0])

    def _check_share(self, number, moments, seed, flushes_lost):
        folder = make_folder(os.path.join(self.folder, "worker-%d" % number))
        cuts = PowerCuts(WriteLog(self.recorded.writes), self.recorded.first_disk, folder)
        auditor = Auditor(self.programs, folder)
        disk = os.path.join(folder, "disk.img")
        results = []
        for turn, moment in enumerate(moments):
            cuts.cut(moment, disk, "%s-%d-%d" % (seed, number, turn), flushes_lost)
            results.append((moment, auditor.judge(disk, self.claims.at(moment))))
        return results
