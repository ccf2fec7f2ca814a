# SPDX-License-Identifier: Apache-2.0
"""stages.py - steps of a build that are done again only when what goes into them has changed."""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time


class BuildError(Exception):
    """What a person has to be told; the build ends."""


def run(*command, log=None, **options):
    """Runs a program.  When it fails, the end of what it said is the error."""
    environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC",
                   "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin",
                   **options.pop("env", {})}
    result = subprocess.run(command, env=environment, check=False, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, **options)
    if log is not None:
        with open(log, "ab") as file:
            file.write(result.stdout)
    if result.returncode != 0:
        said = result.stdout.decode("utf-8", "replace").strip().split("\n")
        raise BuildError("%s: exit status %d\n  %s" % (
            " ".join(command[:6]), result.returncode, "\n  ".join(said[-15:])))
    return result.stdout.decode("utf-8", "replace")


def file_hash(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def folder_hash(folder):
    """Of names, modes and contents of everything below @folder."""
    digest = hashlib.sha256()
    for where, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(where, name)
            link = os.path.islink(path)
            content = os.readlink(path) if link else file_hash(path)
            digest.update(json.dumps([os.path.relpath(path, folder), link,
                                      os.lstat(path).st_mode & 0o777, content]).encode())
    return digest.hexdigest()


class Stage:
    """One finished step: the folder with what it made, and the key of what went into it."""

    def __init__(self, folder, key):
        self.folder = folder
        self.key = key

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def text(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read().strip()


class Stages:
    """The steps of one build, in folders below @folder."""

    def __init__(self, folder, count):
        self.folder = folder
        self.count = count
        self.done = 0
        os.makedirs(folder, exist_ok=True)

    def run(self, name, code, make, inputs):
        """The stage @name: calls make(folder) unless the folder is there, made from the same
        @inputs: a dictionary of what json knows, and of other stages.  @code are the modules that
        do the work: they are inputs too."""
        self.done += 1
        known = {key: value.key if isinstance(value, Stage) else value
                 for key, value in inputs.items()}
        known["code"] = [file_hash(module.__file__) for module in code]
        key = hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()
        folder = os.path.join(self.folder, name)
        stamp = folder + ".key"
        started = time.monotonic()
        self.say(name, "...", end="\r" if sys.stdout.isatty() else "")
        if os.path.isdir(folder) and os.path.exists(stamp) and read(stamp) == key:
            self.say(name, "unchanged")
            return Stage(folder, key)
        if os.path.exists(stamp):
            os.unlink(stamp)
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        make(folder)
        with open(stamp, "w", encoding="utf-8") as file:
            file.write(key)
        self.say(name, "%.1f s" % (time.monotonic() - started))
        return Stage(folder, key)

    def say(self, name, what, end="\n"):
        if end:
            print("image: [%2d/%d] %-10s %-12s" % (self.done, self.count, name, what), end=end,
                  flush=True)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def list_of(path):
    """The lines of a list, without comments and empty ones."""
    lines = (line.split("#")[0].strip() for line in read(path).split("\n"))
    return [line for line in lines if line]
