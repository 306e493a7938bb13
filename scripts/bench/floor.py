"""The minimal program that `make bench` compares with: fetch the pages or read a log, and parse.

It requests the same pages as an ingest over as many keep-alive connections, also compressed, and
stores nothing. It does not handle faults, limits or changes.
"""

import argparse
import gzip
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

HEADERS = {"Accept-Encoding": "gzip", "Authorization": "Bearer token", "User-Agent": "floor"}
NEXT = re.compile(r'<https?://[^/]+(/[^>]*)page=2>; rel="next"')


def fetch_runs(url: str, repository: str, concurrency: int, *, jobs: bool = False) -> int:
    """Read all runs of "owner/name", with `jobs` also all their jobs; return the number of runs.

    `url` is the API's, http only. Raises the errors of http.client and json for an unexpected
    answer.
    """
    place = urlsplit(url)
    own = threading.local()

    def get(target: str) -> tuple[Any, str | None]:
        """Return the answer, and the common beginning of the paths of its next pages."""
        if not hasattr(own, "connection"):
            own.connection = HTTPConnection(place.netloc)
        own.connection.request("GET", target, headers=HEADERS)
        response = own.connection.getresponse()
        payload = json.loads(gzip.decompress(response.read()))
        following = NEXT.search(response.headers.get("link", ""))
        return payload, following and following[1]

    def ids(target: str) -> list[int]:
        return [run["id"] for run in get(target)[0]["workflow_runs"]]

    def read_jobs(run_id: int) -> None:
        payload, following = get(f"{path}/{run_id}/jobs?filter=all&per_page=100")
        for page in _further(payload) if following else ():
            get(f"{following}page={page}")

    path = f"{place.path}/repos/{repository}/actions/runs"
    with ThreadPoolExecutor(concurrency) as pool:
        payload, following = get(f"{path}?exclude_pull_requests=true&per_page=100")
        found = [run["id"] for run in payload["workflow_runs"]]
        for more in pool.map(ids, [f"{following}page={page}" for page in _further(payload)]):
            found += more
        if jobs:
            for _ in pool.map(read_jobs, found):
                pass
    return len(found)


def parse_lines(file: Path) -> int:
    """Parse each line of a file as JSON; return the number of lines.

    Raises OSError and ValueError.
    """
    lines = 0
    with file.open(encoding="utf-8") as stream:
        for line in stream:
            json.loads(line)
            lines += 1
    return lines


def _further(payload: Any) -> range:
    """Return the numbers of a list's pages after the first."""
    return range(2, -(-payload["total_count"] // 100) + 1)


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
