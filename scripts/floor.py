"""Fetch and parse a repository's runs, and store nothing: what `make bench` measures against.

Prints how many runs there are.
"""

import argparse

from telemetry.floor import fetch_runs


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("url", help="the API, http only")
    parser.add_argument("repository", help="owner/name")
    parser.add_argument("concurrency", type=int, help="requests in flight")
    parser.add_argument("--jobs", action="store_true", help="the jobs of each run, too")
    options = parser.parse_args()
    print(fetch_runs(options.url, options.repository, options.concurrency, jobs=options.jobs))


if __name__ == "__main__":
    main()
