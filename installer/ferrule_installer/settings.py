# SPDX-License-Identifier: MIT
"""settings - what a manifest asks from the user: from the environment, else as answered
at the first start, else the default; the agent finds all of it in os.environ.

Answers are kept in XDG_CONFIG_HOME/ferrule/agents/NAME.json. Secrets are kept in the
desktop's keyring, by secret-tool; where there is none, in a file that is sealed with a
passphrase (scrypt, ChaCha20-Poly1305) and asked for at every start. Never in plain text.
"""

import base64
import json
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

from ferrule._installer import manifest as manifests
from ferrule._installer import said
from ferrule._installer.said import EXIT_CONFIG, Refused, say

KEYRING_TIMEOUT = 60  # seconds; the person may have to unlock it
TRIES = 3
SCRYPT = {"n": 1 << 15, "r": 8, "p": 1, "maxmem": 64 << 20, "dklen": 32}
YES_NO = {"yes": "true", "y": "true", "true": "true", "1": "true",
          "no": "false", "n": "false", "false": "false", "0": "false"}  # fmt: skip


def load(folder):
    """Exit code for the host: 0 when everything declared is in os.environ."""
    return said.run(_load, folder)


def _load(folder):
    manifest = manifests.read(folder)
    answers = _Answers(manifest.name)
    keyring = _keyring() or _Sealed(manifest.name)
    missing = []
    for name, setting in manifest.settings.items():
        value = _known(name, setting, answers, keyring, manifest.name)
        if value is None and not setting.get("optional"):
            missing.append(name)
        elif value is not None:
            os.environ[name] = value
    if missing:
        _ask_all(manifest, missing, answers, keyring)


def _known(name, setting, answers, keyring, agent):
    given = os.environ.get(name)
    if given is not None:
        wrong = _wrong(setting, given)[1]
        if wrong:
            raise Refused(f"the environment variable {name}: {wrong}", code=EXIT_CONFIG)
        return _wrong(setting, given)[0]
    if setting.get("secret"):
        return keyring.get(agent, name)
    kept = answers.values.get(name)
    if kept is not None and not _wrong(setting, kept)[1]:
        return kept
    return _text(setting["default"]) if "default" in setting else None


