# SPDX-License-Identifier: MIT
"""Packages: sizes, an agent's installer over the runtime's, start of an installed agent.

Stands for what an end user downloads, keeps on the disk and waits for. Controls: the
folder of the installed agent, run by the same executable in the same rounds, once more
under another name; and the runtime's own installer for what an agent adds to it.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import measure

RELEASE = measure.ROOT / "build/release"
SELF_CONTAINED = measure.ROOT / "build/self-contained"
STARTS = 400
INSTALLATIONS = 7
# An agent up to its first question to a model.
AGENT = """
import sys
from ferrule import Agent, Chat, tool
import words

@tool
def repeat(text: str, times: int = 2) -> str:
    '''Say a text again.'''
    return text * times

agent = Agent(Chat("http://127.0.0.1:9", "m", ""), [repeat])
print(words.GREETING)
"""


def run(*words, **env):
    """What the command prints; its complaints end the bench."""
    done = subprocess.run([*map(str, words)], env={**os.environ, **env}, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True)  # fmt: skip
    if done.returncode:
        sys.exit(f"bench: {words[0]} ended with {done.returncode}: {done.stderr}")
    return done.stdout


def size(*paths):
    """Bytes of files and of all that is below folders."""
    every = (p for path in paths for p in (path.rglob("*") if path.is_dir() else [path]))
    return sum(path.lstat().st_size for path in every if not path.is_dir())


class Packages:
    """The runtime's packages and those of agents, in a folder of the bench."""

    def __init__(self, folder):
        self.folder = folder
        run(measure.FERRULE, measure.ROOT / "installer/package.py", folder / "dist",
            RELEASE, SELF_CONTAINED)  # fmt: skip
        self.deb = next((folder / "dist").glob("ferrule_*.deb"))
        self.run_file = next((folder / "dist").glob("*.run"))

    def agent(self, name, files):
        """NAME.run of an agent with the runtime inside."""
        source = self.folder / "agents" / name
        source.mkdir(parents=True)
        manifest = {"name": name, "version": "1.0", "entry": "agent.py"}
        for path, text in {**files, "ferrule.json": json.dumps(manifest)}.items():
            (source / path).write_text(text)
        out = self.folder / f"{name}.run"
        run(measure.FERRULE, "pack", source, "-o", out, "--runtime", self.run_file, "--quiet")
        return out


def sizes(packages):
    files = packages.folder / "deb"
    run("dpkg-deb", "-x", packages.deb, files)
    measure.verdict(".deb, download", size(packages.deb) / 1e6, 4.5, 3.5, " MB")
    measure.verdict(".deb, installed", size(files) / 1e6, 10, 9, " MB")
    home = packages.folder / "whole"
    install(packages.run_file, home)
    measure.verdict("self-contained, download", size(packages.run_file) / 1e6, 6, 4.5, " MB")
    measure.verdict("self-contained, installed", size(home) / 1e6, 13, 12, " MB")
    said = run(home / ".local/bin/ferrule", "-c",
               "import ssl, sys; print(ssl.OPENSSL_VERSION, 'libssl' in open('/proc/self/maps').read())")
    print(f"  its TLS: {said.strip()} (whether a libssl of the system is loaded)")


def install(run_file, home, *options):
    """Seconds of `sh FILE.run` in a home of its own."""
    home.mkdir(exist_ok=True)
    started = time.perf_counter()
    run("sh", run_file, "--quiet", *options, HOME=str(home), XDG_DATA_HOME="")
    return time.perf_counter() - started


def hello(packages):
    code = (measure.ROOT / "agents/hello/agent.py").read_text()
    made = packages.agent("hello", {"agent.py": code})
    added = size(made) - size(packages.run_file)
    measure.verdict("packed hello over the runtime", added / 1e3, 100, 100, " KB")


def start(packages):
    made = packages.agent("starting", {"agent.py": AGENT, "words.py": "GREETING = 'hello'"})
    home = packages.folder / "start"
    install(made, home)
    current = home / ".local/share/ferrule-agents/starting/current"
    folder = [str(current / "lib/ferrule/ferrule"), "run",
              str(current / "lib/ferrule-agents/starting")]  # fmt: skip
    commands = {"ferrule run FOLDER": folder, "the same once more": folder,
                "installed agent": [str(home / ".local/bin/starting")]}  # fmt: skip
    with open(os.devnull, "w") as nowhere:
        kept = os.dup(1)
        os.dup2(nowhere.fileno(), 1)
        try:
            samples = measure.interleave(commands, STARTS)
        finally:
            os.dup2(kept, 1)
    measure.print_times(samples, "ferrule run FOLDER")
    measure.verdict("start of an installed agent",
                    measure.ratio(samples, "installed agent", "ferrule run FOLDER"),
                    1.05, 1.05, "x")  # fmt: skip


def times(packages):
    home, samples = packages.folder / "times", {"install": [], "uninstall": []}
    for _ in range(INSTALLATIONS):
        samples["install"].append(install(packages.run_file, home))
        samples["uninstall"].append(install(packages.run_file, home, "--uninstall"))
        shutil.rmtree(home)
    for what, must in (("install", 2), ("uninstall", 1)):
        middle = statistics.median(samples[what])
        print(f"{what:34} {middle * 1e3:9.2f} ms  +-{measure.spread(samples[what]) * 100:3.0f} %")
        measure.verdict(f"{what}, self-contained", middle, must, must, " s")


def main():
    print(measure.machine())
    with tempfile.TemporaryDirectory(prefix="ferrule-bench-") as folder:
        packages = Packages(Path(folder))
        sizes(packages)
        hello(packages)
        times(packages)
        start(packages)


if __name__ == "__main__":
    sys.exit(main())
