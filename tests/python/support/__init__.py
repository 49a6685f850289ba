# SPDX-License-Identifier: MIT
"""support - what several tests of the modules and agents need."""
