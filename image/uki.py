# SPDX-License-Identifier: Apache-2.0
"""uki.py - initrd, and the unified kernel image: kernel, initrd and command line in one file, which
one signature covers."""
import os
import re
import struct

from stages import BuildError, run, write

STUB = "/usr/lib/systemd/boot/efi/linuxx64.efi.stub"
PAGE_BYTES = 4096


# --- Initrd ---------------------------------------------------------------------------------------

def cpio_entry(number, path, mode, content):
    """One file in the form "newc" of Documentation/driver-api/early-userspace/buffer-format.rst."""
    name = path.encode() + b"\0"
    head = b"070701" + b"".join(b"%08X" % value for value in (
        number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name), 0))
    return padded(head + name) + padded(content)


def padded(content, unit=4):
    return content + b"\0" * (-len(content) % unit)


def cpio(files):
    """Of (path, mode, content), with the folders that they are in."""
    archive = []
    folders = sorted({os.path.dirname(path) for path, _, _ in files} - {""})
    entries = [(folder, 0o40755, b"") for folder in folders]
    entries += [(path, 0o100000 | mode, content) for path, mode, content in sorted(files)]
    for number, (path, mode, content) in enumerate(entries, 1):
        archive.append(cpio_entry(number, path, mode, content))
    archive.append(cpio_entry(0, "TRAILER!!!", 0, b""))
    return padded(b"".join(archive), 512)


def initrd(folder, init, modules):
    """initrd.img: betex-init, the modules that it loads and their table."""
    stripped = os.path.join(folder, "init")
    run("strip", "-o", stripped, init)
    with open(stripped, "rb") as file:
        files = [("init", 0o755, file.read())]
    for where, _, names in os.walk(modules):
        for name in names:
            path = os.path.join(where, name)
            with open(path, "rb") as file:
                files.append((os.path.relpath(path, modules), 0o644, file.read()))
    archive = os.path.join(folder, "initrd.cpio")
    with open(archive, "wb") as file:
        file.write(cpio(files))
    # One thread: what several write depends on their number.
    run("zstd", "-q", "-12", "--single-thread", "--rm", archive, "-o",
        os.path.join(folder, "initrd.img"))


# --- Unified kernel image -------------------------------------------------------------------------

def align(value):
    return (value + PAGE_BYTES - 1) // PAGE_BYTES * PAGE_BYTES


def end_of_stub():
    """The address behind the stub's last section: ours follow it, so none can overlap."""
    end = 0
    for line in run("objdump", "--section-headers", STUB).split("\n"):
        match = re.match(r"\s*\d+ \S+\s+([0-9a-f]{8})\s+([0-9a-f]{16})\s", line)
        if match:
            end = max(end, int(match.group(1), 16) + int(match.group(2), 16))
    if end == 0:
        raise BuildError("%s has no sections" % STUB)
    return end


def unified(folder, vmlinuz, initrd_image, command_line, release, version):
    """betex.unsigned.efi, and the files that went into it."""
    write(os.path.join(folder, "cmdline"), command_line)
    write(os.path.join(folder, "osrel"), release)
    write(os.path.join(folder, "uname"), version)
    sections = {".osrel": os.path.join(folder, "osrel"),
                ".cmdline": os.path.join(folder, "cmdline"),
                ".uname": os.path.join(folder, "uname"), ".linux": vmlinuz,
                ".initrd": initrd_image}
    options = []
    address = align(end_of_stub())
    for name, path in sections.items():
        options += ["--add-section", "%s=%s" % (name, path),
                    "--change-section-vma", "%s=%#x" % (name, address)]
        address = align(address + os.path.getsize(path))
    image = os.path.join(folder, "betex.unsigned.efi")
    run("objcopy", *options, STUB, image)
    fix_stamps(image)


def fix_stamps(path):
    """objcopy writes the time into the head of the file, and a checksum over it, which firmware
    does not look at: both become zero."""
    with open(path, "r+b") as file:
        content = file.read()
        pe = struct.unpack_from("<I", content, 0x3c)[0]
        if content[pe:pe + 4] != b"PE\0\0":
            raise BuildError("%s is no PE file" % path)
        for offset in (pe + 8, pe + 24 + 64):  # TimeDateStamp, CheckSum
            file.seek(offset)
            file.write(b"\0\0\0\0")


def make_key(folder, days=3650):
    """db.key and db.crt: a throw-away key, which no firmware knows."""
    run("openssl", "req", "-new", "-x509", "-newkey", "rsa:2048", "-nodes", "-sha256",
        "-days", str(days), "-subj", "/CN=betex throw-away key/",
        "-keyout", os.path.join(folder, "db.key"), "-out", os.path.join(folder, "db.crt"))
    os.chmod(os.path.join(folder, "db.key"), 0o600)


def sign(source, target, key, certificate, epoch):
    """The time of signing is inside the signature, so it is that of the source."""
    run("faketime", "-f", "@%d" % epoch, "sbsign", "--key", key, "--cert", certificate,
        "--output", target, source, env={"FAKETIME_FMT": "%s"})
    run("sbverify", "--cert", certificate, target)
