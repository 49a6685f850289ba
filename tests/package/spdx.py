# SPDX-License-Identifier: MIT
"""spdx - what SPDX 2.3 asks of a document, as far as ours use it."""

import hashlib
import re

TOP = {"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
       "name": ".+", "documentNamespace": "[a-z]+:[^#]+"}
PACKAGE = {"SPDXID": "SPDXRef-[A-Za-z0-9.-]+", "name": ".+", "downloadLocation": "NOASSERTION",
           "licenseConcluded": ".+", "licenseDeclared": ".+", "copyrightText": ".+"}
FILE = {"SPDXID": "SPDXRef-[A-Za-z0-9.-]+", "fileName": r"\./.+"}
RELATION = {"spdxElementId": ".+", "relationshipType": "[A-Z_]+", "relatedSpdxElement": ".+"}
CHECKSUMS = {"SHA1": 40, "SHA256": 64}
_WORD = re.compile(r"[A-Za-z0-9.+-]+")
KNOWN = {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "GCC-exception-3.1",
         "GPL-3.0-or-later", "LGPL-2.1-or-later", "MIT", "PSF-2.0", "Zlib", "bzip2-1.0.6",
         "NOASSERTION", "AND", "OR", "WITH"}  # fmt: skip


def mistakes(document):
    """What is wrong with a document, line by line; [] when nothing is."""
    return [*_shape("document", document, TOP), *_creation(document),
            *_packages(document), *_files(document), *_relations(document)]  # fmt: skip


def _shape(what, row, fields):
    for name, pattern in fields.items():
        if not (isinstance(row.get(name), str) and re.fullmatch(pattern, row[name])):
            yield f"{what}: {name} is {row.get(name)!r}"


def _creation(document):
    info = document.get("creationInfo", {})
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", info.get("created", "")):
        yield f"created: {info.get('created')!r}"
    if not any(creator.startswith(("Tool: ", "Person: ", "Organization: "))
               for creator in info.get("creators", [])):
        yield "no creator"


def contained(document, reference):
    """The files that a package contains."""
    files = {row["SPDXID"]: row for row in document.get("files", [])}
    return [files[row["relatedSpdxElement"]] for row in document["relationships"]
            if row["spdxElementId"] == reference and row["relationshipType"] == "CONTAINS"
            and row["relatedSpdxElement"] in files]


def _sum_of(row, algorithm):
    return next((c["checksumValue"] for c in row.get("checksums", ())
                 if c["algorithm"] == algorithm), "")


def _packages(document):
    own = {row["licenseId"] for row in document.get("hasExtractedLicensingInfos", ())}
    for row in document["packages"]:
        yield from _shape(row.get("name"), row, PACKAGE)
        for word in _WORD.findall(row["licenseDeclared"]):
            if word not in KNOWN | own:
                yield f"{row['name']}: {word} is no licence"
        held = contained(document, row["SPDXID"])
        if row["filesAnalyzed"]:
            sums = "".join(sorted(_sum_of(file, "SHA1") for file in held))
            code = hashlib.sha1(sums.encode()).hexdigest()
            if row["packageVerificationCode"]["packageVerificationCodeValue"] != code:
                yield f"{row['name']}: wrong verification code"
        elif held:
            yield f"{row['name']}: files, though none were looked at"


def _files(document):
    for row in document.get("files", ()):
        yield from _shape(row.get("fileName"), row, FILE)
        for algorithm, length in CHECKSUMS.items():
            if not re.fullmatch(f"[0-9a-f]{{{length}}}", _sum_of(row, algorithm)):
                yield f"{row['fileName']}: no {algorithm}"


def _relations(document):
    rows = [document, *document["packages"], *document.get("files", ())]
    known = [row["SPDXID"] for row in rows]
    reached = {"SPDXRef-DOCUMENT"}
    if len(set(known)) != len(known):
        yield "an SPDXID twice"
    for row in document["relationships"]:
        yield from _shape("relation", row, RELATION)
        if row["spdxElementId"] not in reached or row["relatedSpdxElement"] not in known:
            yield f"a relation out of nowhere: {row}"
        reached.add(row["relatedSpdxElement"])
    yield from (f"nothing leads to {name}" for name in set(known) - reached)
