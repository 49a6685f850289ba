# SPDX-License-Identifier: MIT
"""agents - several agents under one launcher, as a person would start them.

Example: class Test(AgentsCase):
             def test_it(self):
                 done = self.run_agents({"a.py": "print(1)"}, '[[agent]]\\nscript="a.py"')
"""

import json
import os
import signal
import time

from host import TIMEOUT, HostCase, environment, run, start


def wait_until(condition, what, seconds=TIMEOUT):
    """The first true answer of `condition`."""
    end = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain: {what}")
        time.sleep(0.01)
    return answer


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class AgentsCase(HostCase):
    def setUp(self):
        super().setUp()
        self.runtime = self.folder / "runtime"
        self.runtime.mkdir(mode=0o700)
        self.env = environment(XDG_RUNTIME_DIR=str(self.runtime))

    def files(self, scripts, toml=None):
        for name, content in scripts.items():
            self.write(name, content)
        return self.write("agents.toml", toml) if toml else None

    def run_agents(self, scripts, toml, *flags, **options):
        path = self.files(scripts, toml)
        return run("run", *flags, path, env=self.env, **options)

    def run_workers(self, count, script, *arguments, flags=(), **options):
        path = self.write("a.py", script)
        return run("run", *flags, "--workers", count, path, *arguments, env=self.env,
                   **options)

    def start_agents(self, scripts, toml, *flags, **options):
        """The launcher, running; ended with the test."""
        path = self.files(scripts, toml)
        process = start("run", *flags, path, env=self.env, **options)
        self.addCleanup(self.end, process)
        return process

    def end(self, process):
        if process.poll() is None:
            process.kill()
        process.communicate()

    def stop(self, process, number=signal.SIGTERM):
        """(code, stdout, stderr) after a signal."""
        process.send_signal(number)
        out, err = process.communicate(timeout=TIMEOUT)
        return process.returncode, (out or b"").decode(), err.decode()

    def status(self):
        done = run("status", "--json", env=self.env)
        self.assertEqual(done.returncode, 0, done.stderr)
        # A starved one is tried again by those who wait for it.
        return [x for x in json.loads(done.stdout)["launchers"] if "pid" in x]

    def agents(self):
        """The agents of the only launcher by (name, worker); {} before it answers."""
        launchers = self.status()
        if not launchers:
            return {}
        return {(a["name"], a["worker"]): a for a in launchers[0]["agents"]}

    def wait_for(self, condition, what):
        """Until condition(agents) is true; the answer."""
        return wait_until(lambda: condition(self.agents()), what)

    def lines(self, text):
        """Lines in an order that does not depend on who was first."""
        return sorted(text.splitlines())


def kill(pid, number=signal.SIGKILL):
    os.kill(pid, number)
