# SPDX-License-Identifier: MIT
"""Agents in parallel: what each finds around it, and what comes out."""

import fcntl
import os
import signal
import sys
import termios
import time
import unittest

from agents import AgentsCase, wait_until
from host import can_unshare, run, shell


def is_full(pipe):
    """Whether its writers have stopped: some bytes wait and no more come."""
    waiting = bytes_in(pipe)
    time.sleep(0.3)
    return waiting > 0 and bytes_in(pipe) == waiting


def bytes_in(pipe):
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


class Workers(AgentsCase):
    def test_each_has_name_number_arguments_and_folder(self):
        done = self.run_workers(3, """
            import os, sys
            print(os.environ["FERRULE_AGENT"], os.environ["FERRULE_WORKER"],
                  *sys.argv[1:], sys.path[0] == os.path.dirname(__file__), __name__)
            """, "x", "--y")
        self.expect(done, 0, err="")
        self.assertEqual(self.lines(done.stdout), [
            f"a[{n}] | a {n} x --y True __main__" for n in range(3)])

    def test_file_and_paths_are_those_of_a_single_run(self):
        self.write("desk/one.py", "import sys; print(__file__, sys.argv, sys.path[0])")
        self.write("desk/__main__.py", "import sys; print(__file__, sys.argv, sys.path[0])")
        for target in ("desk/one.py", "desk", self.folder / "desk/one.py"):
            alone = run("run", target, cwd=self.folder, env=self.env).stdout
            for isolation in ("process", "interpreter"):
                done = run("run", "--workers", 1, "--isolation", isolation, target,
                           cwd=self.folder, env=self.env)
                self.expect(done, 0, err="")
                self.assertEqual(done.stdout.partition(" | ")[2], alone)

    def test_a_single_one_has_no_number_in_its_name(self):
        self.expect(self.run_workers(1, "print(1)"), 0, "a | 1\n", "")

    def test_a_folder_and_its_vendored_packages(self):
        self.write("desk/agent.py", "import helper, pack; print(helper.x, pack.x)")
        self.write("desk/helper.py", "x = 1")
        self.write("desk/vendor/pack.py", "x = 2")
        done = run("run", "--workers", 1, self.folder / "desk", env=self.env)
        self.expect(done, 0, "desk | 1 2\n", "")

    def test_an_archive(self):
        import zipfile

        with zipfile.ZipFile(self.folder / "a.pyz", "w") as file:
            file.writestr("__main__.py", "import other; print(other.x, __name__)")
            file.writestr("other.py", "x = 3")
        done = run("run", "--workers", 1, self.folder / "a.pyz", env=self.env)
        self.expect(done, 0, "a.pyz | 3 __main__\n", "")

    def test_counts_that_cannot_be(self):
        script = self.write("a.py", "pass")
        for count in ("0", "-1", "10000", "1025", "two", "1.5", ""):
            with self.subTest(count=count):
                done = run("run", "--workers", count, script)
                self.expect(done, 2, "", "--workers: expected a number from 1 to 1024")

    def test_missing_script(self):
        self.expect(run("run", "--workers", 2, self.folder / "no.py"), 2, "",
                    "cannot run")

    def test_a_missing_package_is_said_before_the_first_line(self):
        done = self.run_workers(1, """\
            # /// script
            # dependencies = ["no-such-package-here"]
            # ///
            print("ran")
            """)
        self.expect(done, 3, "", "no-such-package-here")


