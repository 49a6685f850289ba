# SPDX-License-Identifier: MIT
"""runtime - the files of this executable, or of a .run file, that go into packages."""

import io
import lzma
import sys
import tarfile
from pathlib import Path

from ferrule._installer import runfile
from ferrule._installer.agent_files import File
from ferrule._installer.said import EXIT_CONFIG, Refused, say

FOLDER = "lib/ferrule"
DOCUMENTS = "share/doc/ferrule"


def own_files():
    """{path in a product: File}: the executable, what lies beside it, and what an
    installed one has as documents, the list of what is linked in among them."""
    executable = Path(sys.executable).resolve()
    files = {f"{FOLDER}/ferrule": File(executable.read_bytes(), True)}
    for module in sorted(executable.parent.glob("modules/*.so")):
        files[f"{FOLDER}/modules/{module.name}"] = File(module.read_bytes())
    files[f"{FOLDER}/unpack"] = File(_own_unpacker(executable), True)
    if executable.parts[-3:-1] == ("lib", "ferrule"):
        for path in sorted((executable.parents[2] / DOCUMENTS).glob("[!.]*")):
            files[f"{DOCUMENTS}/{path.name}"] = File(path.read_bytes())
    return files


def _own_unpacker(executable):
    path = executable.with_name("unpack")
    if not path.is_file():
        raise Refused(f"{path} is missing, with which a .run file unpacks itself: "
                      "name a .run file of ferrule with --runtime", code=EXIT_CONFIG)
    return path.read_bytes()


def is_self_contained():
    """Whether the runtime works without libraries of the system besides libc."""
    import _ferrule_host

    return _ferrule_host.is_self_contained


class Runtime:
    """Files, and the same as an .xz stream; from `path`, a .run file, or from here."""

    def __init__(self, path=None):
        from ferrule._installer import tarball

        if path is None:
            files = own_files()
            self.unpacker = files[f"{FOLDER}/unpack"].data
            self.stream = tarball.compress(tarball.pack(files), executable_code=True)
            self.files = files
            if not is_self_contained():
                say("note: the runtime in it uses OpenSSL 3, PCRE2, zlib, liblzma and "
                    "bzip2 of the system where it runs; --runtime FERRULE.run takes one "
                    "with its own")
            return
        self.unpacker, self.stream = runfile.payload_of(path)
        self.files = _files_of(self.stream, path)
        if f"{FOLDER}/ferrule" not in self.files:
            raise Refused(f"{path} has no runtime in it", code=EXIT_CONFIG)


def _files_of(stream, path):
    try:
        with tarfile.open(fileobj=io.BytesIO(lzma.decompress(stream))) as archive:
            return {member.name: File(archive.extractfile(member).read(),
                                      bool(member.mode & 0o100))
                    for member in archive if member.isfile()}  # fmt: skip
    except (lzma.LZMAError, tarfile.TarError) as error:
        raise Refused(f"{path} is damaged: {error}", code=EXIT_CONFIG) from None