def _text(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def _wrong(setting, text):
    """(the value as the agent gets it, what is wrong with it or None)."""
    kind = setting["type"]
    if "choices" in setting and text not in setting["choices"]:
        return text, f"one of {', '.join(setting['choices'])}, please"
    if kind == "boolean":
        return YES_NO.get(text.lower(), text), (
            None if text.lower() in YES_NO else "yes or no, please")
    try:
        {"integer": int, "number": float}.get(kind, str)(text)
    except ValueError:
        return text, f"{'a whole number' if kind == 'integer' else 'a number'}, please"
    if kind == "url" and not text.startswith(("http://", "https://")):
        return text, "an address that starts with http:// or https://, please"
    if kind == "path":
        return os.path.abspath(os.path.expanduser(text)), None
    return text, None if text else "it cannot be empty"


# ---- asking -------------------------------------------------------------------------


def _ask_all(manifest, names, answers, keyring):
    if not sys.stdin or not sys.stdin.isatty():
        raise Refused(
            f"{manifest.title} has to be told:",
            *(f"  {name}: {_label(name, manifest.settings[name])}" for name in names),
            "start it once in a terminal, or set these environment variables",
            code=EXIT_CONFIG)  # fmt: skip
    say(f"{manifest.title} asks for its settings, once:")
    for name in names:
        setting = manifest.settings[name]
        os.environ[name] = value = _ask(name, setting)
        if setting.get("secret"):
            keyring.put(manifest.name, name, value, _label(name, setting))
        else:
            answers.put(name, value)


def _label(name, setting):
    return setting.get("title", name)


def _ask(name, setting):
    import getpass

    if "description" in setting:
        print(setting["description"], file=sys.stderr)
    choices = f" ({', '.join(setting['choices'])})" if "choices" in setting else ""
    for _ in range(TRIES):
        prompt = f"{_label(name, setting)}{choices}: "
        try:
            if setting.get("secret"):
                text = getpass.getpass(prompt).strip()
            else:
                print(prompt, end="", file=sys.stderr, flush=True)
                text = sys.stdin.readline().strip()
        except EOFError:
            break
        value, wrong = _wrong(setting, text)
        if wrong is None:
            return value
        print(wrong, file=sys.stderr)
    raise Refused(f"{_label(name, setting)} is needed: start again", code=EXIT_CONFIG)


# ---- keeping ------------------------------------------------------------------------


def _write_private(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}-{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w") as file:
        file.write(text)
    fresh.rename(path)


def _read_object(path):
    """The JSON object of strings in a file; {} where there is none."""
    try:
        values = json.loads(path.read_text())
        if isinstance(values, dict) and all(isinstance(v, str) for v in values.values()):
            return values
    except FileNotFoundError:
        return {}
    except ValueError:
        pass
    raise Refused(f"{path} is damaged: remove it, and the agent asks again", code=EXIT_CONFIG)


def _below(variable, default, *parts):
    return Path(os.environ.get(variable) or os.path.expanduser(default), "ferrule", *parts)


class _Answers:
    def __init__(self, agent):
        self._path = _below("XDG_CONFIG_HOME", "~/.config", "agents", f"{agent}.json")
        self.values = _read_object(self._path)

    def put(self, name, value):
        self.values[name] = value
        _write_private(self._path, json.dumps(self.values, indent=1, sort_keys=True))


def _keyring():
    program = shutil.which("secret-tool")
    if program is None or not os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return None
    return _Keyring(program)


class _Keyring:
    """The Secret Service of the desktop."""

    def __init__(self, program):
        self._program = program

    def _call(self, *words, text=""):
        try:
            return subprocess.run([self._program, *words], input=text, text=True,
                                  capture_output=True, timeout=KEYRING_TIMEOUT)
        except subprocess.TimeoutExpired:
            raise Refused("the desktop's keyring does not answer: unlock it and start "
                          "again", code=EXIT_CONFIG) from None

    def _attributes(self, agent, name):
        return "service", "ferrule-agent", "agent", agent, "setting", name

    def get(self, agent, name):
        done = self._call("lookup", *self._attributes(agent, name))
        return done.stdout if done.returncode == 0 and done.stdout else None

    def put(self, agent, name, value, label):
        done = self._call("store", f"--label={agent}: {label}",
                          *self._attributes(agent, name), text=value)
        if done.returncode != 0:
            raise Refused(f"the desktop's keyring refuses: {done.stderr.strip()}",
                          code=EXIT_CONFIG)


class _Sealed:
    """Secrets of one agent in a file sealed with a passphrase: salt, nonce, text."""

    def __init__(self, agent):
        self._path = _below("XDG_DATA_HOME", "~/.local/share", "secrets", f"{agent}.sealed")
        self._phrase = self._values = None

    def _key(self, salt):
        import hashlib

        return hashlib.scrypt(self._phrase.encode(), salt=salt, **SCRYPT)

    def _open(self):
        if self._values is not None or not self._path.exists():
            self._values = self._values or {}
            return
        import getpass

        import _ferrule_crypto

        if not sys.stdin or not sys.stdin.isatty():
            raise Refused(f"the secrets in {self._path} need their passphrase: start it in a "
                          "terminal, or set the environment variables", code=EXIT_CONFIG)
        data = base64.b64decode(self._path.read_text())
        for _ in range(TRIES):
            self._phrase = getpass.getpass(f"passphrase for {self._path.stem}: ")
            text = _ferrule_crypto.unseal(self._key(data[:16]), data[16:28], data[28:])
            if text is not None:
                self._values = json.loads(text)
                return
            say("that is not the passphrase, or the file was changed")
        raise Refused(f"{self._path} stays sealed: remove it, and the agent asks again",
                      code=EXIT_CONFIG)

    def get(self, agent, name):
        self._open()
        return self._values.get(name)

    def put(self, agent, name, value, label):
        import getpass

        import _ferrule_crypto

        self._open()
        while not self._phrase:
            say("there is no keyring here; secrets are sealed with a passphrase of yours")
            first = getpass.getpass("new passphrase: ")
            if first == getpass.getpass("once more: "):
                self._phrase = first
        self._values[name] = value
        salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
        sealed = _ferrule_crypto.seal(self._key(salt), nonce,
                                      json.dumps(self._values).encode())
        _write_private(self._path, base64.b64encode(salt + nonce + sealed).decode())