class Surroundings(AgentsCase):
    def test_stdin_is_empty_and_stdout_no_terminal(self):
        done = self.run_workers(1, "import sys; print(repr(sys.stdin.read()), "
                                   "sys.stdout.isatty())", input="not for you")
        self.expect(done, 0, "a | '' False\n", "")

    def test_no_descriptor_of_the_launcher_is_inherited(self):
        alone = self.run_script(DESCRIPTORS).stdout
        done = self.run_workers(40, DESCRIPTORS)
        self.expect(done, 0, err="")
        for line in done.stdout.splitlines():
            self.assertEqual(line.partition(" | ")[2], alone.strip())

    def test_works_with_closed_standard_streams(self):
        script = self.write("a.py", "import os; os.write(2, b'there\\n')")
        done = shell(f'"$FERRULE" run --workers 2 {script} 0<&- 1>&-', env=self.env)
        self.assertEqual(self.lines(done.stderr), ["a[0] | there", "a[1] | there"])

    def test_names_groups_and_parent(self):
        done = self.run_workers(2, """
            import os
            print(open("/proc/self/comm").read().strip(),
                  open("/proc/self/cmdline").read().strip(chr(0)),
                  os.getpgrp() == os.getpid())
            """)
        self.assertEqual(self.lines(done.stdout), [
            f"a[{n}] | a[{n}] ferrule: a[{n}] True" for n in range(2)])

    def test_random_numbers_differ(self):
        done = self.run_workers(8, "import random, uuid, secrets; print(random.random(),"
                                   " uuid.uuid4(), secrets.token_hex(8))")
        words = [w for line in done.stdout.splitlines()
                 for w in line.partition(" | ")[2].split()]
        self.assertEqual(len(words), 24)
        self.assertEqual(len(set(words)), 24, "two agents drew the same")

    def test_hooks_of_a_fork_run_in_agents_and_in_what_they_fork(self):
        hook = ("import os; ran = []; os.register_at_fork("
                + ", ".join(f"{moment}=lambda: ran.append('{moment}')"
                            for moment in ("before", "after_in_child", "after_in_parent"))
                + ")")  # fmt: skip
        script = """
            import hook, logging, os, random, threading
            ran = ["before", "after_in_child"]
            assert hook.ran == ran, hook.ran
            assert threading.main_thread().native_id == os.getpid()
            logging.warning("makes a handler, which has a lock")
            handler, stop = logging.getLogger().handlers[0], threading.Event()
            held = threading.Event()
            def hold():
                with handler.lock, logging._lock:
                    held.set()
                    stop.wait()
            other = threading.Thread(target=hold)
            other.start()
            held.wait()
            threading.Timer(0.2, stop.set).start()  # the fork waits for logging's lock
            before = random.getstate()
            pid = os.fork()
            if pid == 0:
                logging.warning("every lock is free")
                assert threading.enumerate() == [threading.main_thread()]
                assert not other.is_alive() and hook.ran == 2 * ran
                assert random.getstate() != before
                os._exit(7)
            stop.set()
            assert hook.ran == [*ran, "before", "after_in_parent"]
            assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
            print("well")
            """
        done = self.run_agents({"hook.py": hook, "a.py": script},
                               'preload = ["hook", "logging", "threading", "random"]\n'
                               '[[agent]]\nscript = "a.py"')
        self.assertEqual((done.returncode, done.stdout), (0, "a | well\n"), done.stderr)

    def test_the_switch_interval_is_cpythons_everywhere(self):
        code = "import sys; print(sys.getswitchinterval())"
        pool = ("from ferrule import InterpreterPoolExecutor as Pool; import sys\n"
                "with Pool(1) as p: print(p.submit(sys.getswitchinterval).result())")
        light = self.run_workers(1, code, flags=["--isolation", "interpreter"])
        self.assertEqual([self.run_code(code).stdout, self.run_code(pool).stdout,
                          self.run_workers(1, code).stdout, light.stdout],
                         ["0.005\n", "0.005\n", "a | 0.005\n", "a | 0.005\n"])

    def test_signals_are_as_in_a_single_run(self):
        script = ("import signal\nfor s in (2, 13, 15, 17, 1): print(signal.getsignal(s))"
                  "\nprint(signal.pthread_sigmask(signal.SIG_BLOCK, []))")
        alone = self.run_script(script).stdout.splitlines()
        done = self.run_workers(1, script)
        self.assertEqual(done.stdout.splitlines(), [f"a | {line}" for line in alone])

    def test_limits_of_the_command_line(self):
        done = self.run_workers(1, """
            import os, resource
            print(resource.getrlimit(resource.RLIMIT_NOFILE),
                  resource.getrlimit(resource.RLIMIT_CPU),
                  resource.getrlimit(resource.RLIMIT_DATA), os.nice(0))
            """, flags=("--files", 64, "--cpu", 9, "--memory", "512M",
                        "--priority", "batch"))
        self.expect(done, 0, f"a | (64, 64) (9, 9) ({512 << 20}, {512 << 20}) 10\n", "")

    def test_no_network_is_for_agents_too(self):
        done = self.run_workers(1, "import socket; socket.socket()",
                                flags=("--no-network",))
        self.expect(done, 1, "", "PermissionError")

    def test_the_limit_on_open_files_is_given_back(self):
        script = "import resource; print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
        path = self.write("a.py", script)
        done = shell(f'ulimit -S -n 64; "$FERRULE" run --workers 40 {path}', env=self.env)
        self.assertEqual(self.lines(done.stdout),
                         sorted(f"a[{n}] | 64" for n in range(40)), done.stderr)

    def test_too_few_descriptors_are_said_before_anything_starts(self):
        path = self.write("a.py", "print(1)")
        done = shell(f'ulimit -n 300; "$FERRULE" run --workers 1000 {path}', env=self.env)
        self.assertEqual((done.returncode, done.stdout), (4, ""))
        self.assertIn("ulimit -n", done.stderr)


