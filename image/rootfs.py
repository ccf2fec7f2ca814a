# SPDX-License-Identifier: Apache-2.0
"""rootfs.py - the root of the appliance as a folder, what must never be in it, and the filesystem
that is made of it."""
import hashlib
import json
import os
import re
import shutil
import stat

from closure import Closure
from stages import BuildError, file_hash, list_of, read, run, write

# Programs of betex that an appliance runs; the others are for developers.
PROGRAMS = ("betex-admin", "betex-power", "betex-prepare", "betex-shadow", "betex-wal",
            "betex-wal-disk", "betexctl", "betexd")
PROGRAM_FOLDER = "usr/lib/betex/bin"
# Mount points, and the folders of Unix.
FOLDERS = ("dev", "proc", "sys", "run", "tmp", "var", "etc/betex")
LINKS = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64",
         "etc/os-release": "../usr/lib/os-release",
         "etc/systemd/system/default.target": "/usr/lib/systemd/system/multi-user.target"}
SHELLS = {"ash", "bash", "busybox", "csh", "dash", "fish", "ksh", "perl", "python", "python3", "sh",
          "sulogin", "zsh", "login", "agetty", "su", "sudo", "sshd", "dpkg", "apt", "apt-get"}
GROUPS_OF_DEBIAN = ("basic.conf", "systemd-journal.conf")


def make_root(folder, packages, modules, programs, top, release):
    """Makes tree/, and files.json: each file with the package that it is from."""
    tree = os.path.join(folder, "tree")
    image = os.path.join(top, "image")
    for name in FOLDERS:
        os.makedirs(os.path.join(tree, name))
    closure = Closure(packages.path("root"), tree)
    closure.take_listed(list_of(os.path.join(image, "files.list")))
    for name in PROGRAMS:
        path = os.path.join(programs, name)
        if os.path.exists(path):
            closure.take_program(path, PROGRAM_FOLDER + "/" + name)
    for source in (modules.path("root"), os.path.join(image, "root")):
        shutil.copytree(source, tree, symlinks=True, dirs_exist_ok=True)
    install_units(tree, os.path.join(top, "systemd"))
    for name, aim in LINKS.items():
        os.makedirs(os.path.dirname(os.path.join(tree, name)), exist_ok=True)
        os.symlink(aim, os.path.join(tree, name))
    write(os.path.join(tree, "usr/lib/os-release"), release)
    write(os.path.join(tree, "etc/machine-id"), "")
    write(os.path.join(tree, "etc/hostname"), "betex\n")
    make_users(tree, packages.path("root"))
    set_modes(tree)
    check(tree)
    write(os.path.join(folder, "files.json"), json.dumps(
        list_files(tree, closure.taken, packages), indent=1, sort_keys=True))


def install_units(tree, systemd):
    """What is in systemd/, and what its [Install] sections want: systemctl enable, without one."""
    units = os.path.join(tree, "usr/lib/systemd/system")
    for folder in (systemd, os.path.join(systemd, "appliance")):
        for name in sorted(os.listdir(folder)):
            source = os.path.join(folder, name)
            if name.endswith((".service", ".slice", ".mount", ".socket", ".target")):
                shutil.copyfile(source, os.path.join(units, name))
                enable(units, name, read(source))
            elif name.endswith(".d") and name.split(".")[-2] in ("service", "target"):
                shutil.copytree(source, os.path.join(units, name), dirs_exist_ok=True)
    for kind in ("sysusers.d", "tmpfiles.d"):
        shutil.copytree(os.path.join(systemd, kind), os.path.join(tree, "usr/lib", kind),
                        dirs_exist_ok=True)
    for line in list_of(os.path.join(systemd, "appliance", "wanted.list")):
        target, *names = line.split()
        for name in names:
            want(units, target, name)


def enable(units, name, text):
    for target in " ".join(re.findall(r"^WantedBy=(.*)$", text, re.M)).split():
        want(units, target, name)


def want(units, target, name):
    path = os.path.join(units, name)
    if not os.path.exists(path):
        raise BuildError("%s wants %s, which is not in the image" % (target, name))
    folder = os.path.join(units, target + ".wants")
    os.makedirs(folder, exist_ok=True)
    os.symlink("../" + name, os.path.join(folder, name))


