# SPDX-License-Identifier: MIT
"""sanitizers - engines and their tests built again under ASan and UBSan, or TSan.

Without the interpreter: its allocator and the packaged GLib's locks are not
instrumented, so the engines are where a report means something.
"""

import subprocess

from driver import context as where
from driver import gtests

ASAN = {
    "ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
}
TSAN = {"TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1"}


def _folder(context, name, sanitize):
    folder = context.build / name
    if not (folder / "build.ninja").is_file():
        done = subprocess.run(
            ["meson", "setup", folder, where.ROOT, f"-Db_sanitize={sanitize}",
             "-Db_lundef=false", "-Doptimization=1", "-Ddebug=true"],
            capture_output=True, text=True,
        )
        if done.returncode != 0:
            raise where.Unavailable(f"meson setup {folder}:\n{done.stdout[-3000:]}")
    where.build(folder)
    return folder


def _run(context, report, pattern, suite, sanitize, kinds, options):
    folder = _folder(context, suite, sanitize)
    environment = {**context.environment, **options}
    for kind in kinds:
        rows = where.introspect(folder, kind)
        gtests.run(rows, report, suite, environment, pattern, context.jobs)


def run_asan(context, report, pattern):
    """Engine tests, conformance and fuzz corpora under ASan and UBSan."""
    _run(context, report, pattern, "asan", "address,undefined",
         ("unit", "conformance", "fuzz"), ASAN)


def run_tsan(context, report, pattern):
    """The engines' stress tests under TSan."""
    _run(context, report, pattern, "tsan", "thread", ("stress",), TSAN)