DESCRIPTORS = """\
import os, sys
desk = getattr(sys.modules.get("ferrule.channel"), "_desk", None)  # the way to channels
print(sorted(n for n in os.listdir("/proc/self/fd")
             if os.path.exists(f"/proc/self/fd/{n}") and int(n) < 200
             and (desk is None or int(n) != desk.fileno())
             and "memfd" not in os.readlink(f"/proc/self/fd/{n}")))
"""


class Output(AgentsCase):
    def test_lines_are_never_mixed(self):
        done = self.run_workers(8, """
            import os, sys
            me = os.environ["FERRULE_WORKER"]
            for i in range(500):
                sys.stdout.write(me * (1 + i * 7 % 300))
                if i % 3 == 0:
                    sys.stdout.flush()
                sys.stdout.write(me + "\\n")
            """)
        self.expect(done, 0, err="")
        lines = done.stdout.splitlines()
        self.assertEqual(len(lines), 8 * 500)
        for line in lines:
            name, _, text = line.partition(" | ")
            self.assertEqual(set(text), set(name[2:-1]), line)

    def test_any_bytes_pass(self):
        done = self.run_workers(1, "import os; os.write(1, bytes(range(256)) + b'\\n')",
                                text=False)
        rest = bytes(range(11, 256))
        self.assertEqual(done.stdout, b"a | " + bytes(range(10)) + b"\na | " + rest + b"\n")

    def test_the_last_line_needs_no_newline(self):
        self.expect(self.run_workers(1, "print('one\\ntwo', end='')"), 0,
                    "a | one\na | two\n", "")

    def test_a_line_without_end_is_cut_not_lost(self):
        done = self.run_workers(1, "print('x' * 200_000)")
        lines = done.stdout.splitlines()
        self.assertEqual([len(line) - 4 for line in lines],
                         [65536, 65536, 65536, 200_000 - 3 * 65536])

    def test_a_line_is_there_when_it_is_printed(self):
        process = self.start_agents({"a.py": "import time\nprint('now')\ntime.sleep(60)"},
                                    '[[agent]]\nscript = "a.py"')
        self.assertEqual(process.stdout.readline(), b"a | now\n")

    def test_a_slow_reader_makes_agents_wait_and_loses_nothing(self):
        path = self.write("a.py", "for i in range(100_000): print(i, 'x' * 50)")
        done = shell(f'"$FERRULE" run --workers 2 {path} | (sleep 1; wc -l)',
                     env=self.env)
        self.assertEqual(done.stdout.strip(), "200000", done.stderr)

    def test_a_slow_reader_does_not_stop_the_launcher(self):
        process = self.start_agents(
            {"a.py": "while True: print('x' * 1000)", "b.py": "import time\n"
             "time.sleep(60)"},
            '[[agent]]\nscript = "a.py"\n[[agent]]\nscript = "b.py"')
        self.wait_for(lambda a: a, "status while nobody reads")
        wait_until(lambda: is_full(process.stdout), "nobody reads, so it fills up")
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: any(x["stopping"] for x in self.status()), "it was heard")
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: process.poll() is not None, "end while nobody reads", 30)
        self.assertEqual(process.returncode, -signal.SIGTERM)

    def test_no_reader_at_all(self):
        path = self.write("a.py", "while True: print('x')")
        done = shell(f'"$FERRULE" run --workers 2 {path} | head -1; '
                     'echo ${PIPESTATUS[0]}', env=self.env)
        first, code = done.stdout.splitlines()
        self.assertRegex(first, r"a\[[01]\] \| x")
        self.assertEqual((code, done.stderr), ("141", ""))

    def test_what_is_left_running_does_not_keep_the_launcher(self):
        done = self.run_workers(1, "import subprocess; "
                                   "subprocess.Popen(['sleep', '60']); print('done')")
        self.expect(done, 0, "a | done\n", "")


