# SPDX-License-Identifier: Apache-2.0
"""sbom.py - what is in the image: a list for people, and an SPDX 2.3 document for programs."""
import json
import os
import time

from rootfs import name_uuid
from stages import write


def used_packages(packages, files):
    """The packages that a file of the image is from, each with the number of its files."""
    counts = {}
    for row in files:
        counts[row["package"]] = counts.get(row["package"], 0) + 1
    return [(package, counts[package["package"]]) for package in packages
            if package["package"] in counts]


def inventory(folder, packages, files, version, epoch):
    """packages.txt, files.txt and sbom.spdx.json."""
    used = used_packages(packages, files)
    lines = ["# Debian packages that files of the image are from: name, version, architecture,",
             "# SHA-256 of the package, number of files."]
    lines += ["%s %s %s %s %d" % (package["package"], package["version"], package["architecture"],
                                  package["sha256"], count) for package, count in used]
    write(os.path.join(folder, "packages.txt"), "\n".join(lines) + "\n")
    lines = ["# Every file of the root: SHA-256 or -> aim of a link, package, path."]
    lines += ["%s %s /%s" % (row.get("sha256") or "->" + row["link"], row["package"], row["path"])
              for row in files]
    write(os.path.join(folder, "files.txt"), "\n".join(lines) + "\n")
    write(os.path.join(folder, "sbom.spdx.json"),
          json.dumps(spdx(used, version, epoch), indent=1, sort_keys=True) + "\n")


def spdx(used, version, epoch):
    own = {
        "SPDXID": "SPDXRef-betex", "name": "betex-appliance", "versionInfo": version,
        "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
        "licenseDeclared": "Apache-2.0", "licenseConcluded": "NOASSERTION",
        "copyrightText": "NOASSERTION", "primaryPackagePurpose": "OPERATING-SYSTEM",
    }
    rows = [own]
    relations = [relation("SPDXRef-DOCUMENT", "DESCRIBES", own["SPDXID"])]
    for package, _ in used:
        row = spdx_package(package)
        rows.append(row)
        relations.append(relation(own["SPDXID"], "CONTAINS", row["SPDXID"]))
    made = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch))
    identity = json.dumps([row.get("checksums", version) for row in rows])
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": "betex appliance " + version,
        "documentNamespace": "urn:uuid:" + name_uuid(identity),
        "creationInfo": {"created": made, "creators": ["Tool: betex-image-" + version]},
        "packages": rows, "relationships": relations,
    }


def relation(source, kind, aim):
    return {"spdxElementId": source, "relationshipType": kind, "relatedSpdxElement": aim}


def spdx_package(package):
    source, _, source_version = package.get("source", package["package"]).partition(" ")
    locator = "pkg:deb/debian/%s@%s?arch=%s" % (
        package["package"], package["version"].replace(":", "%3A").replace("+", "%2B"),
        package["architecture"])
    return {
        "SPDXID": "SPDXRef-deb-" + package["package"].replace("+", "-"),
        "name": package["package"], "versionInfo": package["version"],
        "supplier": "Organization: Debian", "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False, "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION", "copyrightText": "NOASSERTION",
        "sourceInfo": "built from %s %s" % (
            source, source_version.strip("()") or package["version"]),
        "checksums": [{"algorithm": "SHA256", "checksumValue": package["sha256"]}],
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                          "referenceLocator": locator}],
    }
