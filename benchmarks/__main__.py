"""`python -m benchmarks NAME` measures, and prints the table for benchmarks/README.md."""

import importlib
import sys

BENCHMARKS = ("client",)


def main() -> None:
    match sys.argv[1:]:
        case [name] if name in BENCHMARKS:
            importlib.import_module(f"benchmarks.{name}").main()
        case _:
            print(f"usage: python -m benchmarks {'|'.join(BENCHMARKS)}", file=sys.stderr)
            sys.exit(2)


main()
