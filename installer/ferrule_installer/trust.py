# SPDX-License-Identifier: MIT
"""trust - signatures of packages, and the publishers' keys seen before."""


def check_before_use(path, index):
    pass
