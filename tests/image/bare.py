# SPDX-License-Identifier: Apache-2.0
"""bare.py - how long the image's kernel needs until a bare init runs: the measure of readiness."""
from qemu import Machine

READY = "bare init is ready"


def _entry(number, name, mode, content):
    """A file of a cpio archive in the form "newc"."""
    path = name.encode() + b"\0"
    head = b"070701" + b"".join(b"%08X" % value for value in (
        number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(path), 0))
    return b"".join(part + b"\0" * (-len(part) % 4) for part in (head + path, content))


def make_initrd(path, init):
    with open(init, "rb") as file:
        program = file.read()
    with open(path, "wb") as file:
        file.write(_entry(1, "init", 0o100755, program))
        file.write(_entry(0, "TRAILER!!!", 0, b""))


def seconds_to_bare_init(image, init, folder):
    """Boots it once; seconds from power on."""
    with Machine(folder, "bare") as machine:
        initrd = machine.path(".initrd")
        make_initrd(initrd, init)
        machine.boot_kernel(image.path("vmlinuz"), initrd, image.read("cmdline"))
        port = machine.start()
        port.wait_for(READY)
        machine.wait_for_end()
        return port.seconds_until(READY)


def describe(ready_s, bare_s):
    return "%.1f s from power on to the engine ready, %.1f times a bare init (%.1f s)" % (
        ready_s, ready_s / bare_s, bare_s)
