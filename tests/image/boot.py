#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""boot.py - boots the image of the appliance in QEMU and looks whether it does what it must.

Each case is a function case_<name> of cases.py or cases_long.py, whose first line says what must
hold.  Exit status: 0 all held, 1 some did not, 2 usage, 77 they cannot run here."""
import argparse
import inspect
import os
import sys
import time

import cases
import cases_long
from host import TOP, Failed, Unavailable, require
from image import Image

SKIPPED = 77


def cases_of(module):
    """{name: function} in the order of the file."""
    return {name[len("case_"):]: function
            for name, function in vars(module).items() if name.startswith("case_")}


FAST = cases_of(cases)
LONG = cases_of(cases_long)


class Run:
    """What the cases share: the image, programs, and where they may write."""

    def __init__(self, options):
        self.work = os.path.abspath(options.work)
        os.makedirs(self.work, exist_ok=True)
        self.programs = os.path.abspath(options.programs)
        self.figures = os.path.join(self.work, "figures.json")
        self.image = Image(os.path.abspath(options.image))

    def folder(self, name):
        return os.path.join(self.work, name)

    def program(self, name):
        """A program that only tests run."""
        path = os.path.join(os.path.dirname(self.programs), "tests", name)
        if not os.path.exists(path):
            raise Unavailable("%s is not built (./run build)" % name)
        return path


def one(run, name, function):
    """Runs one case and says what came of it: "passed", "failed" or "skipped"."""
    print("boot: %s: %s" % (name, inspect.getdoc(function).split("\n")[0]), flush=True)
    began = time.monotonic()
    try:
        outcome, text = "passed", function(run)
    except Failed as fault:
        outcome, text = "failed", str(fault)
    except Unavailable as reason:
        outcome, text = "skipped", str(reason)
    print("boot: %s: %s after %.0f s: %s" % (name, outcome, time.monotonic() - began, text),
          flush=True)
    return outcome


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="boot.py", description="Boots the image in QEMU and checks what must hold.",
        epilog="cases: %s; with --all also %s" % (", ".join(FAST), ", ".join(LONG)))
    parser.add_argument("--all", action="store_true", help="the long cases too")
    parser.add_argument("--image", default=os.path.join(TOP, "build", "image"), metavar="DIR")
    parser.add_argument("--programs", default=os.path.join(TOP, "build", "release", "bin"),
                        metavar="DIR")
    parser.add_argument("--work", default=os.path.join(TOP, "build", "boot"), metavar="DIR",
                        help="where disks and logs of the last run stay")
    parser.add_argument("case", nargs="*", help="only these cases")
    options = parser.parse_args(arguments)
    for name in options.case:
        if name not in FAST and name not in LONG:
            parser.error("no case '%s'" % name)
    return options


def main(arguments):
    options = parse(arguments)
    everything = {**FAST, **LONG}
    chosen = options.case or list(everything if options.all else FAST)
    try:
        require("qemu-system-x86_64", "mcopy", "mke2fs", "e2fsck", "debugfs", "sfdisk")
        run = Run(options)
    except Unavailable as reason:
        print("the image is not booted: %s" % reason)
        return SKIPPED
    outcomes = [one(run, name, everything[name]) for name in chosen]
    if len(chosen) == 1 and outcomes == ["skipped"]:
        return SKIPPED
    line = "%d passed, %d failed" % (outcomes.count("passed"), outcomes.count("failed"))
    if "skipped" in outcomes:
        line += ", %d skipped" % outcomes.count("skipped")
    print(line)
    return 1 if "failed" in outcomes or "passed" not in outcomes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
