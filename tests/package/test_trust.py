# SPDX-License-Identifier: MIT
"""Signatures: made, checked, remembered; what does not fit is refused before it runs."""

import base64
import json
import os
import unittest

from installed import InstallCase
from sample_agents import tree

TIMEOUT = 900


class SignedCase(InstallCase):
    def key(self, name="key"):
        path = self.folder / name
        self.expect(self.ferrule("pack", "--new-key", path), err="a new key")
        return path

    def signed(self, key, target="hello.ferrule", publisher="ACME", **manifest):
        folder = self.agent(publisher=publisher, **manifest)
        return self.pack(folder, target, "--key", key)

    def verify(self, package, **expected):
        return self.expect(self.ferrule("verify", package), **expected)


class Signing(SignedCase):
    def test_a_key_is_secret_and_never_overwritten(self):
        key = self.key()
        self.assertEqual(key.stat().st_mode & 0o777, 0o600)
        self.expect(self.ferrule("pack", "--new-key", key), code=2, err="never overwritten")

    def test_the_same_package_and_key_give_the_same_signature(self):
        key = self.key()
        first = (self.signed(key).parent / "hello.ferrule.sig").read_bytes()
        second = (self.signed(key).parent / "hello.ferrule.sig").read_bytes()
        self.assertEqual(first, second)

    def test_known_answer(self):
        """RFC 8032, test 2 of section 7.1."""
        self.expect(self.ferrule("-c", """if True:
            import _ferrule_crypto as c
            seed = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f"
                                 "5b8a319f35aba624da8cf6ed4fb8a6fb")
            public, signature = c.public_key(seed), c.sign(seed, b"r")
            print(public.hex()[:16], signature.hex()[:16], c.verify(public, signature, b"r"),
                  c.verify(public, signature, b"s"))
            """), out="3d4017c3e843895a 92a009a9f0d4cab8 True False\n")

    def test_without_publisher_or_key(self):
        folder = self.agent()
        out = self.folder / "x.ferrule"
        self.expect(self.ferrule("pack", folder, "-o", out, "--key", self.key()), code=3,
                    err="publisher")
        self.agent(publisher="ACME")
        bad = self.write("bad", "no key")
        self.expect(self.ferrule("pack", folder, "-o", out, "--key", bad), code=3,
                    err="no secret key")
        self.assertFalse(out.exists())

    def test_an_old_signature_does_not_stay_beside_a_new_package(self):
        package = self.signed(self.key())
        self.pack(self.agent())
        self.verify(package, code=4, err="not signed")


