"""`python -m benchmarks NAME` measures, and prints the table for benchmarks/README.md."""

import importlib
import sys

BENCHMARKS = {"bot": "bot", "bot growth": "growth", "client": "client", "soak": "soak"}


def main() -> None:
    name = " ".join(one for one in sys.argv[1:] if one != "--quick")
    if name not in BENCHMARKS:
        names = "|".join(BENCHMARKS)
        print(f"usage: python -m benchmarks {names} [--quick]", file=sys.stderr)
        sys.exit(2)
    importlib.import_module(f"benchmarks.{BENCHMARKS[name]}").main()


main()
