# SPDX-License-Identifier: MIT
"""sanitizers - what is ours built again under ASan and UBSan, or TSan.

TSan sees the engines alone: CPython and the packaged GLib are not instrumented, so
their locks would be taken for races. ASan also gets the executable, for a smoke test.
"""

import subprocess
import sys

from driver import context as where
from driver import gtests, unittests

# GLib's own pools hide who frees what, and hand memory from thread to thread under
# locks that TSan cannot see.
POOLS = {"G_SLICE": "always-malloc"}
ASAN = POOLS | {
    "ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
}
TSAN = POOLS | {"TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1"}


# Black-box tests that say something about memory: start, arguments, end, refusals,
# interpreters beside each other.
SMOKE = ("cli/test_python_command_line", "cli/test_ending", "cli/test_vendor",
         "cli/test_commands", "embed/test_interpreters")


def _folder(context, name, sanitize, options=()):
    folder = context.build / name
    if not (folder / "build.ninja").is_file():
        done = subprocess.run(
            ["meson", "setup", folder, where.ROOT, f"-Db_sanitize={sanitize}",
             "-Db_lundef=false", "-Doptimization=1", "-Ddebug=true", *options],
            capture_output=True, text=True,
        )
        if done.returncode != 0:
            raise where.Unavailable(f"meson setup {folder}:\n{done.stdout[-3000:]}")
    where.build(folder)
    return folder


def _run_programs(context, report, pattern, suite, folder, kinds, options):
    environment = {**context.environment, **options}
    for kind in kinds:
        rows = where.introspect(folder, kind)
        gtests.run(rows, report, suite, environment, pattern, context.jobs)


def run_asan(context, report, pattern):
    """C tests, conformance, fuzz corpora and a smoke test of the executable."""
    cpython = context.build_option("cpython")
    options = [f"-Dcpython={cpython}"] if cpython else []
    folder = _folder(context, "asan", "address,undefined", options)
    _run_programs(context, report, pattern, "asan", folder,
                  ("unit", "conformance", "fuzz"), ASAN)
    if not (folder / "ferrule").is_file():
        return
    # CPython itself leaves memory behind at the end of a process.
    environment = {**context.environment, **ASAN, "FERRULE": str(folder / "ferrule"),
                   "FERRULE_ROUNDS": "1",
                   "ASAN_OPTIONS": ASAN["ASAN_OPTIONS"] + ":detect_leaks=0"}
    files = [where.ROOT / "tests" / f"{name}.py" for name in SMOKE]
    unittests.run(files, sys.executable, report, "asan", environment, pattern,
                  context.jobs)


def run_tsan(context, report, pattern):
    """The engines' stress tests under TSan."""
    folder = _folder(context, "tsan", "thread")
    _run_programs(context, report, pattern, "tsan", folder, ("stress",), TSAN)