class Stores(AgentsCase):
    def test_a_value_set_in_one_is_a_hit_in_all(self):
        done = self.run_agents({"w.py": """
            from ferrule import ToolCache
            import time
            cache = ToolCache.open("tools")
            cache.set("t", {"a": 1}, "shared")
            """, "r.py": """
            from ferrule import ToolCache
            import time
            cache = ToolCache.open("tools")
            while (value := cache.get("t", {"a": 1})) is None:
                time.sleep(0.01)
            stats = cache.stats()
            print(value, stats["max_entries"])
            """}, """
            [stores.tools]
            max_entries = 1_234
            ttl = 60
            [[agent]]
            script = "r.py"
            workers = 3
            [[agent]]
            script = "w.py"
            """)
        self.expect(done, 0, err="")
        self.assertEqual(self.lines(done.stdout),
                         [f"r[{n}] | shared 1234" for n in range(3)])

    def test_a_store_made_after_the_fork_is_shared_too(self):
        done = self.run_workers(4, """
            from ferrule import ToolCache
            import os, time
            cache = ToolCache.open("late")
            cache.set("t", os.environ["FERRULE_WORKER"], "x")
            while len(cache) < 4:
                time.sleep(0.01)
            print(len(cache))
            """)
        self.expect(done, 0, err="")
        self.assertEqual(self.lines(done.stdout), [f"a[{n}] | 4" for n in range(4)])


