#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""image_test.py CASE - the tools that build and flash the image, without an image.

A case is a function below named case_<name>.  Exit status: 0 it holds, 1 it does not (with a line
for each reason), 77 a tool is missing."""
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import types

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.path.insert(0, os.path.join(TOP, "image"))
sys.dont_write_bytecode = True

import closure    # noqa: E402
import flash      # noqa: E402
import rootfs     # noqa: E402
import stages     # noqa: E402
import uki        # noqa: E402

SKIPPED = 77
MIB = 1 << 20
os.environ["PATH"] += ":/usr/sbin:/sbin"


def need(*tools):
    for tool in tools:
        if shutil.which(tool) is None:
            print("%s is not installed" % tool)
            sys.exit(SKIPPED)


def write(path, content, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)
    os.chmod(path, mode)


def refusal(function, *arguments):
    """What a BuildError says, None when there is none."""
    try:
        function(*arguments)
    except stages.BuildError as error:
        return str(error)
    return None


# --- Building -------------------------------------------------------------------------------------

def case_stages_cached(folder):
    """A stage is done again when an input, an earlier stage or its code has changed."""
    code = types.SimpleNamespace(__file__=os.path.join(folder, "code.py"))
    made = []

    def build(first, second):
        """Two stages, the second on top of the first; returns which were made."""
        made.clear()
        run = stages.Stages(os.path.join(folder, "stages"), 2)
        one = run.run("one", (code,), lambda out: made.append("one"), {"value": first})
        run.run("two", (), lambda out: made.append("two"), {"one": one, "value": second})
        return list(made)

    write(code.__file__, b"1")
    for what, arguments, wanted in (
            ("new", (1, 1), ["one", "two"]), ("same", (1, 1), []), ("second", (1, 2), ["two"]),
            ("first", (2, 2), ["one", "two"])):
        got = build(*arguments)
        if got != wanted:
            yield "%s: made %s, want %s" % (what, got, wanted)
    write(code.__file__, b"2")
    got = build(2, 2)
    if got != ["one", "two"]:
        yield "code: made %s" % got


def case_stages_failed(folder):
    """A stage that failed is not taken for a finished one."""
    def fail(out):
        write(os.path.join(out, "half"), b"")
        raise stages.BuildError("no")

    def succeed(out):
        made.append(os.listdir(out))

    made = []
    if refusal(stages.Stages(folder, 1).run, "one", (), fail, {}) != "no":
        yield "the failure was not told"
    stages.Stages(folder, 1).run("one", (), succeed, {})
    if made != [[]]:
        yield "after a failure: %s, want one that begins with an empty folder" % made


def case_closure(folder):
    """A program comes with its libraries and its loader, and with nothing else."""
    need("readelf")
    source = os.path.join(folder, "packages")
    target = os.path.join(folder, "root")
    library = "/lib/x86_64-linux-gnu/libc.so.6"
    if not os.path.exists(library):
        print("no %s on this machine" % library)
        sys.exit(SKIPPED)
    for path, origin in (("bin/true", "/bin/true"), ("bin/unwanted", "/bin/true"),
                         (library.lstrip("/"), library)):
        os.makedirs(os.path.dirname(os.path.join(source, path)), exist_ok=True)
        shutil.copyfile(origin, os.path.join(source, path))
    os.chmod(os.path.join(source, "bin/true"), 0o4755)
    write(os.path.join(source, "lib64/ld-linux-x86-64.so.2"), b"loader", 0o755)
    os.makedirs(target)
    made = closure.Closure(source, target)
    made.take_listed(["usr/bin/true"])
    got = sorted(os.path.relpath(os.path.join(where, name), target)
                 for where, _, names in os.walk(target) for name in names)
    wanted = ["usr/bin/true", "usr/lib/x86_64-linux-gnu/libc.so.6",
              "usr/lib64/ld-linux-x86-64.so.2"]
    if got != wanted:
        yield "got %s, want %s" % (got, wanted)
    mode = stat.S_IMODE(os.stat(os.path.join(target, "usr/bin/true")).st_mode)
    if mode != 0o755:
        yield "the program has mode %o, want 755" % mode
    if refusal(made.take_listed, ["usr/bin/absent*"]) is None:
        yield "a pattern without a match was not told"
    os.unlink(os.path.join(source, library.lstrip("/")))
    other = closure.Closure(source, os.path.join(folder, "other"))
    if refusal(other.take_listed, ["usr/bin/true"]) is None:
        yield "a library that no package has was not told"


def case_forbidden_files(folder):
    """Shells, scripts, set-user-ID files and private keys are found, wherever they are."""
    key = b"x\n-----BEGIN " + b"EC PRIVATE KEY-----\n"
    for path, content, mode, word in (
            ("usr/bin/dash", b"", 0o755, "shell"), ("usr/bin/python3", b"", 0o755, "interpreter"),
            ("usr/lib/x", b"#!/bin/sh\n", 0o644, "script"),
            ("usr/lib/y", b"", 0o4755, "set-user-ID"), ("usr/lib/z", b"", 0o2755, "set-user-ID"),
            ("etc/key.pem", key, 0o600, "private key")):
        tree = os.path.join(folder, "tree")
        write(os.path.join(tree, "usr/bin/fine"), b"\x7fELF", 0o755)
        if refusal(rootfs.check, tree) is not None:
            yield "a tree without any was refused"
        write(os.path.join(tree, path), content, mode)
        said = refusal(rootfs.check, tree) or ""
        if path not in said or word not in said:
            yield "%s: want a word of %s, got '%s'" % (path, word, said)
        shutil.rmtree(tree)


def case_initrd_archive(folder):
    """The archive is one that others read, and the same whatever the order of its files."""
    need("cpio")
    files = [("init", 0o755, b"program"), ("modules/b.ko", 0o644, b"b" * 5),
             ("modules/a.ko", 0o644, b"")]
    archive = uki.cpio(files)
    if uki.cpio(files[::-1]) != archive:
        yield "another order of files gives another archive"
    subprocess.run(["cpio", "--quiet", "-i"], input=archive, cwd=folder, check=True)
    for path, mode, content in files:
        with open(os.path.join(folder, path), "rb") as file:
            if file.read() != content or os.fstat(file.fileno()).st_mode & 0o777 != mode:
                yield "%s came out as something else" % path


def case_root_reproducible(folder):
    """Two trees with the same files give the same bytes, whenever they were made."""
    need("mksquashfs")
    images = []
    for number, made in enumerate((1000, 1700000500, 4000000000)):
        tree = os.path.join(folder, "tree%d" % number)
        write(os.path.join(tree, "usr/lib/file"), b"content")
        os.symlink("file", os.path.join(tree, "usr/lib/link"))
        for path in ("usr/lib/link", "usr/lib/file", "usr/lib", "usr", ""):
            os.utime(os.path.join(tree, path), (made, made), follow_symlinks=False)
        out = os.path.join(folder, "out%d" % number)
        os.makedirs(out)
        rootfs.squashfs(out, tree, 1700000000)
        images.append(digest(os.path.join(out, "root.img")))
    if len(set(images)) != 1:
        yield "the images differ: %s" % images


# --- Flashing -------------------------------------------------------------------------------------

def make_image(folder):
    """A folder like build/image, with a small disk image; returns its path."""
    need("sfdisk", "mkfs.vfat", "mcopy")
    image = os.path.join(folder, "image", "betex.img")
    write(image, b"")
    os.truncate(image, 12 * MIB)
    subprocess.run(["sfdisk", "--quiet", image], check=True, text=True,
                   input='label: gpt\nsize=2MiB, name="esp"\nsize=8MiB, name="betex-config"\n')
    subprocess.run(["mkfs.vfat", "--offset", str(3 * MIB // 512), image, "8192"], check=True,
                   stdout=subprocess.DEVNULL)
    with open(image, "r+b") as file:
        file.seek(MIB)
        file.write(os.urandom(MIB))
    write(os.path.join(folder, "image", "SHA256SUMS"),
          ("%s  betex.img\n" % digest(image)).encode())
    return image


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def make_target(folder, size=20 * MIB):
    """A file full of something else, in the place of a disk."""
    path = os.path.join(folder, "target")
    write(path, b"\xa5" * size)
    return path


def run_flash(folder, target, *options, answer=""):
    result = subprocess.run(
        [sys.executable, os.path.join(TOP, "image", "flash.py"), target, "--image",
         os.path.join(folder, "image"), "--programs", os.environ["BTX_BIN"], *options],
        input=answer, capture_output=True, text=True, check=False)
    return result.returncode, result.stdout + result.stderr


def config_of(path):
    return subprocess.run(["mtype", "-i", "%s@@%d" % (path, 3 * MIB), "::betex.yaml"],
                          capture_output=True, text=True, check=False).stdout


def case_flash_writes(folder):
    """The image is on the disk, zeros too, and the partition table fits the larger disk."""
    image = make_image(folder)
    target = make_target(folder)
    status, said = run_flash(folder, target, "--yes")
    if status != 0:
        yield "status %d: %s" % (status, said)
    with open(image, "rb") as one, open(target, "rb") as two:
        # The header in the first sectors names the place of its copy, which has moved.
        one.seek(MIB)
        two.seek(MIB)
        if two.read(10 * MIB) != one.read(10 * MIB):
            yield "the disk does not hold the image"
    said = subprocess.run(["sfdisk", "--verify", target], capture_output=True, text=True,
                          check=False)
    if said.returncode != 0 or "No errors" not in said.stdout:
        yield "the partition table: %s%s" % (said.stdout, said.stderr)


def case_flash_config(folder):
    """Another configuration is on the disk, and the image stays as it was."""
    image = make_image(folder)
    before = digest(image)
    write(os.path.join(folder, "my.yaml"), b"exchange:\n  name: mine\n")
    target = make_target(folder)
    status, said = run_flash(folder, target, "--yes", "--config", os.path.join(folder, "my.yaml"))
    if status != 0 or "name: mine" not in config_of(target):
        yield "status %d: %s\non the disk: %s" % (status, said, config_of(target))
    if digest(image) != before:
        yield "the image was changed"


def case_flash_config_wrong(folder):
    """A configuration with a mistake is refused with its place, and nothing is written."""
    make_image(folder)
    write(os.path.join(folder, "my.yaml"), b"exchange:\n  nme: mine\n")
    target = make_target(folder)
    before = digest(target)
    status, said = run_flash(folder, target, "--yes", "--config", os.path.join(folder, "my.yaml"))
    if status != 1 or "my.yaml:2:3" not in said or digest(target) != before:
        yield "status %d: %s" % (status, said)


def case_flash_asks(folder):
    """Only the name of the disk is a yes."""
    make_image(folder)
    target = make_target(folder)
    before = digest(target)
    for answer in ("", "\n", "y\n", "yes\n"):
        status, said = run_flash(folder, target, answer=answer)
        if status != 1 or "nothing was written" not in said or digest(target) != before:
            yield "answer %r: status %d: %s" % (answer, status, said)
    status, said = run_flash(folder, target, answer="target\n")
    if status != 0 or digest(target) == before:
        yield "answer 'target': status %d: %s" % (status, said)


def case_flash_image_damaged(folder):
    """An image that is not what its checksum says is not written."""
    image = make_image(folder)
    with open(image, "r+b") as file:
        file.seek(2 * MIB - 1)
        byte = file.read(1)
        file.seek(2 * MIB - 1)
        file.write(bytes([byte[0] ^ 1]))
    target = make_target(folder)
    before = digest(target)
    status, said = run_flash(folder, target, "--yes")
    if status != 1 or "SHA256SUMS" not in said or digest(target) != before:
        yield "status %d: %s" % (status, said)


def case_flash_too_small(folder):
    """A disk that is smaller than the image is refused."""
    make_image(folder)
    target = make_target(folder, 11 * MIB)
    status, said = run_flash(folder, target, "--yes")
    if status != 1 or "has %d bytes" % (11 * MIB) not in said:
        yield "status %d: %s" % (status, said)


def case_flash_read_back(folder):
    """A disk that gives back something else is found out, whichever byte it is."""
    image = make_image(folder)
    size = os.path.getsize(image)
    path = make_target(folder)
    target = flash.Target(path)
    flash.write_all(image, target, size)
    if refusal(flash.read_back, image, target, size) is not None:
        yield "what was written was refused"
    for position in (0, 5 * MIB + 7, size - 1):
        with open(path, "r+b") as file:
            file.seek(position)
            byte = file.read(1)
            file.seek(position)
            file.write(bytes([byte[0] ^ 4]))
        if "does not give back" not in (refusal(flash.read_back, image, target, size) or ""):
            yield "a flipped bit at %d was not seen" % position
        with open(path, "r+b") as file:
            file.seek(position)
            file.write(byte)


CASES = {name[len("case_"):]: function for name, function in list(globals().items())
         if name.startswith("case_")}


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in CASES:
        print("usage: image_test.py CASE, one of: %s" % " ".join(CASES))
        return 2
    with tempfile.TemporaryDirectory(prefix="betex-image-") as folder:
        found = list(CASES[sys.argv[1]](folder))
    for line in found:
        print("FAILED: %s" % line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
