# SPDX-License-Identifier: MIT
"""How much the property tests try, and what happens where Hypothesis is missing.

FERRULE_EXAMPLES multiplies the number of examples; FERRULE_SEED=random explores anew
instead of repeating the pinned examples.
"""

import os
import unittest
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
# Else Hypothesis leaves a folder wherever it is started.
os.environ.setdefault(
    "HYPOTHESIS_STORAGE_DIRECTORY", str(CACHE / "ferrule" / "hypothesis")
)

try:
    import hypothesis
except ImportError as error:
    reason = f"no Hypothesis ({error}): no network and a cold cache?"
    raise unittest.SkipTest(reason) from None

FACTOR = float(os.environ.get("FERRULE_EXAMPLES", "1"))


def examples(number):
    """Settings, or a decorator: so many examples, and no deadline."""
    return hypothesis.settings(
        max_examples=max(1, int(number * FACTOR)),
        deadline=None,
        database=None,
        derandomize=os.environ.get("FERRULE_SEED") != "random",
        suppress_health_check=list(hypothesis.HealthCheck),
    )
