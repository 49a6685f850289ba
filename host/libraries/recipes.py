# SPDX-License-Identifier: MIT
"""What the release build links instead of the packaged archives, and how it is made.

Each is Debian's own source of the very version whose headers are installed, or of one
that fits them; only what the executable calls is compiled in, every function in a section
of its own, so that the linker leaves out the rest.
"""

import dataclasses

# No unwind tables: C has no exceptions, and the executable drops them anyway.
SECTIONS = (
    "-ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables"
    " -fno-unwind-tables -fPIE -fvisibility=hidden -fstack-protector-strong -w"
).split()


@dataclasses.dataclass(frozen=True)
class Library:
    archive: str
    headers: str  # the installed package whose version decides
    source: str  # its source package
    flags: list
    # Whether the packaged archive is better than upstream's source without Debian's
    # patches, when a mirror has no more than that.
    wants_patches: bool = True
    has_packaged: bool = True  # else there is no build without the source
    series: int = 0  # parts of the version whose releases all fit the headers; 0: none do
    # Either compiled file by file: patterns below the source tree ...
    files: list = dataclasses.field(default_factory=list)
    # ... after generated files are copied to where they belong, or by its own Meson,
    # or by its own Configure, which makes `also` too.
    copies: dict = dataclasses.field(default_factory=dict)
    meson: list = dataclasses.field(default_factory=list)
    configure: list = dataclasses.field(default_factory=list)
    also: list = dataclasses.field(default_factory=list)


LIBRARIES = [
    # Cold code all of it: the engines' hot paths do without GLib.
    Library(
        archive="libglib-2.0.a",
        headers="libglib2.0-dev",
        source="glib2.0",
        flags=["-Os"],
        meson=[
            "-Dnls=disabled", "-Dselinux=disabled", "-Dlibmount=disabled",
            "-Dlibelf=disabled", "-Dxattr=false", "-Dtests=false",
            "-Dglib_debug=disabled", "-Dbsymbolic_functions=false",
        ],
    ),
    # The optimiser does not matter to code that PCRE2's own compiler makes.
    Library(
        archive="libpcre2-8.a",
        headers="libpcre2-dev",
        source="pcre2",
        flags=[
            "-Os", "-DHAVE_CONFIG_H", "-DPCRE2_CODE_UNIT_WIDTH=8", "-DSUPPORT_JIT",
            "-DSUPPORT_UNICODE", "-Isrc",
        ],
        copies={
            "src/config.h.generic": "src/config.h",
            "src/pcre2.h.generic": "src/pcre2.h",
            "src/pcre2_chartables.c.dist": "src/pcre2_chartables.c",
        },
        files=[
            f"src/pcre2_{part}.c" for part in (
                "auto_possess", "chartables", "compile", "config", "context", "error",
                "extuni", "find_bracket", "jit_compile", "maketables", "match",
                "match_data", "newline", "ord2utf", "pattern_info", "script_run",
                "string_utils", "study", "tables", "ucd", "valid_utf", "xclass")
        ],
    ),
    # The decoder, without formats older than 1.0. It decodes every module imported; the
    # variant for BMI2, picked at run time, is slower at that (7.4 MB: 18 ms, not 11). It
    # reads nothing but what host/stdlib/pack.py wrote.
    Library(
        archive="libzstd.a",
        headers="libzstd-dev",
        source="libzstd",
        wants_patches=False,
        flags=[
            "-O2", "-DZSTD_LEGACY_SUPPORT=0", "-DZSTD_STRIP_ERROR_STRINGS=1",
            "-DDYNAMIC_BMI2=0", "-DZSTD_DISABLE_ASM=1", "-DNDEBUG", "-Ilib", "-Ilib/common",
        ],
        files=["lib/common/*.c", "lib/decompress/*.c"],
    ),
]  # fmt: skip

# The self-contained build's own TLS: what HTTPS, `ssl` and `hashlib` need. Engines,
# old ciphers and the formats of other protocols stay out.
TLS_LIBRARIES = [
    Library(
        archive="libcrypto.a",
        also=["libssl.a"],
        headers="libssl-dev",
        source="openssl",
        wants_patches=False,
        has_packaged=False,
        series=2,
        flags=["-Os"],
        configure=[
            "--openssldir=/etc/ssl", "--libdir=lib", "no-shared", "no-tests",
            "no-engine", "no-dynamic-engine", "no-module", "no-legacy", "no-afalgeng",
            "no-padlockeng", "no-capieng", "no-cms", "no-ts", "no-ct", "no-srp",
            "no-idea", "no-seed", "no-aria", "no-camellia", "no-bf", "no-cast", "no-rc2",
            "no-rc4", "no-rc5", "no-md4", "no-mdc2", "no-whirlpool", "no-sm2",
            "no-sm3", "no-sm4", "no-ec2m", "no-gost", "no-sctp", "no-srtp",
            "no-ssl3", "no-rfc3779", "no-cmp", "no-siv",
            "no-ui-console", "no-uplink", "no-nextprotoneg",
            "enable-ec_nistp_64_gcc_128",
        ],
    ),
]  # fmt: skip
