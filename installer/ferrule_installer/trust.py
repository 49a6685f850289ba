# SPDX-License-Identifier: MIT
"""trust - detached signatures of packages, and whose keys were seen before.

PACKAGE.sig, beside the package, is text:

    ferrule-signature 1
    publisher: NAME
    key: BASE64               Ed25519, 32 bytes
    signature: BASE64         of TAG, publisher and SHA-512 of the package

A publisher's key is remembered when it is seen first, and so is who publishes an agent.
From then on another key, another publisher or no signature is refused; nothing is ever
forgotten by itself. The file is publishers.json below XDG_DATA_HOME, and its reader is
a person who wants to undo that.
"""

import base64
import hashlib
import json
import os
import re
import secrets
from pathlib import Path

from ferrule._installer import said
from ferrule._installer.said import EXIT_REFUSED, EXIT_USAGE, Refused

HEAD = "ferrule-signature 1"
KEY_HEAD = "ferrule-secret-key 1"
TAG = b"ferrule package signature 1\0"
BYTES_MAX = 4096  # of a signature or a key file
_FIELDS = ("publisher", "key", "signature")


def _message(publisher, path):
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha512").digest()
    return TAG + publisher.encode() + b"\0" + digest


def _crypto():
    try:
        import _ferrule_crypto
    except ImportError as error:
        raise Refused(f"signatures: {error}", code=said.EXIT_FAILED) from None
    return _ferrule_crypto


def fingerprint(key):
    """What two people compare by telephone."""
    digest = hashlib.sha256(key).hexdigest()[:32]
    return " ".join(re.findall("....", digest))


# ---- signing -----------------------------------------------------------------------


def make_key(path):
    """A new secret key in a file that nobody else may read."""
    text = f"{KEY_HEAD}\n{base64.b64encode(secrets.token_bytes(32)).decode()}\n"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Refused(f"{path} is there already: a key is never overwritten",
                      code=EXIT_USAGE) from None
    with open(descriptor, "w") as file:
        file.write(text)
    said.say(f"{path}: a new key, {fingerprint(_crypto().public_key(read_key(path)))}; keep "
             "it secret and keep a copy: without it nobody can publish an update")


def read_key(path):
    """The 32 secret bytes."""
    lines = Path(path).read_text(errors="replace")[:BYTES_MAX].split("\n")
    try:
        seed = base64.b64decode(lines[1], validate=True)
    except (IndexError, ValueError):
        seed = b""
    if lines[0] != KEY_HEAD or len(seed) != 32:
        raise Refused(f"{path} is no secret key: `ferrule pack --new-key FILE` makes one")
    return seed


def signature_path(path):
    return Path(f"{path}.sig")


def sign(path, publisher, seed):
    """The text of the signature of the package at `path`."""
    signature = _crypto().sign(seed, _message(publisher, path))
    values = publisher, _base64(_crypto().public_key(seed)), _base64(signature)
    rows = (f"{name}: {value}\n" for name, value in zip(_FIELDS, values, strict=True))
    return f"{HEAD}\n{''.join(rows)}"


def _base64(data):
    return base64.b64encode(data).decode()


# ---- verifying ----------------------------------------------------------------------


def verified(path):
    """(publisher, key) of a package whose signature is right; None when it has none."""
    file = signature_path(path)
    if not os.path.lexists(file):
        return None
    with open(file, "rb") as stream:
        text = stream.read(BYTES_MAX + 1).decode("utf-8", "replace")
    lines = text.split("\n")
    rows = dict(line.partition(": ")[::2] for line in lines[1:] if line)
    if lines[0].startswith("ferrule-signature ") and lines[0] != HEAD:
        raise Refused(f"{file} is of a newer kind: it needs a newer ferrule",
                      code=EXIT_REFUSED)
    try:
        key, signature = (base64.b64decode(rows[name], validate=True)
                          for name in _FIELDS[1:])
        publisher = rows["publisher"]
    except (KeyError, ValueError):
        key = signature = publisher = b""
    if lines[0] != HEAD or len(key) != 32 or len(signature) != 64:
        raise Refused(f"{file} is no signature of a package", code=EXIT_REFUSED)
    if not _crypto().verify(key, signature, _message(publisher, path)):
        raise Refused(f"{path} is not what {publisher} signed: it was changed on its way; "
                      "nothing of it was run", code=EXIT_REFUSED)
    return publisher, key


