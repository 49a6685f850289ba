# SPDX-License-Identifier: MIT
"""Standard streams that are closed, full, or hang up."""

import os
import signal
import unittest

from host import HostCase, environment, run, shell

ENDLESS = "i = 0\nwhile True:\n    print('line', i)\n    i += 1\n"


class HungUp(HostCase):
    def pipe_to_head(self, text, tail="head -1"):
        self.write("a.py", text)
        return shell(f'"$FERRULE" {self.folder}/a.py | {tail}; '
                     'echo "${PIPESTATUS[0]}"')

    def test_head_ends_the_script_quietly_by_sigpipe(self):
        done = self.pipe_to_head(ENDLESS)
        self.assertEqual((done.stdout, done.stderr), ("line 0\n141\n", ""))

    def test_output_that_is_flushed_at_the_end_only(self):
        done = self.pipe_to_head("import time\ntime.sleep(0.3)\nprint('late')\n", "true")
        self.assertEqual((done.stdout, done.stderr), ("141\n", ""))

    def test_death_is_by_the_signal(self):
        reader, writer = os.pipe()
        os.close(reader)
        self.addCleanup(os.close, writer)
        done = self.run_script(ENDLESS, stdout=writer)
        self.assertEqual((done.returncode, done.stderr), (-signal.SIGPIPE, ""))

    def test_clean_up_still_happens(self):
        done = self.pipe_to_head(
            "import atexit, sys\n"
            "atexit.register(lambda: sys.stderr.write('cleaned\\n'))\n"
            "try:\n    while True: print('x')\n"
            "finally: sys.stderr.write('finally\\n')\n")
        self.assertEqual((done.stdout, done.stderr), ("x\n141\n", "finally\ncleaned\n"))

    def test_script_may_handle_it(self):
        done = self.pipe_to_head("""if True:
            import os, sys
            try:
                while True: print('x')
            except BrokenPipeError:
                os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
                sys.exit(5)
            """)
        self.assertEqual((done.stdout, done.stderr), ("x\n5\n", ""))

    def test_broken_socket_is_an_ordinary_error(self):
        self.expect(self.run_code("""
            import socket
            a, b = socket.socketpair()
            b.close()
            a.sendall(b"x")
            """), code=1, err="BrokenPipeError")

    def test_stderr_hangs_up(self):
        done = shell('"$FERRULE" -c "import sys\nfor i in range(9999): '
                     'print(i, file=sys.stderr)\nprint(1)" 2>&1 >/dev/null | true; '
                     'echo "${PIPESTATUS[0]}"')
        self.assertIn(done.stdout, ("1\n", "120\n", "141\n"))


class Closed(HostCase):
    CODE = "import sys; print('x'); sys.stderr and sys.stderr.write('y\\n'); "\
           "sys.exit(4)"

    def closed(self, *descriptors, code=None):
        redirections = " ".join(f"{fd}{'<' if fd == 0 else '>'}&-" for fd in descriptors)
        self.write("a.py", code or self.CODE)
        return shell(f'"$FERRULE" {self.folder}/a.py {redirections}')

    def test_each_and_all(self):
        for descriptors in ((0,), (1,), (2,), (0, 1), (1, 2), (0, 2), (0, 1, 2)):
            with self.subTest(closed=descriptors):
                done = self.closed(*descriptors)
                self.assertEqual(done.returncode, 4, done.stderr)
                self.assertEqual(done.stdout, "" if 1 in descriptors else "x\n")
                self.assertEqual(done.stderr, "" if 2 in descriptors else "y\n")

    def test_streams_are_none(self):
        done = self.closed(0, 1, code="import sys; print((sys.stdin, sys.stdout), "
                                      "file=sys.stderr)")
        self.assertEqual(done.stderr, "(None, None)\n")

    def test_script_closes_stdout(self):
        for text in ("import sys; print(1); sys.stdout.close()",
                     "import sys; sys.stdout.close()",
                     "import os; os.close(2)"):
            with self.subTest(text=text):
                self.assertEqual(self.run_script(text).returncode, 0)

    def test_script_closes_the_descriptor_of_stdout(self):
        done = self.run_script("import os; os.close(1); print('lost')")
        self.assertEqual(done.returncode, 120, done.stderr)
        self.assertIn("Bad file descriptor", done.stderr)

    def test_uncaught_exception_without_stderr(self):
        self.assertEqual(self.closed(2, code="1/0").returncode, 1)

    def test_host_message_without_stderr(self):
        self.assertEqual(shell('"$FERRULE" /nonexistent.py 2>&-').returncode, 2)


class Full(HostCase):
    def test_full_device(self):
        with open("/dev/full", "w") as full:
            done = self.run_code("print('x')", stdout=full)
        self.assertEqual(done.returncode, 120, done.stderr)
        self.assertIn("No space left on device", done.stderr)

    def test_full_device_noticed_by_the_script(self):
        with open("/dev/full", "w") as full:
            done = self.run_code("print('x', flush=True)", stdout=full)
        self.assertIn(done.returncode, (1, 120), done.stderr)
        self.assertIn("No space left on device", done.stderr)


class Text(HostCase):
    LETTERS = "import sys; print('é日本🙂', sys.stdout.encoding, sys.stdin.encoding, " \
              "sys.getfilesystemencoding())"

    def test_utf_8_in_every_locale(self):
        for name in ("C", "POSIX", "C.UTF-8", "en_US.ISO-8859-1", "xx_YY.UTF-8", ""):
            with self.subTest(LC_ALL=name):
                env = environment(LC_ALL=name, LANG=None, LC_CTYPE=None)
                done = run("-c", self.LETTERS, env=env)
                self.expect(done, out="é日本🙂 utf-8 utf-8 utf-8\n", err="")

    def test_script_and_data_in_the_c_locale(self):
        self.expect(self.run_script("print(open(__file__).read().count('ß'), 'ß')",
                                    env=environment(LC_ALL="C")), out="2 ß\n", err="")

    def test_input_of_any_bytes(self):
        done = run("-c", "import sys; d = sys.stdin.read(); print(ascii(d)); "
                   "sys.stdout.write(d)", input=b"a\xff\xc3\xa9", text=False,
                   env=environment(LC_ALL="C"))
        self.assertEqual(done.stdout, b"'a\\udcff\\xe9'\na\xff\xc3\xa9", done.stderr)

    def test_locale_of_the_user_is_left_to_the_script(self):
        self.expect(self.run_code("import locale; print(locale.localeconv()"
                                  "['decimal_point'], locale.setlocale(locale.LC_NUMERIC))",
                                  env=environment(LC_ALL=None, LC_NUMERIC="de_DE.UTF-8")),
                    out=". C\n")


if __name__ == "__main__":
    unittest.main()
