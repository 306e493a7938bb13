"""Compare the stored workflow runs with what GitHub lists now, run by run. Changes nothing.

    make verify REPO=owner/name SINCE=30d

Each difference is a line on stdout. What was created or changed at GitHub after it was last
looked at is only counted. Exit codes: 0 no difference, 1 failed, 2 wrong usage, 3 no difference
so far, but GitHub's limit or MAX_REQUESTS ended it before it was done, 4 something differs.
"""

from command import github, parse, run

import os

from options.github import chosen
from output import progress, say, show, show_json

from telemetry.database.connection import connect
from telemetry.database.migrations import require_schema
from telemetry.database.retention import horizon, stored
from telemetry.runs.request import Tools, Wanted
from telemetry.runs.verify import verify
from telemetry.summaries import verification_text


def main() -> int:
    options = parse(__doc__, "verify")
    choice = chosen(options, "verify")
    found = []
    with github(options.wait) as client, connect(os.environ, say) as connection:
        require_schema(connection)
        client.allow(choice.max_requests)
        wanted = Wanted(choice.since, horizon(connection, stored(connection)).before)
        tools = Tools(
            connection, client, wanted, choice.concurrency, notify=say, progress=progress()
        )
        for name in choice.repositories:
            found.append(verify(tools, name))
            if not options.json:
                show(verification_text(found[-1]))
    if options.json:
        show_json({"schema_version": 1, "repositories": found})
    if not all(each.is_equal for each in found):
        return 4
    return 0 if all(each.is_whole for each in found) else 3


if __name__ == "__main__":
    run(main)
