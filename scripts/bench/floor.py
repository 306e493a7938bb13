"""The minimal program that `make bench` compares with: fetch the pages or read a log, and parse.

It requests the same pages as an ingest over as many keep-alive connections, also compressed, and
stores nothing. It does not handle faults, limits or changes.
"""

import argparse
import gzip
import json
import re
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

HEADERS = {"Accept-Encoding": "gzip", "Authorization": "Bearer token", "User-Agent": "floor"}
NEXT = re.compile(r'<https?://[^/]+(/[^>]*)page=2>; rel="next"')


def fetch_runs(
    url: str,
    repositories: Sequence[str],
    concurrency: int,
    *,
    jobs: bool = False,
    described: bool = False,
) -> int:
    """Read all runs of these "owner/name"; return the number of runs.

    With `jobs` also all their jobs, with `described` the repository itself and its workflows. The
    requests of a single repository run in parallel; of several repositories, those of each are
    sent one after another. `url` is the API's, http only. Raises the errors of http.client and
    json for an unexpected answer.
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

    def read(repository: str, many: Callable[..., Iterable[Any]]) -> int:
        path = f"{place.path}/repos/{repository}"
        if described:
            get(path)
            get(f"{path}/actions/workflows?per_page=100")
        runs = f"{path}/actions/runs"
        payload, following = get(f"{runs}?exclude_pull_requests=true&per_page=100")
        found = [run["id"] for run in payload["workflow_runs"]]
        for more in many(ids, [f"{following}page={page}" for page in _further(payload)]):
            found += more

        def read_jobs(run_id: int) -> None:
            payload, following = get(f"{runs}/{run_id}/jobs?filter=all&per_page=100")
            for page in _further(payload) if following else ():
                get(f"{following}page={page}")

        if jobs:
            for _ in many(read_jobs, found):
                pass
        return len(found)

    with ThreadPoolExecutor(concurrency) as pool:
        if len(repositories) == 1:
            return read(repositories[0], pool.map)
        return sum(pool.map(lambda repository: read(repository, map), repositories))


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
    parser.add_argument("repositories", nargs="+", help="owner/name")
    parser.add_argument("--concurrency", type=int, default=1, help="requests in flight")
    parser.add_argument("--described", action="store_true", help="names and workflows, too")
    parser.add_argument("--jobs", action="store_true", help="the jobs of each run, too")
    options = parser.parse_args()
    runs = fetch_runs(
        options.url,
        options.repositories,
        options.concurrency,
        jobs=options.jobs,
        described=options.described,
    )
    print(runs)


if __name__ == "__main__":
    main()
