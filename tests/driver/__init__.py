# SPDX-License-Identifier: MIT
"""driver - the parts of tests/run.py: one file for each way to run tests."""
