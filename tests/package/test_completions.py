# SPDX-License-Identifier: MIT
"""Completions, loaded in the shells themselves: they offer what --help names."""

import re
import shutil
import subprocess
import unittest

from installed import ROOT, needs
from sample_agents import PackageCase

SHARE = ROOT / "installer/share"
BASH = """
. "$1"; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_ferrule 2>/dev/null
printf '%s\\n' "${COMPREPLY[@]}"
"""
FISH = 'source $argv[1]; complete -C "$argv[2..]"'
# What a shell's own functions would draw is printed.
ZSH = """
_arguments() { print -rl -- "$@" }
_describe() { print -rl -- ${(P)2} }
_files() { : }
compdef=$1; shift
words=("$@") CURRENT=$#
. $compdef
"""
ZSH_FINDS = """
fpath=($1 $fpath)
autoload -Uz compinit
compinit -u -D
print $_comps[ferrule]
"""


class Completions(PackageCase):
    def helped(self, *command):
        return self.expect(self.ferrule(*command, "--help")).stdout

    def commands(self):
        text = self.helped().partition("commands:\n")[2].partition("\n\n")[0]
        found = set(re.findall(r"^  ([a-z]+) ", text, re.M)) | {"top"}
        self.assertGreater(len(found), 8)
        return found

    def options(self, command):
        """Flags at the start of a line of its help, or in its usage."""
        text = self.helped(command)
        usage = text.partition("\n\n")[0]
        return (set(re.findall(r"^ +(?:-\w, )?(--[a-z-]+)", text, re.M))
                | set(re.findall(r"--[a-z-]+", usage))) - {"--help"}

    def output(self, *command):
        done = subprocess.run([*map(str, command)], capture_output=True, text=True,
                              timeout=60, cwd=self.folder)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def check(self, offers):
        """offers(words): the set of what the shell offers behind them."""
        self.assertLessEqual(self.commands(), offers("ferrule", ""))
        for command in sorted(self.commands() - {"self"}):
            with self.subTest(command=command):
                offered = offers("ferrule", command, "--")
                self.assertEqual(self.options(command), offered - {"--help", "--version"})
        self.assertLessEqual({"rollback", "uninstall"}, offers("ferrule", "self", ""))

    def test_bash(self):
        needs("bash")
        self.check(lambda *words: set(self.output(
            "bash", "-c", BASH, "bash", SHARE / "ferrule.bash", *words).split()))

    def test_fish(self):
        needs("fish")

        def offers(*words):
            said = self.output("fish", "--no-config", "-c", FISH, SHARE / "ferrule.fish",
                               " ".join(words))
            return {line.partition("\t")[0] for line in said.splitlines()}

        self.check(offers)

    def test_zsh(self):
        needs("zsh")

        def offers(*words):
            said = self.output("zsh", "-f", "-c", ZSH, "zsh", SHARE / "ferrule.zsh", *words)
            return (set(re.findall(r"(--[a-z-]+)\[", said))
                    | set(re.findall(r"^([a-z]+):", said, re.M))
                    | set(re.findall(r"(rollback|uninstall)", said)))

        self.check(offers)

    def test_zsh_finds_it(self):
        needs("zsh")
        folder = self.folder / "functions"
        folder.mkdir()
        shutil.copy(SHARE / "ferrule.zsh", folder / "_ferrule")
        self.assertEqual(self.output("zsh", "-f", "-c", ZSH_FINDS, "zsh", folder), "_ferrule\n")


if __name__ == "__main__":
    unittest.main()
