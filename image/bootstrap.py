# SPDX-License-Identifier: Apache-2.0
"""bootstrap.py - Debian's packages, unpacked and not installed: what the image is taken from.

They come from the sources that apt of this machine has, as far as they are Debian's own; apt checks
their signatures.  No script of a package ever runs."""
import glob
import json
import os
import shutil
import subprocess

from stages import BuildError, file_hash, run, write

# What nobody will take from them; the rest of usr/share/doc has the licences.
LEFT_OUT = ("./dev/*", "./usr/share/man/*", "./usr/share/locale/*", "./usr/share/info/*")


def apt_sources():
    """Lines of a sources.list, and a number that changes when Debian's lists do."""
    rows = set()
    hashes = []
    output = run("apt-get", "indextargets", "--format",
                 "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(FILENAME)",
                 "Created-By: Packages", "Origin: Debian")
    for line in sorted(filter(None, output.split("\n"))):
        uri, release, component, path = line.split("|")
        rows.add("deb %s %s %s" % (uri, release, component))
        if os.path.exists(path):
            hashes.append(file_hash(path))
    if not rows:
        raise BuildError("apt has no sources of Debian: see /etc/apt/sources.list.d")
    return sorted(rows), hashes


def codename():
    with open("/etc/os-release", encoding="utf-8") as file:
        for line in file:
            if line.startswith("VERSION_CODENAME="):
                return line.split("=")[1].strip()
    raise BuildError("/etc/os-release has no VERSION_CODENAME: is this Debian?")


def bootstrap(folder, packages, sources):
    """Makes root/, the packages laid over each other, and packages.json, what each has."""
    root = os.path.join(folder, "root")
    debs = os.path.join(folder, "debs")
    os.makedirs(root)
    os.makedirs(debs)
    write(os.path.join(folder, "sources.list"), "\n".join(sources) + "\n")
    unpack(folder, packages, root, debs)
    known = [describe(path) for path in sorted(glob.glob(os.path.join(debs, "*.deb")))]
    if not known:
        raise BuildError("mmdebstrap left no packages: see %s/mmdebstrap.log" % folder)
    write(os.path.join(folder, "packages.json"), json.dumps(known, indent=1, sort_keys=True))
    shutil.rmtree(debs)


def unpack(folder, packages, root, debs):
    as_root = [] if os.geteuid() == 0 else ["sudo"]
    command = [*as_root, "env", "LC_ALL=C", "mmdebstrap", "--variant=extract", "--format=tar",
               "--include=" + ",".join(packages), "--aptopt=APT::Install-Recommends \"false\"",
               "--extract-hook=cp \"$1\"/var/cache/apt/archives/*.deb '%s'" % debs,
               codename(), "-", os.path.join(folder, "sources.list")]
    log = os.path.join(folder, "mmdebstrap.log")
    with open(log, "wb") as said:
        maker = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said)
        taker = subprocess.run(
            ["tar", "-x", "-C", root, "--no-same-owner", "--no-same-permissions",
             *["--exclude=" + pattern for pattern in LEFT_OUT]],
            stdin=maker.stdout, stderr=said, check=False)
        maker.stdout.close()
        status = maker.wait()
    if status != 0 or taker.returncode != 0:
        with open(log, encoding="utf-8", errors="replace") as file:
            raise BuildError("mmdebstrap: exit status %d\n  %s" % (
                status, "\n  ".join(file.read().strip().split("\n")[-15:])))


def describe(deb):
    """Name, version and so on of a package, and the paths of its files."""
    fields = {}
    for line in run("dpkg-deb", "--field", deb, "Package", "Version", "Architecture", "Source",
                    "Homepage").split("\n"):
        key, colon, value = line.partition(": ")
        if colon:
            fields[key.lower()] = value
    listing = run("bash", "-o", "pipefail", "-c", "dpkg-deb --fsys-tarfile \"$1\" | tar -t", "-",
                  deb)
    fields["sha256"] = file_hash(deb)
    fields["files"] = sorted(line[2:] for line in listing.split("\n")
                             if line.startswith("./") and not line.endswith("/"))
    return fields
