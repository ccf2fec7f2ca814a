# SPDX-License-Identifier: Apache-2.0
"""life.py - lives of an appliance between two power cuts, traded with at its console."""
import contextlib
import json
import os
import shutil

import disks
from claims import Claims
from host import Failed, copy_sparse
from prompt import Prompt
from qemu import Machine

# Ports: what the kernel and systemd say, and the one where we type, where they do not.
CONSOLE, OPERATOR = 0, 1
# systemd's line, when betexd has said that it serves.
READY = r"Started betexd\.service"


def make_folder(path):
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    return path


class Appliance:
    """A machine with a copy of the image and a disk for the log, all in @folder.

    @log_disk None: the machine has none.  @writes: where the writes to it are logged.
    @tamper: is called with the path of the system's disk before the start."""

    def __init__(self, image, folder, name, log_disk, writes=None, tamper=None):
        self.system = os.path.join(folder, name + ".system.img")
        self.machine = Machine(folder, name, serial_ports=2)
        image.copy_disk(self.system)
        image.boot_kernel(self.machine)
        self.machine.disk(self.system, "system")
        if writes is not None:
            self.machine.logged_disk(log_disk, writes, "wal")
        elif log_disk is not None:
            self.machine.disk(log_disk, "wal")
        if tamper is not None:
            tamper(self.system)
        self.machine.start()
        self.console = self.machine.lines[CONSOLE]
        self.port = self.machine.lines[OPERATOR]

    def wait_for_prompt(self):
        """Returns the operator's prompt once the engine serves."""
        for step in (r"Welcome to", READY):
            self.console.wait_for(step)
        prompt = Prompt(self.port)
        prompt.wait_for_engine()
        return prompt

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.machine.cut_power()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.system)


class Trader:
    """Hands commands in at the prompt, and claims of each answer that it is durable."""

    def __init__(self, prompt, claims):
        self.prompt = prompt
        self.claims = claims

    def do(self, command):
        lines = self.prompt.events(command)
        self.claims.add(lines)
        return [json.loads(line) for line in lines]

    def open_exchange(self):
        """Accounts with money, and a market."""
        for account in (1, 2, 3):
            self.do("account open %d" % account)
            self.do("account deposit %d 1000" % account)
        self.do("market open 7 odds runners=1,2,3 winners=1 min_size=2 commission=0.05")

    def match(self, size=4):
        """Has two accounts trade.  Raises Failed when the engine does not match them.

        A power cut between two such orders leaves the first, and the next ones meet it, too."""
        self.do("order place 1 7 back 2.5 %d runner=2" % size)
        events = self.do("order place 2 7 lay 2.5 %d runner=2" % size)
        trades = [event for event in events if event["ev"] == "TradeMatched"]
        if sum(trade["size"] for trade in trades if trade["price"] == 2.5) != size:
            raise Failed("two orders that match gave %r" % events)

    def churn(self, rounds):
        """Orders, trades, cancels and money, some of each in each round."""
        for turn in range(rounds):
            resting = self.do("order place 3 7 back %s 2 runner=%d" % (3 + turn % 10 / 20,
                                                                       1 + turn % 3))
            self.match(2 + turn % 5)
            self.do("order cancel 3 %d" % resting[0]["order"])
            self.do("account deposit 3 %d.25" % (1 + turn))


class Recorded:
    """What a logged life leaves for others: the first disk, the writes, the claims."""

    def __init__(self, folder):
        self.first_disk = os.path.join(folder, "first.img")
        self.disk = os.path.join(folder, "wal.img")
        self.writes = os.path.join(folder, "writes")
        self.claims_file = os.path.join(folder, "claims.json")

    def save(self, claims):
        with open(self.claims_file, "w", encoding="utf-8") as file:
            json.dump(claims.told, file)

    def load(self):
        claims = Claims(self.writes)
        with open(self.claims_file, encoding="utf-8") as file:
            claims.told = [tuple(row) for row in json.load(file)]
        return claims

    def make_disks(self):
        disks.make_wal_disk(self.first_disk)
        copy_sparse(self.first_disk, self.disk)
