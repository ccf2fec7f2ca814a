# SPDX-License-Identifier: Apache-2.0
"""closure.py - takes files out of unpacked packages, each with the libraries that it needs.

What is not named and not needed stays out: that is why the image has no shell."""
import fnmatch
import os
import re
import shutil

from stages import BuildError, run

LIBRARY_FOLDERS = ("usr/lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu/systemd",
                   "usr/lib/systemd", "usr/lib64", "usr/lib")
MERGED = ("bin", "sbin", "lib", "lib64")
# Too many files to look through for nothing.
NOT_INDEXED = ("usr/share/doc", "lib/modules", "usr/src")


def merged(path):
    """@path as it is called since /bin is a link to usr/bin."""
    return "usr/" + path if path.split("/")[0] in MERGED else path


def index(root):
    """Merged path -> path in @root, of files and links."""
    found = {}
    for where, folders, names in os.walk(root):
        inside = os.path.relpath(where, root)
        folders[:] = [name for name in folders
                      if os.path.normpath(os.path.join(inside, name)) not in NOT_INDEXED]
        links = [name for name in folders if os.path.islink(os.path.join(where, name))]
        for name in names + links:
            path = os.path.normpath(os.path.join(inside, name))
            found[merged(path)] = path
    return found


class Closure:
    """Copies from @source (unpacked packages) to @target (the root of the image)."""

    def __init__(self, source, target):
        self.source = source
        self.target = target
        self.files = index(source)
        self.taken = {}  # merged path -> path in the packages, None for what is ours

    def take_listed(self, patterns):
        for pattern in patterns:
            matches = fnmatch.filter(self.files, pattern)
            if not matches:
                raise BuildError("no package has %s" % pattern)
            for path in sorted(matches):
                self.take(path)

    def take(self, path):
        if path in self.taken:
            return
        if path not in self.files:
            raise BuildError("no package has %s" % path)
        self.taken[path] = self.files[path]
        source = os.path.join(self.source, self.files[path])
        target = os.path.join(self.target, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.islink(source):
            self.take_link(path, os.readlink(source), target)
        else:
            self.copy(source, target)

    def take_link(self, path, aim, target):
        os.symlink(aim, target)
        if aim == "/dev/null":
            return
        if not aim.startswith("/"):
            aim = os.path.normpath(os.path.join(os.path.dirname(path), aim))
        self.take(merged(aim.lstrip("/")))

    def take_program(self, source, path):
        """A program of ours, from outside the packages."""
        target = os.path.join(self.target, path)
        self.taken[path] = None
        os.makedirs(os.path.dirname(target), exist_ok=True)
        self.copy(source, target)
        run("strip", "--strip-unneeded", target)

    def copy(self, source, target):
        """No set-user-ID bit survives; what may be run may be run by everybody."""
        shutil.copyfile(source, target)
        os.chmod(target, 0o755 if os.stat(source).st_mode & 0o111 else 0o644)
        with open(source, "rb") as file:
            is_elf = file.read(4) == b"\x7fELF"
        if is_elf:
            self.take_libraries(source)

    def take_libraries(self, source):
        said = run("readelf", "--dynamic", "--program-headers", "--wide", source)
        for name in re.findall(r"\(NEEDED\).*\[(.*?)\]", said):
            for folder in LIBRARY_FOLDERS:
                if folder + "/" + name in self.files:
                    self.take(folder + "/" + name)
                    break
            else:
                raise BuildError("%s needs %s, which no package has" % (source, name))
        for loader in re.findall(r"interpreter: (.*?)\]", said):
            self.take(merged(loader.lstrip("/")))
