# SPDX-License-Identifier: MIT
"""replay - what would a cache and a guard do for recorded tool calls?

Run it with `ferrule run agents/replay --help`.
"""

import sys

from command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
