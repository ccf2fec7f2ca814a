# SPDX-License-Identifier: Apache-2.0
"""cases_long.py - the cases of ./run boot --all: minutes each."""
import os
import re
import shutil

import disks
from cases import boot_tampered, record_life, require_losses, require_right
from host import DEADLINE_S, TOP, Failed, copy_sparse, run as run_command
from life import OPERATOR, READY, Appliance, Recorded, make_folder
from qemu import Machine
from rebuild import Cuts
from report import report

POWER_CUTS = 1000
LYING_CUTS = 100
UNSYNCED_CUTS = 100
# The controls must lose in so many of a hundred images; they do in most.
LOSSES_MIN = 25
LONG_ROUNDS = 60
ROOT_BYTES_MAX = 40 << 20
# An image from nothing, on a loaded machine.
BUILD_DEADLINE_S = 10 * DEADLINE_S
SHELLS = {"ash", "bash", "busybox", "csh", "dash", "fish", "ksh", "sh", "tcsh", "zsh", "perl",
          "python3", "login", "agetty", "getty", "su", "sudo", "sulogin", "sshd", "dpkg", "apt",
          "apt-get"}
PROGRAMS = "usr/lib/betex/bin"
UNITS = "usr/lib/systemd/system"
# What a service may do although the others may not: it is there for that.
ALLOWED = {"betex-wal-disk": {"read a disk"}, "betex-wal-init": {"read a disk"}}
SNAKEOIL = "/usr/share/ovmf/PkKek-1-snakeoil"


def case_reproducible(run):
    """a second image, built from nothing in another place, is the same to the byte"""
    del run
    builder = os.path.join(TOP, "image", "build.py")
    printed = run_command(builder, "--again", deadline=BUILD_DEADLINE_S)
    return printed.strip().split("\n")[-1]


def case_contents(run):
    """the root has no shell, no set-user-ID file, no script and no key, and is small"""
    folder = make_folder(run.folder("contents"))
    image = run.image.path("root.img")
    size = os.path.getsize(image)
    if size > ROOT_BYTES_MAX:
        raise Failed("the root has %d bytes, want %d at most" % (size, ROOT_BYTES_MAX))
    found = wrong_names(run_command("unsquashfs", "-lls", image))
    tree = os.path.join(folder, "tree")
    run_command("unsquashfs", "-quiet", "-no-progress", "-no-xattrs", "-d", tree, image)
    found += wrong_contents(tree)
    if found:
        raise Failed("; ".join(found))
    files = sum(len(names) for _, _, names in os.walk(tree))
    shutil.rmtree(tree)
    report(run.figures, root_bytes=size, root_files=files)
    return "%d files in %.1f MiB" % (files, size / (1 << 20))


def wrong_names(listing):
    """What a listing of unsquashfs -lls has that must not be there."""
    rows = re.findall(r"^(\S{10}) (\S+)\s.* squashfs-root/(.+?)(?: -> .*)?$", listing, re.M)
    if not rows:
        raise Failed("unsquashfs lists nothing:\n" + listing[:500])
    found = []
    for mode, owner, path in rows:
        if os.path.basename(path) in SHELLS and not mode.startswith("d"):
            found.append("%s: a shell, an interpreter or a login" % path)
        if re.search("[sS]", mode):
            found.append("%s: %s" % (path, mode))
        if mode[8] == "w" and not mode.startswith("l"):
            found.append("%s: all may write" % path)
        if owner != "root/root":
            found.append("%s: belongs to %s" % (path, owner))
        if mode[0] in "bc":
            found.append("%s: a device" % path)
    return found


