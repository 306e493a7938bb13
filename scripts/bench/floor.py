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
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

HEADERS = {"Accept-Encoding": "gzip", "Authorization": "Bearer token", "User-Agent": "floor"}
HUNDRED = "&per_page=100"
NEXT = re.compile(r'<https?://[^/]+(/[^>]*)page=2>; rel="next"')


@dataclass(frozen=True)
class Reader:
    """Reads repositories over HTTP, not https: their runs, and more on request.

    `jobs` adds the jobs of all runs, `described` the repository itself and its workflows.
    """

    url: str
    jobs: bool = False
    described: bool = False
    own: threading.local = field(default_factory=threading.local)

    def read_all(self, repositories: Sequence[str], concurrency: int) -> int:
        """Read these "owner/name"; return the number of runs.

        The requests of a single repository run in parallel; of several repositories, those of each
        are sent one after another. Raises the errors of http.client and json for an unexpected
        answer.
        """
        with ThreadPoolExecutor(concurrency) as pool:
            if len(repositories) == 1:
                return self._read(repositories[0], pool.map)
            return sum(pool.map(lambda repository: self._read(repository, map), repositories))

    def _read(self, repository: str, many: Callable[..., Iterable[Any]]) -> int:
        path = f"{urlsplit(self.url).path}/repos/{repository}"
        if self.described:
            self._get(path)
            self._get(f"{path}/actions/workflows?per_page=100")
        payload, following = self._get(f"{path}/actions/runs?exclude_pull_requests=true{HUNDRED}")
        found = _ids(payload)
        for more in many(self._read_ids, _further(payload, following)):
            found += more
        if self.jobs:
            for _ in many(self._read_jobs, [f"{path}/actions/runs/{run}/jobs" for run in found]):
                pass
        return len(found)

    def _read_ids(self, target: str) -> list[int]:
        return _ids(self._get(target)[0])

    def _read_jobs(self, path: str) -> None:
        payload, following = self._get(f"{path}?filter=all{HUNDRED}")
        for page in _further(payload, following):
            self._get(page)

    def _get(self, target: str) -> tuple[Any, str | None]:
        """Return the answer, and the common beginning of the paths of its next pages."""
        if not hasattr(self.own, "connection"):
            self.own.connection = HTTPConnection(urlsplit(self.url).netloc)
        self.own.connection.request("GET", target, headers=HEADERS)
        response = self.own.connection.getresponse()
        payload = json.loads(gzip.decompress(response.read()))
        following = NEXT.search(response.headers.get("link", ""))
        return payload, following and following[1]


def _ids(page: Any) -> list[int]:
    return [run["id"] for run in page["workflow_runs"]]


def _further(payload: Any, following: str | None) -> list[str]:
    """Return the targets of a list's pages after the first."""
    pages = range(2, -(-payload["total_count"] // 100) + 1) if following else ()
    return [f"{following}page={page}" for page in pages]


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
    reader = Reader(options.url, options.jobs, options.described)
    print(reader.read_all(options.repositories, options.concurrency))


if __name__ == "__main__":
    main()
