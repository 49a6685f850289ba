# SPDX-License-Identifier: MIT
"""The kit and what is around it: certificates, the keyring, the end of a program."""

import os
import signal
import ssl
import stat
import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path
from unittest import mock

import scripted
from ferrule import Chat, ModelError, NotConfigured
from support import KEY, ChatCase

TIMEOUT_S = 60
CERTIFICATE = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key",
               "-out", "pem", "-subj", "/CN=localhost"]  # fmt: skip


class FolderCase(ChatCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ferrule-kit-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)


class Certificates(FolderCase):
    def secure(self, *options):
        """A server with a new certificate; returns its URL and the certificate."""
        try:
            subprocess.run([*CERTIFICATE, *options], cwd=self.folder, check=True,
                           capture_output=True)  # fmt: skip
        except FileNotFoundError:
            self.skipTest("no openssl to make a certificate with")
        server = self.serve(last=scripted.text("safe"))
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(self.folder / "pem", self.folder / "key")
        server.wrap(made)
        return server.url.replace("http://127.0.0.1", "https://localhost")

    def refused(self, url, said, **options):
        with self.assertRaisesRegex(ModelError, said) as caught:
            Chat(url, "m", KEY, retries=0, proxy="", **options).ask("x")
        self.assertEqual(self.server.heads, [], "nothing is sent before that")
        return caught.exception

    def test_that_are_known_are_taken(self):
        url = self.secure("-addext", "subjectAltName=DNS:localhost", "-days", "2")
        chat = Chat(url, "m", KEY, proxy="", ca_file=self.folder / "pem")
        self.assertEqual([chat.ask("x").text for _ in range(2)], ["safe", "safe"])
        chat.close()

    def test_that_are_not_known_are_refused(self):
        url = self.secure("-addext", "subjectAltName=DNS:localhost", "-days", "2")
        error = self.refused(url, "localhost:[0-9]+ is refused: .*signed by itself")
        self.assertEqual(error.kind, "tls")

    def test_of_another_name_are_refused(self):
        url = self.secure("-addext", "subjectAltName=DNS:other.example", "-days", "2")
        self.refused(url, "for another name", ca_file=self.folder / "pem")

    def test_that_are_no_files_are_named(self):
        (self.folder / "bad").write_text("x")
        url = self.serve().url.replace("http:", "https:")
        for name, said in (("nothing", "No such file"), ("bad", "no certificate")):
            with self.assertRaisesRegex(ModelError, f"{name}: .*{said}"):
                Chat(url, "m", "", ca_file=self.folder / name, proxy="").ask("x")

    def test_are_wanted_of_a_server_that_has_none(self):
        server = self.serve(scripted.text("x"))
        self.refused(server.url.replace("http:", "https:"), "speak http://")


