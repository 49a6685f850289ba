# SPDX-License-Identifier: MIT
"""What turns an agent's folder into packages, opens, checks and installs them.

Frozen in the runtime as `ferrule._installer`; the commands pack, verify and self of the
command line are here, and the second half of every .run file.
"""
