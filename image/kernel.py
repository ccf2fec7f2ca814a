# SPDX-License-Identifier: Apache-2.0
"""kernel.py - Debian's kernel and those of its modules that modules.list names, unchanged: they
carry Debian's signature, without which the kernel does not load them."""
import glob
import os
import shutil

from stages import BuildError, list_of, read, run, write


class Kernel:
    """The kernel below @root, with the tables that depmod makes of its modules."""

    def __init__(self, root):
        images = glob.glob(os.path.join(root, "boot", "vmlinuz-*"))
        if len(images) != 1:
            raise BuildError("want one kernel in the packages, got %d" % len(images))
        self.image = images[0]
        self.version = os.path.basename(self.image)[len("vmlinuz-"):]
        self.folder = os.path.join(root, "lib/modules", self.version)
        run("depmod", "--basedir", root, self.version)
        self.paths = {}   # name -> path below the folder
        self.needed = {}  # path -> paths that must be loaded before it, in that order
        for line in read(os.path.join(self.folder, "modules.dep")).strip().split("\n"):
            path, _, needed = line.partition(":")
            self.paths[module_name(path)] = path
            self.needed[path] = list(reversed(needed.split()))
        self.builtin = {module_name(path) for path
                        in read(os.path.join(self.folder, "modules.builtin")).split()}

    def closure(self, names):
        """Paths of the modules @names and of what they need, each after what it needs."""
        found = {}
        for name in names:
            if name in self.builtin:
                continue
            if name not in self.paths:
                raise BuildError("modules.list: the kernel has no module %s" % name)
            for path in [*self.needed[self.paths[name]], self.paths[name]]:
                found[path] = None
        return list(found)

    def aliases(self, names):
        """(pattern, name) of the devices that the modules @names are for."""
        for line in read(os.path.join(self.folder, "modules.alias")).split("\n"):
            words = line.split()
            if len(words) == 3 and words[0] == "alias" and words[2] in names \
                    and ":" in words[1]:
                yield words[1], words[2]


def module_name(path):
    return os.path.basename(path).split(".ko")[0].replace("-", "_")


def wanted(path):
    """The names of modules.list, by the first word of the line."""
    found = {"always": [], "disk": [], "root": []}
    for line in list_of(path):
        kind, *names = line.split()
        if kind not in found:
            raise BuildError("modules.list: want always, disk or root, got '%s'" % kind)
        found[kind] += [name.replace("-", "_") for name in names]
    return found


def modules(folder, root, listed):
    """Makes root/, the modules of the image with tables for kmod; initrd/, those of the initrd with
    a table for betex-init; and vmlinuz."""
    kernel = Kernel(root)
    names = wanted(listed)
    shutil.copyfile(kernel.image, os.path.join(folder, "vmlinuz"))
    write(os.path.join(folder, "version"), kernel.version + "\n")
    initrd(os.path.join(folder, "initrd"), kernel, names)
    target = os.path.join(folder, "root/usr/lib/modules", kernel.version)
    for path in kernel.closure(names["always"] + names["disk"] + names["root"]):
        os.makedirs(os.path.dirname(os.path.join(target, path)), exist_ok=True)
        shutil.copyfile(os.path.join(kernel.folder, path), os.path.join(target, path))
    for name in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
        shutil.copyfile(os.path.join(kernel.folder, name), os.path.join(target, name))
    os.symlink("usr/lib", os.path.join(folder, "root/lib"))
    run("depmod", "--basedir", os.path.join(folder, "root"), kernel.version)
    os.unlink(os.path.join(folder, "root/lib"))


def initrd(folder, kernel, names):
    lines = []
    for name in names["always"] + names["disk"]:
        paths = kernel.closure([name])
        files = ["/modules/" + os.path.basename(path) for path in paths]
        if files:
            lines.append("files %s %s" % (name, " ".join(files)))
        for path in paths:
            os.makedirs(os.path.join(folder, "modules"), exist_ok=True)
            shutil.copyfile(os.path.join(kernel.folder, path),
                            os.path.join(folder, "modules", os.path.basename(path)))
    lines += ["always %s" % name for name in names["always"] if name not in kernel.builtin]
    lines += ["alias %s %s" % found for found in kernel.aliases(set(names["disk"]))]
    write(os.path.join(folder, "modules.table"), "\n".join(lines) + "\n")
