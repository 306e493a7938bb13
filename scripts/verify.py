"""Compare the stored workflow runs with what GitHub lists now, run by run. Changes nothing.

    make verify REPO=owner/name SINCE=30d

Each difference is a line on stdout. What was created or changed at GitHub after it was last
looked at is only counted. Exit codes: 0 no difference, 1 failed, 2 wrong usage, 3 no difference
so far, but GitHub's limit or MAX_REQUESTS ended it before it was done, 4 something differs.
"""

import argparse
import os

from command import github, parser, progress, run, say, show, show_json

from telemetry import settings, terminal
from telemetry.database import connect
from telemetry.ingest import Tools, Wanted
from telemetry.migrations import require_schema
from telemetry.prune import horizon
from telemetry.verify import verify


def arguments() -> argparse.Namespace:
    command = parser(__doc__)
    environ = os.environ
    command.add_argument(
        "--repo",
        metavar="OWNER/NAME",
        nargs="+",
        help="repositories (default: TELEMETRY_REPO, else GITHUB_REPOSITORY)",
    )
    command.add_argument(
        "--since",
        default=environ.get("TELEMETRY_SINCE"),
        help="a date, a time with its zone, or an age such as 90d (default: 30 days ago)",
    )
    command.add_argument(
        "--keep",
        default=environ.get("TELEMETRY_KEEP", "6 months"),
        help="what is older is pruned and not compared (default: '6 months')",
    )
    command.add_argument(
        "--concurrency",
        default=environ.get("TELEMETRY_CONCURRENCY", "4"),
        help="requests in flight, 1 to 16 (default: 4)",
    )
    command.add_argument(
        "--max-requests",
        default=environ.get("TELEMETRY_MAX_REQUESTS"),
        help="stop after so many requests (default: when the limit is near)",
    )
    command.add_argument(
        "--wait",
        action="store_true",
        default=settings.flag(environ, "TELEMETRY_WAIT"),
        help="wait for GitHub's rate limit to reset instead of stopping",
    )
    command.add_argument("--json", action="store_true", help="one JSON object on stdout")
    return command.parse_args()


def main() -> int:
    options = arguments()
    named = " ".join(options.repo) if options.repo else None
    repositories = settings.repositories(os.environ, named)
    since = settings.since(options.since) if options.since else None
    concurrency = settings.whole_number(options.concurrency, "CONCURRENCY", 1, 16)
    found = []
    with github(options.wait) as client, connect(os.environ, say) as connection:
        require_schema(connection)
        if options.max_requests:
            most = settings.whole_number(options.max_requests, "MAX_REQUESTS", 1, 10**9)
            client.budget.allow(most)
        wanted = Wanted(since, horizon(connection, options.keep).before)
        tools = Tools(connection, client, wanted, concurrency, notify=say, progress=progress())
        for name in repositories:
            found.append(verify(tools, name))
            if not options.json:
                show(terminal.verification_text(found[-1]))
    if options.json:
        show_json({"schema_version": 1, "repositories": found})
    if not all(each.is_equal for each in found):
        return 4
    return 0 if all(each.is_whole for each in found) else 3


if __name__ == "__main__":
    run(main)
