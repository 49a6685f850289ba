# SPDX-License-Identifier: MIT
"""rules_layers - who may include and link whom (the layer table of ARCHITECTURE.md).

Each layer lists what it may use; everything else of the project and every library
named in LIBRARIES is refused. libc is free for all.
"""

import fnmatch
import re
from dataclasses import dataclass

from ctoken import includes
from tree import Finding

# Library -> pattern of its headers.
LIBRARIES = {
    "python": r"Python\.h|structmember\.h|(cpython|internal)/.*",
    "glib": r"glib\.h|glib/.*|glib-unix\.h",
    "gobject": r"glib-object\.h|gobject/.*|gio/.*",
    "xxhash": r"xxhash\.h|xxh3\.h",
    "pcre2": r"pcre2\.h",
    "zstd": r"zstd.*\.h|zdict\.h",
    "json-glib": r"json-glib/.*",
    "openssl": r"openssl/.*",
    "seccomp": r"seccomp\.h",
    "gtest": r"g(test|mock)/.*",
}

# Meson variable -> library or layer. A name that is not listed here is free.
MESON_NAMES = {
    "python_headers": "python", "python": "python", "libpython": "python",
    "glib": "glib", "xxhash": "xxhash", "pcre2": "pcre2", "zstd": "zstd",
    "pcre2_headers": "pcre2", "schemaguard_linked": "schemaguard",
    "base": "base", "toolcache": "toolcache", "schemaguard": "schemaguard",
    "toolcache_binding": "toolcache/python", "gtest": "gtest",
    "schemaguard_binding": "schemaguard/python", "registry": "registry",
    "interpreter": "interpreter",
}


@dataclass(frozen=True)
class Layer:
    name: str
    files: str  # glob of paths; the first layer that matches owns a file
    layers: tuple  # layers it may include besides itself
    libraries: tuple
    headers: tuple = ()  # single headers of other layers


ENGINE_LIBRARIES = ("glib", "xxhash")
PARTS = ("cli", "config", "stdlib", "launcher", "sandbox", "report")
LAYERS = (
    Layer("base", "native-modules/base/*", (), ENGINE_LIBRARIES),
    Layer("toolcache/python", "native-modules/toolcache/python/*", (), ("python",),
          ("native-modules/toolcache/tool-cache.h",
           "native-modules/base/base-equal.h")),
    Layer("schemaguard/python", "native-modules/schemaguard/python/*", (), ("python",),
          ("native-modules/schemaguard/schema-guard.h",)),
    Layer("toolcache", "native-modules/toolcache/*", ("base",), ENGINE_LIBRARIES),
    Layer("schemaguard", "native-modules/schemaguard/*", ("base",),
          ENGINE_LIBRARIES + ("pcre2",)),
    Layer("registry", "native-modules/registry.[ch]", (), ("python",)),
    *(
        Layer(part, f"host/{part}/*", ("base",) + PARTS,
              ("glib", "xxhash") + {"stdlib": ("zstd",), "sandbox": ("seccomp",)}
              .get(part, ()))
        for part in PARTS
    ),
    Layer("interpreter", "host/interpreter/*", ("base", "registry") + PARTS,
          ("python", "glib", "openssl")),
    Layer("main", "host/main.c", ("base",) + PARTS, ("glib",),
          ("host/interpreter/interpreter.h",)),
)
MAIN_MAX_LINES = 80


def layer_of(path):
    return next((x for x in LAYERS if fnmatch.fnmatch(path, x.files)), None)


def library_of(name):
    return next((k for k, p in LIBRARIES.items() if re.fullmatch(p, name)), None)


def _resolve(name, source, tree):
    """The project file an #include means, or None."""
    beside = f"{source.folder}/{name}" if source.folder else name
    if beside in tree.sources:
        return beside
    ends = [p for p in tree.sources if p == name or p.endswith("/" + name)]
    return min(ends, key=len) if ends else None


def _refusal(layer, name, target):
    """Why this layer may not include this, or None."""
    if target is None:
        library = library_of(name)
        if library and library not in layer.libraries:
            return f"layer {layer.name} may not use {library} ({name})"
        return None
    other = layer_of(target)
    if other is None:
        return f"layer {layer.name} may not include {target}"
    if other is layer or other.name in layer.layers or target in layer.headers:
        return None
    return f"layer {layer.name} may not include {target} of layer {other.name}"


def check_includes(tree):
    """#include lines keep to the layer table."""
    for source in tree.matching(lambda s: s.is_c):
        layer = layer_of(source.path)
        for line, name, _ in includes(source.tokens):
            if re.search(r"(^|/)(internal/|pycore_)", name):
                yield Finding(source.path, line, f"private CPython header {name}")
            elif layer and not source.excused(line, "layer"):
                refusal = _refusal(layer, name, _resolve(name, source, tree))
                if refusal:
                    yield Finding(source.path, line, refusal)
        yield from _private_python(source)


def _private_python(source):
    for token in source.tokens:
        if token.kind == "pp" and re.search(r"define\s+Py_BUILD_CORE", token.text):
            yield Finding(source.path, token.line, "Py_BUILD_CORE opens private headers")


def check_main(tree):
    """main.c stays an index of the layers above it."""
    source = tree.sources.get("host/main.c")
    if source and len(source.lines) - 1 > MAIN_MAX_LINES:
        yield Finding(source.path, MAIN_MAX_LINES + 1,
                      f"{len(source.lines) - 1} lines, at most {MAIN_MAX_LINES}")


def meson_calls(text):
    """(line, function, arguments as text) of each build target in a meson.build."""
    text = re.sub(r"#[^\n]*", "", text)
    for match in re.finditer(
        r"\b(static_library|shared_library|shared_module|executable|declare_dependency)"
        r"\s*\(", text
    ):
        depth, end = 1, match.end()
        while depth and end < len(text):
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        line = text.count("\n", 0, match.start()) + 1
        yield line, match.group(1), text[match.end() : end - 1]


def _linked_names(arguments):
    for found in re.finditer(
        r"\b(?:dependencies|link_with|link_whole)\s*:\s*(\[[^\]]*\]|[\w.]+)", arguments
    ):
        yield from re.findall(r"[A-Za-z_]\w*", found.group(1))


def check_meson(tree):
    """Build targets link only what their layer may use."""
    for source in tree.matching(lambda s: s.name == "meson.build"):
        for line, _, arguments in meson_calls(source.text):
            layer = _target_layer(source, arguments)
            if layer is None:
                continue
            for name in _linked_names(arguments):
                used = MESON_NAMES.get(name)
                own = used == layer.name or (
                    name.endswith(("_engine", "_lib")) and used is None
                )
                allowed = layer.layers + layer.libraries + (_engine_of(layer),)
                if used and not own and used not in allowed:
                    yield Finding(source.path, line,
                                  f"target of layer {layer.name} may not use {name}")


def _target_layer(source, arguments):
    """A target belongs to the layer of its sources; bindings lie in python/."""
    if re.search(r"'python/|-binding'", arguments):
        return layer_of(f"{source.folder}/python/x.c")
    if source.folder == "native-modules":
        return None  # the registry links every binding: that is its purpose
    return layer_of(f"{source.folder}/x.c")


def _engine_of(layer):
    return layer.name.split("/")[0] if layer.name.endswith("/python") else ""
