# SPDX-License-Identifier: Apache-2.0
"""host.py - what the harness needs of the machine it runs on: commands, their failures, space."""
import os
import shutil
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# mke2fs and its kin are not on everybody's path.
SEARCH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
# Generous, because the machine may be loaded: whatever takes longer hangs.
DEADLINE_S = 180


class Failed(Exception):
    """Something that must hold does not hold; the text says what."""


class Unavailable(Exception):
    """The test cannot run on this machine; the text says what is missing."""


def require(*programs):
    """Raises Unavailable, naming those of the programs that are not installed."""
    missing = [name for name in programs if shutil.which(name, path=SEARCH) is None]
    if missing:
        raise Unavailable("not installed: " + " ".join(missing))


def run(*command, statuses=(0,), stdin=None, deadline=DEADLINE_S):
    """Runs a command to its end and returns what it printed, standard error behind it.

    Any exit status that is not among @statuses raises Failed with the output."""
    result = attempt(*command, stdin=stdin, deadline=deadline)
    if result.returncode not in statuses:
        raise Failed("%s: status %d: %s" % (" ".join(command), result.returncode,
                                            result.stdout.strip()[-2000:]))
    return result.stdout


def attempt(*command, stdin=None, deadline=DEADLINE_S):
    """Runs a command to its end, whatever comes of it."""
    settings = {**os.environ, "LC_ALL": "C", "PATH": SEARCH}
    try:
        return subprocess.run(command, input=stdin, env=settings, text=True, errors="replace",
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                              timeout=deadline)
    except FileNotFoundError as error:
        raise Unavailable("not installed: " + command[0]) from error
    except subprocess.TimeoutExpired as error:
        raise Failed("%s: no end after %d s" % (" ".join(command), deadline)) from error


def copy_sparse(source, target):
    """Copies a file; where the source has nothing but zeros the copy takes no space."""
    run("cp", "--sparse=always", source, target)