def wrong_contents(tree):
    found = []
    for where, _, names in os.walk(tree):
        for name in names:
            path = os.path.join(where, name)
            if os.path.islink(path):
                continue
            with open(path, "rb") as file:
                content = file.read()
            if content.startswith(b"#!"):
                found.append("%s: a script" % os.path.relpath(path, tree))
            if re.search(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----", content):
                found.append("%s: a private key" % os.path.relpath(path, tree))
    return found


def case_sandboxes(run):
    """what a service that was taken over would try is refused, in each of them; nothing listens"""
    folder = make_folder(run.folder("sandboxes"))
    services = []

    def change(tree):
        shutil.copy(run.program("betex-probe"), os.path.join(tree, PROGRAMS))
        services.extend(add_probes(os.path.join(tree, UNITS)))

    image = run.image.with_root(os.path.join(folder, "image"), change)
    disk = os.path.join(folder, "wal.img")
    disks.make_wal_disk(disk)
    with Appliance(image, folder, "probed", disk) as appliance:
        prompt = appliance.wait_for_prompt()
        appliance.console.wait_for("machine: end")
        # Starts betex-wal-init, whose own answer is not what is looked at.
        prompt.ask("wal disks")
        for service in services:
            port = appliance.port if service == "betex-prompt" else appliance.console
            port.wait_for("probe %s: end" % service)
        said = "".join(port.text() for port in appliance.machine.lines)
    shutil.rmtree(image.folder)
    wrong = wrong_probes(said, services) + wrong_facts(said)
    if wrong:
        raise Failed("; ".join(wrong))
    return "%d services, %d attempts refused" % (len(services), said.count(": refused ("))


# No serial line shows what these say.  The prompt has the same sandbox, line for line.
ON_THE_SCREEN = ("betex-console",)


def add_probes(units):
    """Has each service of betex run the probe before it starts, in its own sandbox; and one unit
    that tells about the machine.  Returns the services' names."""
    services = []
    for name in sorted(os.listdir(units)):
        match = re.fullmatch(r"(betex[a-z-]*)(@?)\.service", name)
        if not match or match.group(1) in ON_THE_SCREEN:
            continue
        services.append(match.group(1))
        with open(os.path.join(units, name), encoding="utf-8") as file:
            own_line = "StandardOutput=tty" in file.read()
        os.makedirs(os.path.join(units, name + ".d"), exist_ok=True)
        with open(os.path.join(units, name + ".d", "probe.conf"), "w", encoding="utf-8") as file:
            file.write("[Service]\nExecStartPre=/%s/betex-probe %s\n" % (PROGRAMS, match.group(1)))
            file.write("" if own_line else "StandardOutput=journal+console\n")
    with open(os.path.join(units, "probe-machine.service"), "w", encoding="utf-8") as file:
        file.write("[Unit]\nAfter=betexd.service\n[Service]\nType=oneshot\n"
                   "StandardOutput=journal+console\nExecStart=/%s/betex-probe --machine\n" %
                   PROGRAMS)
    wants = os.path.join(units, "multi-user.target.wants")
    os.makedirs(wants, exist_ok=True)
    os.symlink("../probe-machine.service", os.path.join(wants, "probe-machine.service"))
    return services


def wrong_probes(said, services):
    wrong = []
    for service in services:
        tried = dict(re.findall(r"probe %s: ([^:]+): (DONE|refused \(.*?\))" % service, said))
        if len(tried) < 10:
            wrong.append("%s: %d attempts were told of" % (service, len(tried)))
        wrong += ["%s could %s" % (service, what) for what, outcome in sorted(tried.items())
                  if outcome == "DONE" and what not in ALLOWED.get(service, ())]
    return wrong


def wrong_facts(said):
    """What is not true of the machine as it must be."""
    facts = {}
    for what, value in re.findall(r"machine: ([^:]+): (.*)", said):
        facts.setdefault(what, []).append(value.strip())
    wrong = ["%s: %s" % (what, facts.get(what)) for what in
             ("tcp", "tcp6", "udp", "udp6", "raw", "packet")
             # A kernel without one of them has no such file.
             if facts.get(what) not in (["none"], ["No such file or directory"])]
    for what, value in (("partition of cores", "isolated"), ("cores", "2")):
        if facts.get(what) != [value]:
            wrong.append("%s: %s, want %s" % (what, facts.get(what), value))
    if int(facts.get("hugepages", ["0"])[0]) < 1:
        wrong.append("there are no hugepages")
    root = [row for row in facts.get("mounts", []) if row.split()[1] == "/"]
    if not root or root[-1].split()[2] != "squashfs" or "ro" not in root[-1].split()[3].split(","):
        wrong.append("the root is %s" % root)
    if "lockdown=confidentiality" not in facts.get("command line", [""])[0]:
        wrong.append("the kernel is not locked down")
    return wrong


def case_power_cuts(run):
    """of 1000 disks after a power cut none has lost anything that a client was told"""
    folder = make_folder(run.folder("power_cuts"))
    recorded = Recorded(folder)
    record_life(run.image, recorded, folder, LONG_ROUNDS)
    cuts = Cuts(recorded, run.programs, folder)
    require_right(cuts.check(cuts.moments(POWER_CUTS, seed="cuts"), seed="cuts"))
    first = cuts.claims.told[len(cuts.claims.told) // 4][0]
    lost = require_losses(cuts, LYING_CUTS, LOSSES_MIN, first)
    report(run.figures, long_disks=POWER_CUTS, long_lying_disks_lost=lost)
    return "%d events claimed, %d disks, nothing lost; of a disk that lies %d of %d" % (
        len(cuts.claims.told), POWER_CUTS, lost, LYING_CUTS)


def case_unsynced(run):
    """an engine that syncs nothing loses what a client was told, on the same disk"""
    folder = make_folder(run.folder("unsynced"))

    def change(tree):
        shutil.copy(run.program("betexd-unsynced"), os.path.join(tree, PROGRAMS, "betexd"))

    image = run.image.with_root(os.path.join(folder, "image"), change)
    recorded = Recorded(folder)
    record_life(image, recorded, folder, LONG_ROUNDS)
    shutil.rmtree(image.folder)
    cuts = Cuts(recorded, run.programs, folder)
    first = cuts.claims.told[0][0]
    verdicts = cuts.check(cuts.moments(UNSYNCED_CUTS, seed="unsynced", first=first),
                          seed="unsynced")
    lost = sum(1 for _, verdict in verdicts if verdict.lost)
    report(run.figures, unsynced_disks=UNSYNCED_CUTS, unsynced_disks_lost=lost)
    if lost < LOSSES_MIN:
        raise Failed("it lost something in %d of %d images only: want %d" %
                     (lost, UNSYNCED_CUTS, LOSSES_MIN))
    return "it lost something in %d of %d images" % (lost, UNSYNCED_CUTS)


def case_tamper_read(run):
    """a root with a flipped byte that every start reads is refused, and it is said why"""
    folder = make_folder(run.folder("tamper_read"))
    # In the superblock of squashfs, which the mount reads.
    return "after %.1f s: %s" % boot_tampered(run, folder, 40)


def case_secure_boot(run):
    """with Secure Boot the signed kernel starts the appliance, from power on by firmware"""
    folder = make_folder(run.folder("secure_boot"))
    disk = os.path.join(folder, "wal.img")
    disks.make_wal_disk(disk)
    system = signed_system(run, folder, sign_kernel=True)
    with firmware_machine(folder, "signed", system, disk) as machine:
        for step in (r"Welcome to", READY):
            machine.lines[0].wait_for(step)
        ready_s = machine.lines[0].seconds_until(READY)
    report(run.figures, secure_boot_ready_s=ready_s)
    return "%.1f s from power on, through firmware and signatures, to the engine ready" % ready_s


def case_unsigned(run):
    """with Secure Boot an unsigned kernel is refused"""
    folder = make_folder(run.folder("unsigned"))
    system = signed_system(run, folder, sign_kernel=False)
    with firmware_machine(folder, "unsigned", system, None) as machine:
        refused = machine.lines[0].wait_for(r"(?i).*(access denied|security violation).*")
        text = machine.lines[0].text()
    if "Linux version" in text or "Welcome to" in text:
        raise Failed("the unsigned kernel was started:\n%s" % text[-2000:])
    return refused.group(0).strip()


def firmware_machine(folder, name, system, log_disk):
    machine = Machine(folder, name, serial_ports=2)
    machine.boot_firmware(secure=True)
    machine.disk(system, "system")
    if log_disk is not None:
        machine.disk(log_disk, "wal")
    machine.start()
    return machine


def signed_system(run, folder, sign_kernel):
    """A copy of the image whose boot loader, and kernel if wanted, are signed with the keys that
    OVMF publishes for tests; the image's own signatures are taken off."""
    system = os.path.join(folder, "system.img")
    run.image.copy_disk(system)
    key = os.path.join(folder, "db.key")
    run_command("openssl", "rsa", "-in", SNAKEOIL + ".key", "-passin", "pass:snakeoil", "-out", key)
    esp = "%s@@%d" % (system, disks.partition(system, "esp").offset)
    kernel = re.search(r"\S+\.efi", run_command("mdir", "-b", "-i", esp, "::EFI/Linux")).group(0)
    for inside, sign in (("::EFI/BOOT/BOOTX64.EFI", True), (kernel, sign_kernel)):
        file = os.path.join(folder, "program.efi")
        run_command("mcopy", "-n", "-o", "-i", esp, inside, file)
        run_command("sbattach", "--remove", file)
        if sign:
            run_command("sbsign", "--key", key, "--cert", SNAKEOIL + ".pem", "--output", file, file)
        run_command("mcopy", "-o", "-i", esp, file, inside)
    return system