class Verifying(SignedCase):
    def test_first_use_is_remembered(self):
        package = self.signed(self.key())
        self.assertIn("first time", self.verify(package).stdout)
        self.assertNotIn("first time", self.verify(package).stdout)
        self.expect(self.ferrule("run", package), out="hello\n", err="")

    def test_a_changed_package_is_refused_before_it_runs(self):
        package = self.signed(self.key())
        good = package.read_bytes()
        package.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
        self.verify(package, code=4, err="not what ACME signed")
        bad = bytearray(good)
        bad[good.index(b"1980") if b"1980" in good else 40] ^= 1
        package.write_bytes(bad)
        before = tree(self.home)
        done = self.ferrule("run", package)
        self.assertIn(done.returncode, (3, 4))
        self.assertEqual((done.stdout, tree(self.home)), ("", before))

    def test_another_key_is_refused(self):
        self.verify(self.signed(self.key("one")), out=None)
        package = self.signed(self.key("two"))
        self.verify(package, code=4, err="another key than before")
        self.expect(self.ferrule("run", package), code=4, out="", err="another key")

    def test_another_publisher_and_no_signature_are_refused(self):
        package = self.signed(self.key("one"))
        self.expect(self.ferrule("run", package), out="hello\n")
        package = self.signed(self.key("two"), publisher="Mallory")
        self.expect(self.ferrule("run", package), code=4, out="", err="ACME before")
        unsigned = self.pack(self.agent())
        self.expect(self.ferrule("run", unsigned), code=4, out="", err="not signed")
        claims = self.pack(self.agent(name="other", publisher="ACME"), "other.ferrule")
        self.expect(self.ferrule("run", claims), code=4, out="", err="other.ferrule.sig")

    def test_never_signed_runs_and_says_so_once(self):
        package = self.pack(self.agent())
        self.expect(self.ferrule("run", package), out="hello\n", err="not signed")
        self.expect(self.ferrule("run", package), out="hello\n", err="")
        moved = package.rename(self.folder / "moved.ferrule")
        self.expect(self.ferrule("run", moved), out="hello\n", err="")
        self.agent(greeting="another one")
        self.pack(self.folder / "hello", "moved.ferrule")
        self.expect(self.ferrule("run", moved), out="another one\n", err="not signed")
        self.verify(moved, code=4, out="", err="not signed")

    def test_a_publisher_is_named_when_seen_first(self):
        package = self.signed(self.key())
        done = self.expect(self.ferrule("run", package), out="hello\n", err="by ACME, key")
        self.assertIn("remembered", done.stderr)
        self.expect(self.ferrule("run", package), out="hello\n", err="")

    def test_a_signature_of_another_package(self):
        key = self.key()
        first, second = self.signed(key, "1.ferrule"), self.signed(key, "2.ferrule", greeting="x")
        os.replace(f"{first}.sig", f"{second}.sig")
        self.verify(second, code=4, err="not what ACME signed")

    def test_a_publisher_exchanged_in_the_signature(self):
        package = self.signed(self.key())
        path = self.folder / "hello.ferrule.sig"
        path.write_text(path.read_text().replace("ACME", "EMCA"))
        self.verify(package, code=4, err="not what EMCA signed")

    def test_signature_files_that_are_none(self):
        package = self.signed(self.key())
        path = self.folder / "hello.ferrule.sig"
        good = path.read_text()
        for text in ("", "x" * 9000, good.replace("key: ", "kay: "), good[:60], "\0" * 50,
                     good.replace("ferrule-signature 1", "ferrule-signature 2"),
                     good.replace("signature: ", "signature: !")):
            path.write_text(text)
            done = self.verify(package, code=4, out="")
            self.assertNotIn("Traceback", done.stderr)

    def test_a_damaged_memory_is_not_trusted(self):
        package = self.signed(self.key())
        self.verify(package)
        known = self.home / ".local/share/ferrule/publishers.json"
        values = json.loads(known.read_text())
        self.assertEqual(len(base64.b64decode(values["keys"]["ACME"])), 32)
        known.write_text("{")
        self.verify(package, code=4, err="damaged")

    def test_command_lines(self):
        for words in ((), ("a", "b"), ("--x",), ("nowhere",)):
            self.expect(self.ferrule("verify", *words), code=2, out="")


class Upgrades(SignedCase):
    def test_never_signed_installs_and_says_so_once(self):
        for version, is_told in (("1.0", True), ("1.1", False)):
            said = self.install(self.installer(version)).stderr
            self.assertEqual("not signed" in said, is_told, said)
            self.expect(self.shell("hello"), out=f"hello {version}\n", err="")

    def test_an_installed_version_checks_the_next_one(self):
        runtime = ("--runtime", self.runtime())
        key = self.key()
        folder = self.agent(publisher="ACME", version="1.0")
        self.install(self.pack(folder, "1.run", *runtime, "--key", key))
        self.agent(publisher="ACME", version="1.1", greeting="hello 1.1")
        self.install(self.pack(folder, "2.run", *runtime, "--key", key))
        self.expect(self.shell("hello"), out="hello 1.1\n")
        self.agent(publisher="ACME", version="1.2", greeting="evil")
        forged = self.pack(folder, "3.run", *runtime)
        self.expect(self.shell("sh", forged), code=4, err="not signed")
        forged = self.pack(folder, "4.run", *runtime, "--key", self.key("other"))
        self.expect(self.shell("sh", forged), code=4, err="another key")
        self.expect(self.shell("hello"), out="hello 1.1\n")
        self.assertEqual([p.name for p in self.root_of("hello").glob("versions/.*")], [])

    def runtime(self):
        from installed import runtime_packages

        return runtime_packages()[".run"]


if __name__ == "__main__":
    unittest.main()
