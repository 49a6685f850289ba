# SPDX-License-Identifier: MIT
"""The certificates that a default context trusts are read late, and nothing else differs."""

import os
import signal
import ssl
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path
from unittest import mock

WAIT_S = 30
MAKE = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
        "-addext", "keyUsage=critical,digitalSignature,keyCertSign,cRLSign"]  # fmt: skip
NAMED = ["-addext", "subjectAltName=DNS:localhost"]


class Certificates(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="ferrule-trust-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        try:
            cls.make("ca", "-subj", "/CN=an authority")
            cls.make("server", "-subj", "/CN=x", *NAMED, "-CA", "ca.pem", "-CAkey", "ca.key")
            cls.make("alone", "-subj", "/CN=y", *NAMED)
        except FileNotFoundError:
            raise unittest.SkipTest("no openssl to make certificates with") from None

    @classmethod
    def make(cls, name, *options):
        files = ["-keyout", f"{name}.key", "-out", f"{name}.pem"]
        subprocess.run([*MAKE, *files, *options], cwd=cls.folder, check=True,
                       capture_output=True)  # fmt: skip

    def context(self, trusted):
        """A default context made while SSL_CERT_FILE names a file of this folder."""
        named = {"SSL_CERT_FILE": str(self.folder / trusted),
                 "SSL_CERT_DIR": str(self.folder / "nothing")}  # fmt: skip
        with mock.patch.dict(os.environ, named):
            return ssl.create_default_context()

    def pipe(self):
        """A pipe with a name, in the folder: who reads it waits."""
        path = self.folder / self.id().rpartition(".")[2]
        os.mkfifo(path)
        return path

    def greet(self, context, server="server"):
        """Both halves of a greeting in memory; raises what the client raises."""
        ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ours.load_cert_chain(self.folder / f"{server}.pem", self.folder / f"{server}.key")
        up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = context.wrap_bio(down, up, server_hostname="localhost")
        other = ours.wrap_bio(up, down, server_side=True)
        for half in (client, other, client, other):
            try:
                half.do_handshake()
            except ssl.SSLWantReadError:
                pass
        return client.getpeercert()["subject"]


class Trust(Certificates):
    def test_is_what_the_file_says(self):
        for server, trusted in (("server", "ca.pem"), ("alone", "alone.pem")):
            self.assertTrue(self.greet(self.context(trusted), server))
        for server, trusted, code in (("server", "alone.pem", 20), ("alone", "ca.pem", 18),
                                      ("server", "nothing", 20)):  # fmt: skip
            with self.assertRaises(ssl.SSLCertVerificationError) as caught:
                self.greet(self.context(trusted), server)
            self.assertEqual(caught.exception.verify_code, code)

    def test_has_what_is_added_as_well(self):
        context = self.context("alone.pem")
        context.load_verify_locations(self.folder / "ca.pem")
        self.assertTrue(self.greet(context, "server"))
        self.assertTrue(self.greet(context, "alone"))

    def test_of_two_files_is_that_of_both(self):
        context = self.context("alone.pem")
        with mock.patch.dict(os.environ, {"SSL_CERT_FILE": str(self.folder / "ca.pem")}):
            context.set_default_verify_paths()
        self.assertTrue(self.greet(context, "server"))
        self.assertTrue(self.greet(context, "alone"))

    def test_is_listed(self):
        self.assertEqual(self.context("ca.pem").cert_store_stats(),
                         {"x509": 1, "crl": 0, "x509_ca": 1})  # fmt: skip
        (row,) = self.context("ca.pem").get_ca_certs()
        self.assertEqual(row["subject"], ((("commonName", "an authority"),),))


class Reading(Certificates):
    def test_waits_for_the_first_server(self):
        path = self.pipe()
        context = self.context(path.name)  # would wait here for a writer
        writer = threading.Thread(
            target=path.write_text, args=((self.folder / "ca.pem").read_text(),))
        writer.start()
        self.assertTrue(self.greet(context))
        writer.join()
        self.assertTrue(self.greet(context), "it is read once")

    def test_of_one_thread_serves_the_others(self):
        context, accepted = self.context("ca.pem"), []
        threads = [threading.Thread(target=lambda: accepted.append(self.greet(context)))
                   for _ in range(8)]  # fmt: skip
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(accepted), 8)

    def test_in_a_thread_leaves_a_forked_child_free(self):
        path = self.pipe()
        context, other = self.context(path.name), self.context("ca.pem")
        reader = threading.Thread(target=self.greet, args=(context,))
        reader.start()
        with open(path, "w") as pipe:  # from here on the thread reads
            child = os.fork()
            if child == 0:
                signal.alarm(WAIT_S)
                os._exit(0 if self.greet(other) else 1)
            self.assertEqual(os.waitpid(child, 0)[1], 0)
            pipe.write((self.folder / "ca.pem").read_text())
        reader.join()


if __name__ == "__main__":
    unittest.main()
