# SPDX-License-Identifier: Apache-2.0
"""disk_image.py - the disk image: partitions, and what is in them at first.  Files only: no loop
devices, no mounts."""
import os
import shutil

from rootfs import name_hash, name_uuid
from stages import BuildError, run

MIB = 1 << 20
SECTOR_BYTES = 512

# Types: the two systemd knows as roots for this architecture, and ours.
TYPE_ESP = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
TYPE_ROOT = "4f68bce3-e8cd-4db1-96e7-fbcaf984b709"
TYPE_VERITY = "2c7357ed-ebd2-46d9-aec1-23d437ec2bf5"
TYPE_BASIC_DATA = "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7"

ESP_MIB = 128      # two unified kernel images and a boot loader, three times over
ROOT_MIB = 64      # the root is 40 MiB at most
VERITY_MIB = 2     # its hashes are less than a hundredth of it
CONFIG_MIB = 16


def half_uuid(digits):
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))


def partitions(root_hash, version):
    """(size in MiB, type, GUID, label, name of the file that fills it) in the order of the disk.
    Root and hashes are found by GUIDs that are the halves of the root hash."""
    def own(label):
        return name_uuid("partition of betex: " + label)

    return [
        (ESP_MIB, TYPE_ESP, own("esp"), "esp", "esp.img"),
        (ROOT_MIB, TYPE_ROOT, half_uuid(root_hash[:32]), "betex_" + version, "root.img"),
        (VERITY_MIB, TYPE_VERITY, half_uuid(root_hash[32:]), "betex_%s_verity" % version,
         "root.verity"),
        (ROOT_MIB, TYPE_ROOT, own("root-b"), "_empty", None),
        (VERITY_MIB, TYPE_VERITY, own("verity-b"), "_empty", None),
        (CONFIG_MIB, TYPE_BASIC_DATA, own("config"), "betex-config", "config.img"),
    ]


def fat(image, size_mib, label, files, epoch):
    """A FAT filesystem with @files: path in it -> path here."""
    with open(image, "wb") as file:
        file.truncate(size_mib * MIB)
    environment = {"SOURCE_DATE_EPOCH": str(epoch), "MTOOLS_SKIP_CHECK": "1"}
    run("mkfs.vfat", "--invariant", *(["-F", "32"] if size_mib >= 64 else []), "-n", label,
        "-i", name_hash("serial number of " + label)[:8], image, env=environment)
    made = set()
    for path, source in files.items():
        folder = os.path.dirname(path)
        steps = folder.split("/") if folder else []
        for depth in range(1, len(steps) + 1):
            step = "/".join(steps[:depth])
            if step not in made:
                run("mmd", "-i", image, "::" + step, env=environment)
                made.add(step)
        copy = image + ".part"
        shutil.copyfile(source, copy)
        os.utime(copy, (epoch, epoch))
        run("mcopy", "-m", "-i", image, copy, "::" + path, env=environment)
        os.unlink(copy)


def copy_at(target, source, offset):
    """What is zero stays a hole."""
    with open(source, "rb") as file:
        position = offset
        while chunk := file.read(MIB):
            if chunk.strip(b"\0"):
                target.seek(position)
                target.write(chunk)
            position += len(chunk)


def disk(folder, images, root_hash, version):
    """betex.img: @images is name -> path of what fills the partitions."""
    rows = partitions(root_hash, version)
    path = os.path.join(folder, "betex.img")
    script = ["label: gpt", "label-id: " + name_uuid("disk of betex"), "first-lba: 2048"]
    script += ['size=%dMiB, type=%s, uuid=%s, name="%s"' % row[:4] for row in rows]
    with open(path, "wb") as file:
        file.truncate((1 + sum(row[0] for row in rows) + 1) * MIB)
    run("sfdisk", "--quiet", path, input="\n".join(script).encode() + b"\n")
    offset = MIB
    with open(path, "r+b") as file:
        for size_mib, _, _, label, name in rows:
            if name is not None:
                if os.path.getsize(images[name]) > size_mib * MIB:
                    raise BuildError("%s does not fit into %d MiB" % (label, size_mib))
                copy_at(file, images[name], offset)
            offset += size_mib * MIB
