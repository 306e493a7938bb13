"""Compare the stored workflow runs with what GitHub has now, run by run. Changes nothing.

    make verify REPO=owner/name SINCE=30d
    make verify REPO=owner/name SAMPLE=50

Each difference is a line on stdout. Changes at GitHub after a run was last listed are only counted.
JOBS=1 also compares jobs, steps and earlier attempts, which takes at least one request a run.
SAMPLE=50 does so for 50 runs drawn at random, different ones each day.

Exit codes: 0 no difference, 1 failed, 2 wrong usage, 3 no difference so far, but not everything
could be compared, 4 something differs.
"""

from command import parse, run

import os

from client import github
from connections import database
from options.github import chosen_repositories
from output import progress, say, show_json, show_sentences

from telemetry.database.retention import horizon, stored
from telemetry.github.errors import NotFound
from telemetry.runs.request import Tools, Wanted
from telemetry.runs.verification.verify import NeverIngested, verify
from telemetry.settings import UsageError
from telemetry.summaries.verification import verification_text


def main() -> int:
    options = parse(__doc__, "verify")
    repositories = chosen_repositories(options.repo, os.environ, "verify")
    if options.sample and "jobs" in options.given and not options.jobs:
        raise UsageError(
            f"SAMPLE={options.sample} compares jobs, and JOBS=0 leaves them out; give one of them"
        )
    found, failed = [], False
    with github(options.wait) as client, database(is_patient=True) as connection:
        client.allow(options.max_requests)
        wanted = Wanted(options.since, horizon(connection, stored(connection)).before)
        tools = Tools(
            connection, client, wanted, options.concurrency, notify=say, progress=progress()
        )
        jobs_of = options.sample or (None if options.jobs else 0)
        for name in repositories:
            try:
                found.append(verify(tools, name, jobs_of))
            except (NotFound, NeverIngested) as error:  # the others can be compared
                say(f"error: {error}")
                failed = True
                continue
            if not options.json:
                show_sentences(verification_text(found[-1]))
    if options.json:
        show_json(repositories=found)
    if not all(each.is_equal for each in found):
        return 4
    if failed:
        return 1
    return 0 if all(each.is_whole for each in found) else 3


if __name__ == "__main__":
    run(main)
