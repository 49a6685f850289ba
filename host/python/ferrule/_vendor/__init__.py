# SPDX-License-Identifier: MIT
"""Libraries that Ferrule carries for its own use; not for agents."""
