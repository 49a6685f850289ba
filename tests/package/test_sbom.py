# SPDX-License-Identifier: MIT
"""SPDX documents: of an agent with what it vendors, of the runtime with what is linked."""

import gzip
import hashlib
import json
import re
import subprocess
import unittest
import zipfile

import spdx
from installed import BUILD, InstallCase, runtime_packages
from sample_agents import PackageCase

TIMEOUT = 900
# A section of an object in a linker's map: name, address, size, object.
PLACED = re.compile(r"^ \.[\w.$]+\s+0x[0-9a-f]+\s+0x[0-9a-f]+\s+(\S+)$", re.M)
VENDORED = {
    "alpha-1.2": ("License-Expression: MIT OR Apache-2.0\n", "alpha/__init__.py"),
    "beta_b-2": ("License: do what you like\nClassifier: License :: Other\n", "beta.py"),
    "gamma-3": ("Classifier: License :: OSI Approved :: MIT License\n", "gamma.py"),
    "delta-4": ("", "delta.py"),
}


def with_vendored(case):
    folder = case.agent(license="MIT", needs=["alpha"])
    for name, (licence, module) in VENDORED.items():
        info = f"hello/vendor/{name}.dist-info"
        title, _, version = name.partition("-")
        case.write(f"hello/vendor/{module}", "X = 1\n")
        case.write(f"{info}/METADATA", f"Metadata-Version: 2.4\nName: {title}\n"
                                       f"Version: {version}\n{licence}\nText")
        case.write(f"{info}/RECORD", f"{module},,\n{name}.dist-info/METADATA,,\n"
                                     f"{name}.dist-info/RECORD,,\n../../bin/{title},,\n")
    return folder


class OfAnAgent(PackageCase):
    def setUp(self):
        super().setUp()
        self.package = zipfile.ZipFile(self.pack(with_vendored(self)))
        self.document = json.loads(self.package.read("META/sbom.spdx.json"))
        self.packages = {row["name"]: row for row in self.document["packages"]}

    def test_is_spdx(self):
        self.assertEqual(spdx.mistakes(self.document), [])

    def test_has_every_packed_file_with_its_hash(self):
        packed = {"./" + name.removeprefix("agent/"): self.package.read(name)
                  for name in self.package.namelist() if name.startswith("agent/")}
        listed = {row["fileName"]: row["checksums"] for row in self.document["files"]}
        self.assertEqual(sorted(listed), sorted(packed))
        for name, data in packed.items():
            self.assertEqual({row["algorithm"]: row["checksumValue"] for row in listed[name]},
                             {"SHA1": hashlib.sha1(data).hexdigest(),
                              "SHA256": hashlib.sha256(data).hexdigest()})

    def test_has_every_distribution_with_version_and_licence(self):
        said = {name: (row["versionInfo"], row["licenseDeclared"])
                for name, row in self.packages.items()}
        self.assertEqual(said, {
            "hello": ("1.0", "MIT"), "alpha": ("1.2", "MIT OR Apache-2.0"),
            "beta_b": ("2", "LicenseRef-beta-b"), "gamma": ("3", "MIT"),
            "delta": ("4", "NOASSERTION"),
        })
        (own,) = self.document["hasExtractedLicensingInfos"]
        self.assertIn("do what you like", own["extractedText"])

    def test_files_belong_to_whom_they_came_from(self):
        files = {name: sorted(row["fileName"] for row in
                              spdx.contained(self.document, self.packages[name]["SPDXID"]))
                 for name in ("hello", "gamma")}
        self.assertEqual(files["gamma"], [
            "./vendor/__pycache__/gamma.cpython-313.pyc", "./vendor/gamma-3.dist-info/METADATA",
            "./vendor/gamma-3.dist-info/RECORD", "./vendor/gamma.py"])
        self.assertEqual([n for n in files["hello"] if "vendor" in n], [])
        self.assertIn("./main.py", files["hello"])

    def test_a_changed_one_is_refused(self):
        changed = self.folder / "changed.ferrule"
        with zipfile.ZipFile(changed, "w") as archive:
            for info in self.package.infolist():
                data = self.package.read(info)
                archive.writestr(info, data.replace(b"Apache", b"Fpache"))
        done = self.ferrule("run", changed)
        self.expect(done, code=3, out="", err="META/sbom.spdx.json")


class OfPackages(InstallCase):
    def runtime_document(self):
        files = self.folder / "runtime"
        self.install(runtime_packages()[".run"], "--extract", files)
        path = files / "share/doc/ferrule/ferrule.spdx.json.gz"
        return json.loads(gzip.decompress(path.read_bytes()))

    def test_the_runtime_is_spdx(self):
        self.assertEqual(spdx.mistakes(self.runtime_document()), [])

    def test_documents_of_different_contents_have_different_names(self):
        first = self.runtime_document()["documentNamespace"]
        files = self.folder / "deb"
        subprocess.run(["dpkg-deb", "-x", runtime_packages()[".deb"], files], check=True)
        path = files / "usr/share/doc/ferrule/ferrule.spdx.json.gz"
        other = json.loads(gzip.decompress(path.read_bytes()))
        self.assertEqual(spdx.mistakes(other), [])
        self.assertNotEqual(first, other["documentNamespace"])

    def test_every_linked_object_is_in_it(self):
        """Looked for where the linker says what it placed; the writer of the document
        reads another part of the map."""
        listed = {word for row in self.runtime_document()["packages"]
                  for word in row.get("comment", "").split()}
        for name in ("ferrule.map", "unpack.map"):
            text = (BUILD / name).read_text().partition("memory map")[2]
            placed = {row.rpartition("/")[2] for row in PLACED.findall(text)}
            placed = {row for row in placed if ".ltrans" not in row}
            self.assertGreater(len(placed), 5, name)
            self.assertEqual(placed - listed, set(), name)

    def test_an_installer_has_both(self):
        made = self.pack(with_vendored(self), "hello.run", "--runtime",
                         runtime_packages()[".run"])
        target = self.folder / "out"
        self.install(made, "--extract", target)
        document = json.loads((target / "share/doc/hello/hello.spdx.json").read_text())
        self.assertEqual(spdx.mistakes(document), [])
        self.assertTrue((target / "share/doc/ferrule/ferrule.spdx.json.gz").is_file())

    def test_a_debian_package_has_it(self):
        files = self.folder / "files"
        made = self.pack(with_vendored(self), "hello.deb")
        subprocess.run(["dpkg-deb", "-x", made, files], check=True)
        data = (files / "usr/share/doc/hello/hello.spdx.json.gz").read_bytes()
        self.assertEqual(spdx.mistakes(json.loads(gzip.decompress(data))), [])


if __name__ == "__main__":
    unittest.main()
