# SPDX-License-Identifier: MIT
"""cpython_modules - the extension modules that CPython's tests are written in.

The executable does not carry them. Built from the same source and headers, they load
into it as any binary wheel would, and let the tests of importing, sub-interpreters,
ctypes and the C API run instead of being skipped.
"""

import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from driver.context import Unavailable, cache_folder

# Module -> sources below Modules/.
MODULES = {
    "_testcapi": ("_testcapimodule.c", "_testcapi/*.c"),
    "_testinternalcapi": ("_testinternalcapi.c", "_testinternalcapi/*.c"),
    "_testlimitedcapi": ("_testlimitedcapi.c", "_testlimitedcapi/*.c"),
    "_testclinic": ("_testclinic.c",),
    "_testclinic_limited": ("_testclinic_limited.c",),
    "_testbuffer": ("_testbuffer.c",),
    "_testimportmultiple": ("_testimportmultiple.c",),
    "_testmultiphase": ("_testmultiphase.c",),
    "_testsinglephase": ("_testsinglephase.c",),
    "_testexternalinspection": ("_testexternalinspection.c",),
    "_ctypes_test": ("_ctypes/_ctypes_test.c",),
    "xxlimited": ("xxlimited.c",),
    "xxlimited_35": ("xxlimited_35.c",),
    "xxsubtype": ("xxsubtype.c",),
}
SUFFIX = ".cpython-313-x86_64-linux-gnu.so"
FLAGS = ("-shared", "-fPIC", "-O1", "-w", "-fvisibility=hidden",
         "-DPy_BUILD_CORE_MODULE")


def find(lib, jobs):
    """The folder with the modules for the CPython whose Lib/ this is."""
    source, built = lib.parent, lib.parents[1]
    folder = cache_folder() / f"test-modules-{built.name}"
    if folder.is_dir():
        return folder
    if not (built / "build" / "pyconfig.h").is_file():
        raise Unavailable(f"no {built}/build/pyconfig.h: run ./dev build")
    cache_folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_folder()) as temporary:
        made = Path(temporary) / "made"
        made.mkdir()
        with ThreadPoolExecutor(jobs) as pool:
            list(pool.map(lambda name: _compile(name, source, built, made), MODULES))
        shutil.move(made, folder)
    return folder


def _compile(name, source, built, made):
    modules = source / "Modules"
    sources = [p for glob in MODULES[name] for p in sorted(modules.glob(glob))]
    include = [source / "Include", source / "Include/internal", built / "build", modules]
    done = subprocess.run(
        ["gcc", *FLAGS, *(f"-I{folder}" for folder in include), *sources,
         "-o", made / (name + SUFFIX)],
        capture_output=True, text=True,
    )
    if done.returncode != 0:
        raise Unavailable(f"CPython's {name} does not compile:\n{done.stderr[-2000:]}")
