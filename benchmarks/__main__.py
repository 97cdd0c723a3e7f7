"""`python -m benchmarks NAME` measures, and prints the table for benchmarks/README.md."""

import importlib
import sys

BENCHMARKS = ("bot", "client")


def main() -> None:
    match sys.argv[1:]:
        case [name] | [name, "--quick"] if name in BENCHMARKS:
            importlib.import_module(f"benchmarks.{name}").main()
        case _:
            names = "|".join(BENCHMARKS)
            print(f"usage: python -m benchmarks {names} [--quick]", file=sys.stderr)
            sys.exit(2)


main()
