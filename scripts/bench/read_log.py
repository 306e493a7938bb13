"""Read the calls in a log, or only parse its lines, for `make bench`. Stores nothing.

Prints their number.
"""

import argparse
from pathlib import Path

from bench.floor import parse_lines
from telemetry.llm.formats.readers import Defaults
from telemetry.llm.logs import read_calls


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path, help="JSON, one value a line")
    parser.add_argument("--calls", action="store_true", help="read the calls in the lines")
    options = parser.parse_args()
    if options.calls:
        print(sum(1 for _ in read_calls(options.file, Defaults())))
    else:
        print(parse_lines(options.file))


if __name__ == "__main__":
    main()
