"""`python -m mixbot.store.migrations "Say what changes"` writes the next revision.

It compares the tables of `schema.py` with what the revisions lead to so far. Read what it wrote,
and raise `HEAD` in `schema.py`.
"""

from __future__ import annotations

import sys

from mixbot.store.migrations import write

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    write(sys.argv[1])
