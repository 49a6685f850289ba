# SPDX-License-Identifier: MIT
"""parity - the native modules against pure-Python twins on identical payloads.

The twins (reference_*.py) are short enough to be right by reading. The tests beside
this folder (test_parity_*.py) feed both the same input and compare what comes out.
"""
