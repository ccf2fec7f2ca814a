# SPDX-License-Identifier: Apache-2.0
"""image.py - the image that ./run image built: its files, copies of it to boot, and copies that are
changed on purpose."""
import os
import shutil

import disks
from host import Failed, Unavailable, copy_sparse, run

# What the configuration of a test says: everything small, so that a machine of a gigabyte does.
CONFIGURATION = """engine:
  cores: 2
  ring_size: 4096
  capacities:
    accounts: 1000
    markets: 100
    runners: 1000
    orders: 10000
    positions: 10000
    stakes: 0
    description_bytes: 0
wal:
  max_commit_bytes: 2 MiB
  low_space_bytes: 0
  stop_bytes: 0
  max_segment_events: 40
  min_segment_age: 1 s
"""


class Image:
    """The files in @folder."""

    def __init__(self, folder):
        self.folder = folder
        if not os.path.exists(self.path("betex.img")):
            raise Unavailable("there is no image in %s (./run image builds it)" % folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read().strip()

    def boot_kernel(self, machine):
        """Has a machine start the image's kernel as its firmware would."""
        machine.boot_kernel(self.path("vmlinuz"), self.path("initrd.img"), self.read("cmdline"))

    def copy_disk(self, target, configuration=CONFIGURATION):
        """Copies the system's disk to @target, with that configuration in it."""
        copy_sparse(self.path("betex.img"), target)
        source = target + ".yaml"
        with open(source, "w", encoding="utf-8") as file:
            file.write(configuration)
        disks.put_file(target, "betex-config", source, "betex.yaml")

    def root_partition(self):
        """The partition with the root: its GUID is the first half of the root hash."""
        half = self.read("root.hash")[:32]
        for part in disks.partitions(self.path("betex.img")):
            if part.guid.replace("-", "") == half:
                return part
        raise Failed("no partition has the GUID that the root hash gives it")

    def root_bytes_used(self):
        """How long the filesystem of the root is; what is behind it is filling."""
        with open(self.path("root.img"), "rb") as file:
            # bytes_used of a squashfs superblock.
            return int.from_bytes(file.read(48)[40:48], "little")

    def with_root(self, folder, change):
        """An image in @folder whose root has been changed by @change(folder of its files), and
        which believes in it: hashes and command line are made anew.  Nothing is signed."""
        tree = os.path.join(folder, "tree")
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        run("unsquashfs", "-quiet", "-no-progress", "-no-xattrs", "-d", tree, self.path("root.img"))
        change(tree)
        other = {name: os.path.join(folder, name)
                 for name in ("betex.img", "root.img", "root.verity", "root.hash", "cmdline")}
        run("mksquashfs", tree, other["root.img"], "-comp", "zstd", "-Xcompression-level", "1",
            "-all-root", "-noappend", "-no-progress", "-quiet", "-no-xattrs")
        shutil.rmtree(tree)
        os.truncate(other["root.img"], -(-os.path.getsize(other["root.img"]) // 4096) * 4096)
        run("veritysetup", "format", other["root.img"], other["root.verity"],
            "--root-hash-file=" + other["root.hash"])
        for name in ("vmlinuz", "initrd.img"):
            shutil.copyfile(self.path(name), os.path.join(folder, name))
        changed = Image.__new__(Image)
        changed.folder = folder
        root_hash = changed.read("root.hash")
        with open(other["cmdline"], "w", encoding="utf-8") as file:
            file.write(self.read("cmdline").replace(self.read("root.hash"), root_hash))
        copy_sparse(self.path("betex.img"), other["betex.img"])
        self._replace_root(other, root_hash)
        return changed

    def _replace_root(self, other, root_hash):
        old = self.read("root.hash")
        for half, new, name in ((old[:32], root_hash[:32], "root.img"),
                                (old[32:], root_hash[32:], "root.verity")):
            part = next(part for part in disks.partitions(other["betex.img"])
                        if part.guid.replace("-", "") == half)
            disks.fill(other["betex.img"], part, other[name])
            run("sfdisk", "-q", "--part-uuid", other["betex.img"], str(part.number),
                "-".join((new[:8], new[8:12], new[12:16], new[16:20], new[20:])))