class Preload(AgentsCase):
    AGENT = '\n[[agent]]\nscript = "a.py"\n'

    def preload(self, module, **scripts):
        scripts = {"a.py": "print('ran')", **{f"{k}.py": v for k, v in scripts.items()}}
        return self.run_agents(scripts, f'preload = ["json", "{module}"]' + self.AGENT)

    def test_modules_are_imported_once_before_the_fork(self):
        done = self.run_agents(
            {"a.py": "import mine, sys; print(mine.pid != __import__('os').getpid())",
             "mine.py": "import os; pid = os.getpid()"},
            'preload = ["mine"]' + self.AGENT)
        self.expect(done, 0, "a | True\n", "")

    def test_modules_use_the_stores_of_the_file(self):
        done = self.run_agents(
            {"a.py": """
                from ferrule import ToolCache
                store = ToolCache.open("tools")
                print(store.get("t", "1"), store.stats()["max_entries"])
                """,
             "mine.py": """
                from ferrule import ToolCache
                ToolCache.open("tools").set("t", "1", "before the fork")
                """},
            'preload = ["mine"]\n[stores.tools]\nmax_entries = 77' + self.AGENT)
        self.expect(done, 0, "a | before the fork 77\n", "")

    def test_default_is_what_agents_import_most(self):
        done = self.run_workers(1, """
            import sys
            wanted = {"asyncio", "ssl", "http.client", "json", "logging", "subprocess",
                      "_datetime", "ferrule.cache", "ferrule.guard"}
            print(sorted(wanted - set(sys.modules)))
            """)
        self.expect(done, 0, "a | []\n", "")

    def refused(self, reason, **scripts):
        (name,) = scripts
        done = self.preload(name, **scripts)
        self.expect(done, 3, "", f"agents.toml:1:20: cannot preload {name}: {reason}")

    def test_one_that_is_not_there(self):
        done = self.preload("nowhere")
        self.expect(done, 3, "", "agents.toml:1:20: cannot preload nowhere: "
                                 "ModuleNotFoundError: No module named 'nowhere'")

    def test_one_that_fails(self):
        self.refused("ZeroDivisionError: division by zero", mine="1 / 0")
        self.refused("SyntaxError", broken="def")
        self.refused("SystemExit", leaves="raise SystemExit(7)")

    def test_one_that_replaces_what_agents_set(self):
        done = self.preload("mine", mine="import sys; sys.argv = ()")
        self.assertEqual((done.returncode, done.stdout), (70, ""), done.stderr)
        self.assertIn("sys.argv is no list any more", done.stderr)

    def test_one_that_starts_a_thread(self):
        self.refused("it starts a thread", mine="import threading, time\n"
                     "threading.Thread(target=time.sleep, args=(60,), daemon=True)"
                     ".start()")

    def test_one_that_opens_a_connection(self):
        self.refused("it opens a connection", mine="import socket\n"
                     "a, b = socket.socketpair()")

    def test_one_that_hangs(self):
        for name, wait in (("sleeps", "time.sleep(60)"),
                           ("locks", "import threading\nlock = threading.Lock()\n"
                                     "lock.acquire(); lock.acquire()")):
            with self.subTest(name=name):
                done = self.run_agents(
                    {"a.py": "", f"{name}.py": f"import time\n{wait}"},
                    f'preload_timeout = 1\npreload = ["{name}"]' + self.AGENT)
                self.expect(done, 3, "", "the preload does not end")
                self.assertIn(f"{name}.py\", line", done.stderr)

    def test_an_interrupt_ends_it(self):
        process = self.start_agents({"a.py": "", "mine.py": "print('in', flush=True)\n"
                                     "import time; time.sleep(60)"},
                                    'preload = ["mine"]' + self.AGENT)
        self.assertEqual(process.stdout.readline(), b"in\n")
        self.assertEqual(self.stop(process, signal.SIGINT), (-signal.SIGINT, "", ""))


class System(AgentsCase):
    def test_no_process_to_be_had(self):
        # A limit on processes does not hold for root; a cgroup-like one is made by a
        # user of our own.
        if os.geteuid() != 0:
            self.skipTest("needs root to become a user with few processes")
        self.folder.chmod(0o777)
        path = self.write("a.py", "print('ran')")
        done = shell(f"setpriv --reuid 54321 --regid 54321 --clear-groups "
                     f"prlimit --nproc=1 \"$FERRULE\" run --workers 1 {path}",
                     env={**self.env, "XDG_RUNTIME_DIR": "", "HOME": "/"})
        if "failed to execute" in done.stderr or "Permission denied" in done.stderr:
            self.skipTest("another user cannot read the executable here")
        self.assertEqual((done.returncode, done.stdout), (70, ""), done.stderr)
        self.assertIn("cannot start a process: ", done.stderr)
        self.assertIn("given up", done.stderr)

    @unittest.skipUnless(can_unshare(), "needs mount namespaces")
    def test_without_proc(self):
        path = self.write("a.py", "print('ran')")
        done = shell("unshare -m sh -c 'mount -t tmpfs none /proc && "
                     f"\"$FERRULE\" run --workers 2 {path}'", env=self.env)
        self.assertEqual(self.lines(done.stdout), ["a[0] | ran", "a[1] | ran"],
                         done.stderr)


if __name__ == "__main__":
    unittest.main()