class Known:
    """publishers.json: {publisher: key} and {agent: publisher}."""

    def __init__(self):
        base = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
        self.path = Path(base) / "ferrule" / "publishers.json"
        try:
            values = json.loads(self.path.read_text())
            self.keys, self.agents = values["keys"], values["agents"]
        except FileNotFoundError:
            self.keys, self.agents = {}, {}
        except (ValueError, KeyError, TypeError):
            raise Refused(f"{self.path} is damaged: mend it, or move it away and all "
                          "publishers are new", code=EXIT_REFUSED) from None

    def check(self, path, publisher, key):
        """Refused for another key than the one that is known; True for a new one."""
        known = self.keys.get(publisher)
        if known not in (None, _base64(key)):
            raise Refused(
                f"{path} is signed by {publisher} with another key than before:",
                f"  before: {fingerprint(base64.b64decode(known))}",
                f"  now:    {fingerprint(key)}",
                "if the publisher has a new key and says so himself, remove the old one "
                f"from {self.path}", code=EXIT_REFUSED)  # fmt: skip
        return known is None

    def check_agent(self, path, agent, publisher):
        """Refused when `agent` was published by another one; None: not signed."""
        known = self.agents.get(agent)
        if known not in (None, publisher):
            now = f"this one by {publisher}" if publisher else "this one is not signed"
            raise Refused(f"{path}: {agent} was signed by {known} before, {now}; nothing of "
                          "it was run", f"what is known is in {self.path}",
                          code=EXIT_REFUSED)  # fmt: skip

    def remember(self, publisher, key, agent=None):
        agents = {**self.agents, **({agent: publisher} if agent else {})}
        keys = {**self.keys, publisher: _base64(key)}
        if (keys, agents) == (self.keys, self.agents):
            return
        self.keys, self.agents = keys, agents
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_name(f".{self.path.name}-{os.getpid()}")
        fresh.write_text(json.dumps({"keys": keys, "agents": agents}, indent=1))
        fresh.rename(self.path)


def check_before_use(path, agent, publisher=None):
    """Refused unless the package may be used; `publisher` is who it says it is from.
    What its user should hear at its first use, or None."""
    known, signed = Known(), verified(path)
    if signed is None:
        known.check_agent(path, agent, None)
        if publisher in known.keys:
            raise Refused(f"{path} says it is from {publisher}, whose packages are signed; "
                          f"{signature_path(path).name} has to lie beside it",
                          code=EXIT_REFUSED)
        return f"{path} is not signed: nobody vouches for what it does (said once)"
    if publisher not in (None, signed[0]):
        raise Refused(f"{path} is from {publisher} but signed by {signed[0]}",
                      code=EXIT_REFUSED)
    is_new = known.check(path, *signed)
    known.check_agent(path, agent, signed[0])
    known.remember(*signed, agent)
    return _signed_by(path, *signed) if is_new else None


def _signed_by(path, publisher, key):
    return (f"{path}: signed by {publisher}, key {fingerprint(key)}, seen for the first time "
            "and remembered")  # fmt: skip


def check_installer(arguments):
    """FILE.run, the name of what it installs, and --first-use for a person to hear who
    vouches for it; called by its shell half."""
    path, name, *options = arguments

    def command(_):
        news = check_before_use(path, name)
        if news and options:
            said.say(news)

    return said.run(command, arguments)


# ---- ferrule verify -----------------------------------------------------------------

USAGE = """\
usage: ferrule verify FILE

Checks the signature of a package, FILE.sig. The key of a publisher is remembered when it
is seen first; from then on another key is refused.

exit codes: 0 signed by a known or a new publisher, 4 refused or not signed, 2 usage
"""


def _verify(arguments):
    if {"-h", "--help"} & set(arguments):
        print(USAGE, end="")
        return
    if len(arguments) != 1 or arguments[0].startswith("-"):
        raise Refused("verify: one file, please: ferrule verify FILE", code=EXIT_USAGE)
    path = arguments[0]
    if not os.path.isfile(path):
        raise Refused(f"verify: no file {path}", code=EXIT_USAGE)
    signed = verified(path)
    if signed is None:
        raise Refused(f"{path} is not signed: there is no {signature_path(path).name} beside "
                      "it", code=EXIT_REFUSED)
    known = Known()
    is_new = known.check(path, *signed)
    known.remember(*signed)
    print(_signed_by(path, *signed) if is_new else
          f"{path}: signed by {signed[0]}, key {fingerprint(signed[1])}")  # fmt: skip


def main(arguments):
    return said.run(_verify, arguments)
