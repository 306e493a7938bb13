"""Print a line for each run that ends, and store it: workflow, branch, outcome, time and cost.

    make watch REPO=owner/name
    make watch REPO="owner/a owner/b" EVERY=60
    make watch REPO=owner/name FORMAT=json | jq .conclusion

It requests the list of runs every 15 seconds with a personal token, for which an unchanged list
costs nothing; with the token of a workflow or an App every 60 seconds, and without one every two
minutes for each repository. EVERY changes that. Every 15 minutes it ingests the repository as make
ingest does, with at most 100 requests and half of those that are left; the first time, run make
ingest, which has no such limit. A duration is shown with the median of the workflow's successful
runs of 30 days. It continues after faults of GitHub and of the database, and ends with Ctrl-C. With
FORMAT=json each line is an object.
Exit codes: 0 ended by Ctrl-C, 1 failed, 2 wrong usage.
"""

from command import parse, run

import os
import time
from argparse import Namespace
from datetime import UTC
from typing import Any

from client import github
from connections import migrated_database
from options.github import chosen_repositories
from output import json_text, say, show

from telemetry import settings
from telemetry.database.prices import load_name_kinds, load_runner_prices
from telemetry.database.retention import BEGINNING
from telemetry.runs.live import Watch, usual_pace
from telemetry.runs.request import Tools, Wanted
from telemetry.summaries.live import ended_line, watched_text


def main() -> int:
    options = parse(__doc__, "watch")
    names = chosen_repositories(options.repo, os.environ, "watch")
    pace = usual_pace(settings.token(os.environ)[0], len(names))
    seconds = options.every or pace.seconds
    began, ended = time.monotonic(), 0
    with github() as client, migrated_database() as connection:
        load_runner_prices(connection, options.runner_prices, options.runner_labels)
        load_name_kinds(connection, options.name_kinds)
        tools = Tools(connection, client, Wanted(None, BEGINNING), notify=say)
        say(f"watching {', '.join(names)} every {seconds:.0f} seconds: {pace.cost}")
        try:
            for rows in Watch(tools, names, seconds, sleep=time.sleep).rounds():
                ended += len(rows)
                for row in rows:
                    _print(row, options, len(names))
        except KeyboardInterrupt:
            took = time.monotonic() - began
            say(watched_text(took, ended, client.requests, client.not_modified))
    return 0


def _print(row: dict[str, Any], options: Namespace, repositories: int) -> None:
    if options.format == "json":
        show(json_text(row, indent=None))
    else:
        show(ended_line(row, options.time_zone or UTC, is_one_of_many=repositories > 1))


if __name__ == "__main__":
    run(main)
