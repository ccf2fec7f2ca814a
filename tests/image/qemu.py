# SPDX-License-Identifier: Apache-2.0
"""qemu.py - a machine in QEMU: what it is made of, its start, its serial ports, and its ends."""
import json
import os
import shutil
import signal
import socket
import subprocess

from host import DEADLINE_S, Failed, require
from serial_line import SerialLine

PROGRAM = "qemu-system-x86_64"
FIRMWARE = "/usr/share/OVMF/OVMF_CODE_4M.fd"
FIRMWARE_VARIABLES = "/usr/share/OVMF/OVMF_VARS_4M.fd"
SECURE_FIRMWARE = "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd"
SECURE_VARIABLES = "/usr/share/OVMF/OVMF_VARS_4M.snakeoil.fd"
# Emulation: ordinary guests of KVM do not run on the machines that this has to pass on.
# Five-level page tables (la57) cost seconds there.
PROCESSOR = ["-accel", "tcg,thread=multi", "-cpu", "max,la57=off", "-smp", "3"]
MEMORY_MIB = 1024


class Machine:
    """Is put together by the methods before start(), and ends by power_off(), cut_power() or by
    itself.  Files of its own, such as logs of its ports, go to @folder."""

    def __init__(self, folder, name, serial_ports=1):
        require(PROGRAM)
        self.folder = folder
        self.name = name
        self.serial_ports = serial_ports
        self.lines = []
        self.process = None
        self.output = None
        self.disks = 0
        self.arguments = [PROGRAM, "-nodefaults", "-no-user-config", "-display", "none",
                          "-no-reboot", "-name", name, *PROCESSOR, "-m", str(MEMORY_MIB),
                          "-object", "rng-random,id=random,filename=/dev/urandom",
                          "-device", "virtio-rng-pci,rng=random"]
        self.type = "q35"

    def path(self, ending):
        return os.path.join(self.folder, self.name + ending)

    def boot_kernel(self, kernel, initrd, command_line):
        """Starts a kernel without firmware: some ten seconds less."""
        self.arguments += ["-kernel", kernel, "-initrd", initrd, "-append", command_line]

    def boot_firmware(self, secure=False):
        """Starts what the first disk holds, by UEFI; @secure: with Secure Boot on, the keys those
        that OVMF publishes for tests."""
        code, variables = ((SECURE_FIRMWARE, SECURE_VARIABLES) if secure
                           else (FIRMWARE, FIRMWARE_VARIABLES))
        own = self.path(".vars")
        shutil.copy(variables, own)
        self.type = "q35,smm=on" if secure else "q35"
        if secure:
            self.arguments += ["-global", "driver=cfi.pflash01,property=secure,value=on"]
        self.arguments += ["-drive", "if=pflash,format=raw,unit=0,readonly=on,file=" + code,
                           "-drive", "if=pflash,format=raw,unit=1,file=" + own]

    def _disk(self, options, serial):
        node = "disk%d" % self.disks
        self.disks += 1
        options["node-name"] = node
        # Discards off: a filesystem may then count on nothing being forgotten but by writing.
        self.arguments += ["-blockdev", json.dumps(options),
                           "-device", "virtio-blk-pci,drive=%s,serial=%s,bootindex=%d,discard=off,"
                           "write-zeroes=off" % (node, serial, self.disks)]

    def disk(self, path, serial):
        """A disk in a raw file.  Syncs are not passed on: no test here ends the host."""
        self._disk({"driver": "raw", "file": {"driver": "file", "filename": path,
                                              "cache": {"no-flush": True}}}, serial)

    def logged_disk(self, path, log_path, serial):
        """A disk whose writes and flushes are written down, one after the other, in @log_path,
        which write_log.py reads.  The flush of the file below is left out, so that none of the
        guest's writes is counted as flushed that ended while a flush went on."""
        with open(log_path, "wb"):
            pass
        unsynced = {"no-flush": True}
        self._disk({"driver": "blklogwrites",
                    "file": {"driver": "file", "filename": path, "cache": unsynced},
                    "log": {"driver": "file", "filename": log_path, "cache": unsynced}}, serial)

    def start(self):
        """Returns the first serial port."""
        passed = []
        ports = []
        for number in range(self.serial_ports):
            port = "serial%d" % number
            ours, theirs = socket.socketpair()
            passed.append(theirs)
            self.arguments += ["-chardev", "socket,id=%s,fd=%d" % (port, theirs.fileno()),
                               "-serial", "chardev:" + port]
            ports.append((port, ours))
        self.arguments += ["-machine", self.type]
        self.output = open(self.path(".qemu"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(self.arguments, stdin=subprocess.DEVNULL,
                                        stdout=self.output, stderr=subprocess.STDOUT,
                                        pass_fds=[end.fileno() for end in passed])
        for end in passed:
            end.close()
        self.lines = [SerialLine("%s %s" % (self.name, port), ours, self.path("." + port))
                      for port, ours in ports]
        return self.lines[0]

    def wait_for_end(self, deadline=DEADLINE_S):
        """Waits until the machine switched itself off, or stopped to start anew."""
        try:
            self.process.wait(deadline)
        except subprocess.TimeoutExpired as error:
            last = "\n".join(line.tail() for line in self.lines)
            raise Failed("%s: still on after %d s; last:\n%s" %
                         (self.name, deadline, last)) from error
        status = self.process.returncode
        self.close()
        if status != 0:
            with open(self.path(".qemu"), encoding="utf-8") as file:
                raise Failed("%s: QEMU ended with %d: %s" % (self.name, status, file.read()))

    def cut_power(self):
        """Ends the machine between two instructions.  What it wrote is in its files, all of it:
        what a real disk would have forgotten is for write_log.py to say."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        self.close()

    def close(self):
        for line in self.lines:
            line.close()
        if self.output is not None:
            self.output.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.cut_power()
