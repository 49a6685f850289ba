# SPDX-License-Identifier: MIT
"""sbom - the SPDX 2.3 document of an agent: every packed file with its hashes, and the
vendored distribution that it belongs to, with version and licence.

What is linked into the runtime has a document of its own, share/doc/ferrule/
ferrule.spdx.json.gz, made from the linker's map.
"""

import hashlib
import json
import re
import time
from dataclasses import dataclass, field
from urllib.parse import quote

from ferrule._installer import tarball

# Licences as people write them in METADATA; lower case, without "license" and "the".
_LICENCES = {
    "0bsd": "0BSD", "apache": "Apache-2.0", "apache 2": "Apache-2.0",
    "apache 2.0": "Apache-2.0", "apache software": "Apache-2.0",
    "bsd 2-clause": "BSD-2-Clause", "bsd 3-clause": "BSD-3-Clause",
    "3-clause bsd": "BSD-3-Clause", "isc": "ISC", "isc (iscl)": "ISC", "mit": "MIT",
    "mit-0": "MIT-0", "mozilla public 2.0 (mpl 2.0)": "MPL-2.0", "mpl 2.0": "MPL-2.0",
    "psf": "PSF-2.0", "python software foundation": "PSF-2.0", "unlicense": "Unlicense",
    "zlib": "Zlib",
}  # fmt: skip
_GNU = re.compile(r"A?GPL-3\.0-(only|or-later)|L?GPL-(2\.[01]|3\.0)-(only|or-later)")
_EXPRESSION = re.compile(r"[A-Za-z0-9.+() -]{1,500}")
NOBODY_SAYS = "NOASSERTION"


def _reference(kind, name):
    return f"{kind}-{re.sub('[^A-Za-z0-9.]', '-', name)}"


@dataclass(frozen=True, eq=False)
class Package:
    """An agent, or a distribution in its folder vendor."""

    name: str
    version: str
    files: frozenset  # of names relative to the agent's folder
    headers: dict = field(default_factory=dict)  # of METADATA: {lower name: [values]}


def _licence(package, own_licences):
    """What a package declares, as SPDX has it; other words than those get a name."""
    headers = package.headers
    expression = headers.get("license-expression", [""])[0]
    if _EXPRESSION.fullmatch(expression):
        return expression
    texts = [*headers.get("license", ()),
             *(value.rpartition(":: ")[2] for value in headers.get("classifier", ())
               if value.startswith("License ::"))]  # fmt: skip
    for text in texts:
        words = re.sub("license|version|the |,", "", text.lower()).split()
        known = _LICENCES.get(" ".join(words))
        if known or text in _LICENCES.values() or _GNU.fullmatch(text):
            return known or text
    if not any(texts):
        return NOBODY_SAYS
    name = _reference("LicenseRef", package.name)
    own_licences.append({"licenseId": name, "name": package.name,
                         "extractedText": "\n".join(texts)})  # fmt: skip
    return name


def _file_row(number, name, data):
    return {
        "SPDXID": f"SPDXRef-File-{number}", "fileName": f"./{name}",
        "checksums": [
            {"algorithm": "SHA1",
             "checksumValue": hashlib.sha1(data, usedforsecurity=False).hexdigest()},
            {"algorithm": "SHA256", "checksumValue": hashlib.sha256(data).hexdigest()},
        ],
        "licenseConcluded": NOBODY_SAYS, "copyrightText": NOBODY_SAYS,
    }  # fmt: skip


def _package_row(package, reference, licence, files):
    """`files`: the rows of what it holds."""
    row = {
        "SPDXID": reference, "name": package.name, "versionInfo": package.version,
        "downloadLocation": NOBODY_SAYS, "filesAnalyzed": bool(files),
        "licenseConcluded": NOBODY_SAYS, "licenseDeclared": licence,
        "copyrightText": NOBODY_SAYS,
    }  # fmt: skip
    if files:
        sums = "".join(sorted(file["checksums"][0]["checksumValue"] for file in files))
        code = hashlib.sha1(sums.encode(), usedforsecurity=False).hexdigest()
        row["packageVerificationCode"] = {"packageVerificationCodeValue": code}
    return row


def _relation(one, kind, other):
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}


def document(manifest, vendored, files):
    """The document as bytes; it depends on what is packed and SOURCE_DATE_EPOCH alone.
    `vendored`: Packages; `files`: {name: File}."""
    rows = {name: _file_row(number, name, file.data)
            for number, (name, file) in enumerate(sorted(files.items()))}  # fmt: skip
    owners = {name: package for package in vendored for name in package.files}
    agent = Package(manifest.name, manifest.version, frozenset(rows.keys() - owners.keys()),
                    {"license-expression": [manifest.values.get("license", "")]})
    root = _reference("SPDXRef-Agent", agent.name)
    products, licences = [], []
    relations = [_relation("SPDXRef-DOCUMENT", "DESCRIBES", root)]
    for package in (agent, *vendored):
        reference = root
        if package is not agent:
            reference = _reference("SPDXRef-Vendored", package.name)
            relations.append(_relation(root, "CONTAINS", reference))
        held = [rows[name] for name in sorted(package.files & rows.keys())]
        products.append(_package_row(package, reference, _licence(package, licences), held))
        relations += (_relation(reference, "CONTAINS", row["SPDXID"]) for row in held)
        if package is not agent:
            products[-1]["externalRefs"] = [_purl(package)]
    text = json.dumps({**_head(manifest, rows), "packages": products,
                       "files": list(rows.values()), "relationships": relations,
                       "hasExtractedLicensingInfos": licences},
                      indent=1, ensure_ascii=False)  # fmt: skip
    return text.encode() + b"\n"


def _purl(package):
    name = quote(re.sub("[-_.]+", "-", package.name).lower())
    return {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
            "referenceLocator": f"pkg:pypi/{name}@{quote(package.version)}"}  # fmt: skip


def _head(manifest, rows):
    title = f"{manifest.name}-{manifest.version}"
    sums = "".join(row["checksums"][1]["checksumValue"] for row in rows.values())
    space = hashlib.sha256(f"{title}\n{sums}".encode()).hexdigest()[:32]
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(tarball.epoch()))
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": title, "documentNamespace": f"urn:ferrule:sbom:{title}:{space}",
        "creationInfo": {"created": created, "creators": ["Tool: ferrule-pack"]},
    }  # fmt: skip
