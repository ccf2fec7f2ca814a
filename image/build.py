#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""build.py - builds the image of the appliance; ./run image calls it.

Each stage is done again only when what goes into it has changed (stages.py).  The result depends
on the sources, on Debian's packages and on the key, and on nothing else: not on the time, the place
or the machine."""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys

import bootstrap
import closure
import disk_image
import kernel
import rootfs
import sbom
import uki
from stages import BuildError, Stages, file_hash, folder_hash, list_of, read, run, write

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT_BYTES_MAX = 40 << 20
STAGE_COUNT = 10
BOOT_LOADER = "/usr/lib/systemd/boot/efi/systemd-bootx64.efi"
LOADER_SETTINGS = "timeout 0\neditor no\nauto-entries no\nauto-firmware no\n"
# In the order of SHA256SUMS.
RESULTS = ("betex.img", "betex.efi", "vmlinuz", "initrd.img", "cmdline", "root.img", "root.verity",
           "root.hash", "packages.txt", "files.txt", "sbom.spdx.json")


def version_of_project():
    match = re.search(r"^project\(betex VERSION (\S+)", read(os.path.join(TOP, "CMakeLists.txt")),
                      re.M)
    return match.group(1)


def git(*arguments):
    """What git says, None without git or outside of a checkout."""
    try:
        result = subprocess.run(["git", "-C", TOP, *arguments], capture_output=True, text=True,
                                check=False)
    except OSError:
        return None
    return result.stdout.strip() if result.returncode == 0 else None


def source_date():
    """Seconds since 1970 that stand for the time in everything that wants one: of the commit."""
    said = os.environ.get("SOURCE_DATE_EPOCH") or git("log", "-1", "--format=%ct")
    return int(said) if said else 1767225600  # 2026-01-01, for a tree without history


def release_text(version, epoch):
    return ('NAME="betex appliance"\nID=betex\nPRETTY_NAME="betex appliance %s"\n'
            'VERSION_ID=%s\nIMAGE_ID=betex\nIMAGE_VERSION=%s\nBUILD_ID=%d\n'
            % (version, version, version, epoch))


def command_line(root_hash, isolate):
    words = list_of(os.path.join(TOP, "image", "cmdline"))
    if isolate:
        words.append("nohz_full=%s rcu_nocbs=%s" % (isolate, isolate))
    return "%s roothash=%s" % (" ".join(words), root_hash)


class Build:
    """One run over all stages, with its results in @folder."""

    def __init__(self, folder, options):
        self.folder = folder
        self.options = options
        self.version = version_of_project()
        self.epoch = source_date()
        self.stages = Stages(os.path.join(folder, "stages"), STAGE_COUNT)
        self.programs = os.path.join(TOP, "build", "release", "bin")

    def run(self):
        packages = self.packages()
        modules = self.stages.run(
            "modules", (kernel,),
            lambda out: kernel.modules(out, packages.path("root"), self.own("modules.list")),
            {"packages": packages, "list": read(self.own("modules.list"))})
        root = self.root(packages, modules)
        squashfs = self.stages.run(
            "squashfs", (rootfs,), lambda out: rootfs.squashfs(out, root.path("tree"), self.epoch),
            {"root": root, "epoch": self.epoch})
        size = os.path.getsize(squashfs.path("root.img"))
        if size > ROOT_BYTES_MAX:
            raise BuildError("the root has %d bytes, want %d at most" % (size, ROOT_BYTES_MAX))
        verity = self.stages.run(
            "verity", (rootfs,),
            lambda out: rootfs.verity(out, squashfs.path("root.img"), self.version),
            {"squashfs": squashfs, "version": self.version})
        init = os.path.join(self.programs, "betex-init")
        initrd = self.stages.run(
            "initrd", (uki,), lambda out: uki.initrd(out, init, modules.path("initrd")),
            {"modules": modules, "init": file_hash(init)})
        signed = self.signed(modules, initrd, verity)
        image = self.image(signed, squashfs, verity)
        lists = self.stages.run(
            "inventory", (sbom,), lambda out: sbom.inventory(
                out, json.loads(packages.text("packages.json")),
                json.loads(root.text("files.json")), self.version, self.epoch),
            {"packages": packages, "root": root, "version": self.version, "epoch": self.epoch})
        self.publish([image, signed, modules, initrd, squashfs, verity, lists])

    def own(self, *names):
        return os.path.join(TOP, "image", *names)

    def packages(self):
        wanted = list_of(self.own("packages.list"))
        if self.options.sources:
            sources, lists = list_of(self.options.sources), []
        else:
            sources, lists = bootstrap.apt_sources()
        return self.stages.run(
            "packages", (bootstrap,), lambda out: bootstrap.bootstrap(out, wanted, sources),
            {"packages": wanted, "sources": sources, "lists": lists})

    def root(self, packages, modules):
        release = release_text(self.version, self.epoch)
        programs = {name: file_hash(os.path.join(self.programs, name))
                    for name in rootfs.PROGRAMS}
        return self.stages.run(
            "root", (rootfs, closure),
            lambda out: rootfs.make_root(out, packages, modules, self.programs, TOP, release),
            {"packages": packages, "modules": modules, "programs": programs, "release": release,
             "files": read(self.own("files.list")), "overlay": folder_hash(self.own("root")),
             "systemd": folder_hash(os.path.join(TOP, "systemd"))})

    def keys(self):
        """The key to sign with, and its certificate: given, or made once and kept beside the
        image, since with another key the image would be another one."""
        if self.options.key:
            return self.options.key, self.options.certificate
        folder = os.path.join(TOP, "build", "image-key")
        if not os.path.exists(os.path.join(folder, "db.crt")):
            os.makedirs(folder, mode=0o700, exist_ok=True)
            uki.make_key(folder)
        return os.path.join(folder, "db.key"), os.path.join(folder, "db.crt")

    def signed(self, modules, initrd, verity):
        """The unified kernel image and the boot loader, signed."""
        key, certificate = self.keys()
        line = command_line(verity.text("root.hash"), self.options.isolate)
        release = release_text(self.version, self.epoch)

        def make(out):
            uki.unified(out, modules.path("vmlinuz"), initrd.path("initrd.img"), line, release,
                        modules.text("version"))
            for source, target in ((os.path.join(out, "betex.unsigned.efi"), "betex.efi"),
                                   (BOOT_LOADER, "loader.efi")):
                uki.sign(source, os.path.join(out, target), key, certificate, self.epoch)

        return self.stages.run("signed", (uki,), make, {
            "modules": modules, "initrd": initrd, "line": line, "release": release,
            "key": file_hash(key), "certificate": file_hash(certificate),
            "stub": file_hash(uki.STUB), "loader": file_hash(BOOT_LOADER), "epoch": self.epoch})

    def image(self, signed, squashfs, verity):
        settings = os.path.join(TOP, "engine", "settings", "betex.yaml.example")

        def make_filesystems(out):
            loader = os.path.join(out, "loader.conf")
            write(loader, LOADER_SETTINGS)
            disk_image.fat(
                os.path.join(out, "esp.img"), disk_image.ESP_MIB, "ESP",
                {"EFI/BOOT/BOOTX64.EFI": signed.path("loader.efi"),
                 "EFI/Linux/betex_%s.efi" % self.version: signed.path("betex.efi"),
                 "loader/loader.conf": loader}, self.epoch)
            disk_image.fat(
                os.path.join(out, "config.img"), disk_image.CONFIG_MIB, "BETEXCONFIG",
                {"betex.yaml": settings}, self.epoch)

        filesystems = self.stages.run("fat", (disk_image,), make_filesystems, {
            "signed": signed, "settings": file_hash(settings), "version": self.version,
            "epoch": self.epoch})
        images = {"esp.img": filesystems.path("esp.img"),
                  "config.img": filesystems.path("config.img"),
                  "root.img": squashfs.path("root.img"),
                  "root.verity": verity.path("root.verity")}
        return self.stages.run(
            "disk", (disk_image,),
            lambda out: disk_image.disk(out, images, verity.text("root.hash"), self.version),
            {"fat": filesystems, "squashfs": squashfs, "verity": verity,
             "version": self.version})

    def publish(self, stages):
        """The results in one folder, under names that others rely on, with their checksums."""
        sums = []
        for name in RESULTS:
            source = next(stage.path(name) for stage in stages if os.path.exists(stage.path(name)))
            target = os.path.join(self.folder, name)
            run("cp", "--sparse=always", "--reflink=auto", source, target)
            sums.append("%s  %s" % (file_hash(target), name))
        write(os.path.join(self.folder, "SHA256SUMS"), "\n".join(sums) + "\n")
        size = os.path.getsize(os.path.join(self.folder, "root.img"))
        print("image: %s: root of %.1f MiB, root hash %s" % (
            os.path.relpath(os.path.join(self.folder, "betex.img")), size / (1 << 20),
            read(os.path.join(self.folder, "root.hash")).strip()))


def build_again(options, folder):
    """A second image from nothing, in another place: the same bytes, or it is said what differs."""
    other = folder + "-again"
    shutil.rmtree(other, ignore_errors=True)
    print("image: once more, from nothing")
    Build(other, options).run()
    first = read(os.path.join(folder, "SHA256SUMS")).split("\n")
    second = read(os.path.join(other, "SHA256SUMS")).split("\n")
    shutil.rmtree(other)
    differ = [one.split()[-1] for one, two in zip(first, second) if one != two]
    if differ:
        raise BuildError("the second image is another one: %s differ" % ", ".join(differ))
    print("image: the second image is the same to the byte")


def main():
    parser = argparse.ArgumentParser(
        prog="./run image", description="Builds the image of the appliance into build/image.",
        epilog="example: ./run image --key db.key --cert db.crt")
    parser.add_argument("--key", help="sign with this key (PEM); default: a throw-away one")
    parser.add_argument("--cert", dest="certificate", help="its certificate (PEM)")
    parser.add_argument("--isolate", metavar="CPUS", default="",
                        help="build nohz_full= and rcu_nocbs= of these CPUs in, such as 2-3")
    parser.add_argument("--sources", metavar="FILE",
                        help="a sources.list to take Debian's packages from, such as a snapshot's;"
                        " default: apt's own")
    parser.add_argument("--again", action="store_true",
                        help="build a second one from nothing, and compare")
    options = parser.parse_args()

    if bool(options.key) != bool(options.certificate):
        parser.error("--key and --cert belong together")
    if options.isolate and not re.fullmatch(r"[0-9]+([-,][0-9]+)*", options.isolate):
        parser.error("--isolate: want CPUs such as 2-3 or 2,3, got '%s'" % options.isolate)
    folder = os.path.join(TOP, "build", "image")
    os.umask(0o022)
    try:
        Build(folder, options).run()
        if options.again:
            build_again(options, folder)
    except BuildError as error:
        print("image: %s" % error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