def make_users(tree, packages):
    """etc/passwd and etc/group.  There are no passwords: nobody logs in."""
    folder = os.path.join(tree, "usr/lib/sysusers.d")
    for name in GROUPS_OF_DEBIAN:
        shutil.copyfile(os.path.join(packages, "usr/lib/sysusers.d", name),
                        os.path.join(folder, name))
    run("systemd-sysusers", "--root=" + tree)
    for name in ("etc/shadow", "etc/gshadow", "etc/.pwd.lock"):
        if os.path.exists(os.path.join(tree, name)):
            os.unlink(os.path.join(tree, name))
    shutil.rmtree(folder)


def set_modes(tree):
    """Everybody reads, nobody writes; programs and libraries that were made so are run."""
    for where, folders, names in os.walk(tree):
        for name in folders + names:
            path = os.path.join(where, name)
            mode = os.lstat(path).st_mode
            if stat.S_ISDIR(mode):
                os.chmod(path, 0o755)
            elif stat.S_ISREG(mode):
                os.chmod(path, 0o755 if mode & 0o111 else 0o644)


def check(tree):
    """What must not be in the image; each with the reason in the message."""
    for where, _, names in os.walk(tree):
        for name in sorted(names):
            path = os.path.join(where, name)
            inside = os.path.relpath(path, tree)
            mode = os.lstat(path).st_mode
            if name in SHELLS:
                raise BuildError("%s: a shell, an interpreter or a login" % inside)
            if mode & (stat.S_ISUID | stat.S_ISGID):
                raise BuildError("%s: a set-user-ID file" % inside)
            if not stat.S_ISREG(mode):
                continue
            if "security.capability" in os.listxattr(path):
                raise BuildError("%s: a file with capabilities" % inside)
            with open(path, "rb") as file:
                content = file.read()
            if content.startswith(b"#!"):
                raise BuildError("%s: a script, and there is nothing to run it" % inside)
            if re.search(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----", content):
                raise BuildError("%s: a private key" % inside)


def list_files(tree, taken, packages):
    """Every file: its path, SHA-256, and package ("betex" for what is ours)."""
    owners = {}
    for package in json.loads(packages.text("packages.json")):
        for path in package["files"]:
            owners[path] = package["package"]
    kernel = next(name for path, name in owners.items() if path.startswith("boot/vmlinuz-"))
    found = []
    for where, folders, names in os.walk(tree):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(where, name)
            inside = os.path.relpath(path, tree)
            owner = owners.get(taken.get(inside) or "", "betex")
            if inside.startswith("usr/lib/modules/"):
                owner = kernel
            found.append({"path": inside, "package": owner,
                          "link" if os.path.islink(path) else "sha256":
                          os.readlink(path) if os.path.islink(path) else file_hash(path)})
    return found


def squashfs(folder, tree, epoch):
    """root.img: the same bytes for the same tree, wherever and whenever it is made."""
    image = os.path.join(folder, "root.img")
    set_times(tree, epoch)
    run("mksquashfs", tree, image, "-comp", "zstd", "-Xcompression-level", "9", "-all-root",
        "-noappend", "-no-progress", "-quiet", "-no-xattrs",
        env={"SOURCE_DATE_EPOCH": str(epoch)})
    pad(image)


def set_times(tree, epoch):
    """Of every file and folder.  mksquashfs would only bring down what is later than the epoch, and
    what an earlier build has left may be older."""
    for where, folders, names in os.walk(tree, topdown=False):
        for name in names + folders:
            os.utime(os.path.join(where, name), (epoch, epoch), follow_symlinks=False)
    os.utime(tree, (epoch, epoch))


def verity(folder, image, version):
    """root.verity, the tree of hashes, and root.hash, the hash at its top."""
    hashes = os.path.join(folder, "root.verity")
    # Fixed: they make the result the same, and protect nothing.
    salt = name_hash("salt of betex " + version)
    uuid = name_uuid("verity of betex " + version)
    run("veritysetup", "format", image, hashes, "--salt=" + salt, "--uuid=" + uuid,
        "--root-hash-file=" + os.path.join(folder, "root.hash"))
    pad(hashes)


def pad(path, unit=1 << 20):
    """To whole MiB, as partitions are."""
    size = os.path.getsize(path)
    os.truncate(path, (size + unit - 1) // unit * unit)


def name_hash(name):
    return hashlib.sha256(name.encode()).hexdigest()


def name_uuid(name):
    digits = name_hash(name)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))