class Keyring(FolderCase):
    def tool(self, body):
        """A secret-tool that writes down how it was called."""
        path = self.folder / "secret-tool"
        path.write_text(f"#!/bin/sh\necho \"$@\" >>{self.folder}/calls\n{body}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return {"PATH": f"{self.folder}:{os.environ['PATH']}",
                "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}  # fmt: skip

    def key(self, environment, url="https://model.example/v1"):
        with mock.patch.dict(os.environ, environment):
            os.environ.pop("FERRULE_MODEL_KEY", None)
            return Chat(url, "m")._key.reveal()

    def test_has_the_key(self):
        self.assertEqual(self.key(self.tool(f"printf '%s' {KEY}")), KEY)
        said = (self.folder / "calls").read_text()
        self.assertEqual(said, "lookup service ferrule url https://model.example/v1\n")

    def test_is_not_asked_for_a_local_server_or_when_the_environment_knows(self):
        environment = self.tool("printf x")
        self.assertEqual(self.key(environment, "http://127.0.0.1:8080/v1"), "")
        with mock.patch.dict(os.environ, {**environment, "FERRULE_MODEL_KEY": KEY}):
            self.assertEqual(Chat("https://model.example", "m")._key.reveal(), KEY)
        self.assertFalse((self.folder / "calls").exists())

    def test_that_fails_is_no_key(self):
        self.assertEqual(self.key(self.tool("exit 1")), "")
        self.assertEqual(self.key({"PATH": "/nonexistent"}), "")

    def test_with_a_key_that_cannot_be_is_not_quoted(self):
        with self.assertRaises(NotConfigured) as caught:
            self.key(self.tool(f"printf '{KEY}\\nX: y'"))
        self.assertNotIn(KEY, str(caught.exception))


class Endings(FolderCase):
    """Programs that leave everything to the kit."""

    AGENT = """
        from ferrule import Agent, tool
        print(Agent().run("x").text)
        """

    def program(self, code, *flags, **environment):
        script = self.folder / "agent.py"
        script.write_text(textwrap.dedent(code))
        clean = {k: v for k, v in os.environ.items() if not k.startswith("FERRULE_MODEL")}
        return subprocess.Popen(
            [sys.executable, *flags, script], env={**clean, **environment}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            cwd=self.folder,
        )  # fmt: skip

    def ended(self, process):
        out, said = process.communicate(timeout=TIMEOUT_S)
        return process.returncode, out, said

    def test_without_a_model(self):
        code, out, said = self.ended(self.program(self.AGENT))
        self.assertEqual((code, out), (3, ""))
        self.assertTrue(said.startswith("ferrule: no model is configured: set FERRULE_"))
        code, _, said = self.ended(self.program(self.AGENT, "-X", "dev"))
        self.assertEqual(code, 3)
        self.assertIn("Traceback", said)

    def test_without_a_server(self):
        code, out, said = self.ended(self.program(
            self.AGENT.replace("Agent()", "Agent(Chat(retries=0))")
            .replace("Agent,", "Agent, Chat,"),
            FERRULE_MODEL_URL="http://127.0.0.1:1", FERRULE_MODEL="m"))  # fmt: skip
        self.assertEqual((code, out), (1, ""))
        self.assertIn("no model server answers at 127.0.0.1:1 (Connection refused)", said)
        self.assertNotIn("Traceback", said)

    def test_of_other_errors_are_as_ever(self):
        code, _, said = self.ended(self.program("from ferrule import Agent, Budget\n"
                                                "Budget(turns=0)\n"))  # fmt: skip
        self.assertEqual(code, 1)
        self.assertIn("Traceback", said)

    def test_interrupted(self):
        slow = scripted.stream(*[scripted.chunk(content="w")] * 500, pause=0.05)
        server = self.serve(slow)
        talk = self.folder / "talk"
        process = self.program(
            f"from ferrule import Agent\nagent = Agent(transcript={str(talk)!r})\n"
            "for event in agent.events('x'): print(event.kind, flush=True)\n",
            FERRULE_MODEL_URL=server.url, FERRULE_MODEL="m", FERRULE_MODEL_KEY=KEY)
        while process.stdout.readline() != "text\n":
            pass
        process.send_signal(signal.SIGINT)
        code, _, said = self.ended(process)
        self.assertIn(code, (130, -signal.SIGINT))
        self.assertIn('"is_partial":true', talk.read_text())
        self.assertNotIn(KEY, said + talk.read_text())

    def test_with_a_tool_that_hangs(self):
        server = self.serve(scripted.calls(("hang", {})), scripted.text("done"))
        code, out, said = self.ended(self.program("""
            import time
            from ferrule import Agent, tool

            @tool(timeout=0.2)
            def hang():
                time.sleep(600)

            print(Agent(tools=[hang]).run("x").text)
            """, FERRULE_MODEL_URL=server.url, FERRULE_MODEL="m"))  # fmt: skip
        self.assertEqual((code, out, said), (0, "done\n", ""))

    def test_leaves_the_key_nowhere(self):
        body = {"error": {"message": f"slow down, {KEY}"}}
        server = self.serve(
            scripted.status(429, body, retry_after="0"),
            scripted.calls(("look", {"word": "a"})), scripted.calls(("look", {"word": KEY})),
            scripted.stream(scripted.chunk(content=f"it is {KEY}"), f"{{{KEY}"))  # fmt: skip
        code, out, said = self.ended(self.program("""
            from ferrule import Agent, ToolCache, tool

            @tool(cache=60)
            def look(word: str) -> str:
                return "nothing"

            cache = ToolCache(journal="journal")
            agent = Agent(tools=[look], cache=cache, transcript="talk")
            for event in agent.events("x"):
                print(event.as_dict() if event.kind != "text" else "text", flush=True)
            """, FERRULE_MODEL_URL=server.url, FERRULE_MODEL="m", FERRULE_MODEL_KEY=KEY,
            HOME=str(self.folder), XDG_RUNTIME_DIR=str(self.folder)))  # fmt: skip
        self.assertEqual(code, 1)
        self.assertIn("[key]", said)
        written = [said] + [path.read_bytes().decode("latin-1")
                            for path in self.folder.rglob("*") if path.is_file()]
        self.assertGreaterEqual(len(written), 4)  # stderr, agent.py, talk, journal
        for text in written:
            self.assertNotIn(KEY, text)

    @unittest.skipUnless("_ferrule_interpreters" in sys.builtin_module_names,
                         "such interpreters are the executable's")
    def test_in_an_interpreter_of_its_own(self):
        server = self.serve(last=scripted.text("inside"))
        code, out, said = self.ended(self.program("""
            from ferrule import InterpreterPoolExecutor

            def ask(question):
                from ferrule import Agent, tool

                @tool
                def double(n: int) -> int:
                    return 2 * n

                return Agent(tools=[double]).run(question).text

            if __name__ == "__main__":
                with InterpreterPoolExecutor(2) as pool:
                    print(list(pool.map(ask, "ab")))
            """, FERRULE_MODEL_URL=server.url, FERRULE_MODEL="m"))  # fmt: skip
        self.assertEqual((code, out), (0, "['inside', 'inside']\n"), said)


if __name__ == "__main__":
    unittest.main()
