# SPDX-License-Identifier: MIT
"""What the interpreter is made from: the one place that names its version.

`build.py` turns this into a folder of the build cache; `trim.toml` says what the
executable leaves out of it and why.
"""

VERSION = "3.13.5"
SHORT = "3.13"

# Debian's source package and the suite that keeps its security patches.
SOURCE_PACKAGE = "python3.13"
SOURCE_SUITE = "trixie"
# The upstream tarball inside it, byte for byte.
TARBALL_SHA256 = "93e583f243454e6e9e4588ca2c2662206ad961659863277afcdb96801647d640"

CONFIGURE = [
    "--disable-shared",
    "--disable-test-modules",
    "--with-ensurepip=no",
    "--with-ssl-default-suites=python",
    "--without-readline",
    "--without-mimalloc",  # serves the free-threaded build only
]

# Every extension of the standard library becomes a static one, except these.
NOT_BUILT = [
    "_tkinter", "_curses", "_curses_panel", "_dbm", "_gdbm", "readline", "nis",
    "ossaudiodev", "_uuid", "_sqlite3", "_multibytecodec", "_codecs_cn",
    "_codecs_hk", "_codecs_iso2022", "_codecs_jp", "_codecs_kr", "_codecs_tw",
]  # fmt: skip

OPTIMISE = "-O2 -DNDEBUG -Wall"

# Every function in a section of its own, so that the linker can leave it out.
CFLAGS = "-ffunction-sections -fdata-sections"

# The release build has no unwind tables: C has no exceptions, debuggers use the developer
# build, and they are 0.7 MB.
CFLAGS_RELEASE = "-fno-asynchronous-unwind-tables -fno-unwind-tables"

# The two passes of a profile-guided build. Link-time optimisation happens once, when
# the executable is linked: until then the objects are ordinary ones as well (fat).
PROFILE_GENERATE = "-fprofile-generate"
PROFILE_USE = (
    "-fprofile-use -fprofile-correction -Wno-missing-profile"
    " -fno-semantic-interposition -flto -ffat-lto-objects " + CFLAGS_RELEASE
)
NO_LTO = "-fno-lto -fno-use-linker-plugin"

# Flags for compiler and linker that a variant adds.
FLAGS = {"dev": ("", ""), "release": (PROFILE_USE, NO_LTO)}

# Loadable extensions that sit in `modules/` beside the executable: large, and most
# agents never import them. name -> (sources below Modules/, system libraries)
_CJK = "cjkcodecs"
LOADABLE = {
    "_sqlite3": (
        [f"_sqlite/{part}.c" for part in (
            "blob", "connection", "cursor", "microprotocols", "module",
            "prepare_protocol", "row", "statement", "util")],
        ["-lsqlite3"],
    ),
    "_multibytecodec": ([f"{_CJK}/multibytecodec.c"], []),
    **{f"_codecs_{part}": ([f"{_CJK}/_codecs_{part}.c"], [])
       for part in ("cn", "hk", "iso2022", "jp", "kr", "tw")},
}  # fmt: skip

# Archives that libpython.a does not carry itself.
ARCHIVES = [
    f"libpython{SHORT}.a",
    "Modules/_decimal/libmpdec/libmpdec.a",
    "Modules/_hacl/libHacl_Hash_SHA2.a",
    "Modules/expat/libexpat.a",
]
