"""Print `run-id=…` of the newest dump that a scheduled workflow left on GitHub, or nothing.

    make find-dump REPO=owner/name WORKFLOW=telemetry.yml

In a GitHub workflow, WORKFLOW is that workflow, the line becomes an output of the step, and the
loss of an earlier dump becomes a warning.
Exit codes: 0 done, also if there is no dump, 1 failed, 2 wrong usage.
"""

from command import parse, run

import os
from datetime import datetime

from client import github
from options.dumps import chosen_workflow
from output import say, set_outputs, show, warn

from telemetry import counted
from telemetry.github.artifacts import Dump, deleted_runs, find_dump, last_success, list_dumps

LOST = (
    "all that GitHub still has is fetched again, and what GitHub has deleted since then is lost. "
    "DATABASE_URL names a database that does not expire"
)


def main() -> int:
    options = parse(__doc__, "find_dump")
    repository, workflow = chosen_workflow(options, os.environ, "find-dump")
    with github() as client:
        dumps = list_dumps(client, repository)
        alive = [dump for dump in dumps if not dump.is_expired]
        found = find_dump(client, repository, workflow, alive)
        before = None if found else last_success(client, repository, workflow)
        gone = [dump for dump in dumps if dump.is_expired] if before else []
        expired = find_dump(client, repository, workflow, gone)
        deleted = 0
        number = os.environ.get("GITHUB_RUN_NUMBER", "")  # from 1, and never given twice
        if number.isdecimal() and not (found or before or options.workflow):
            deleted = deleted_runs(client, repository, workflow, int(number))
    if found:
        show(f"run-id={found.run_id}")
        set_outputs(run_id=found.run_id)
        return 0
    say(f"{repository}: GitHub has no dump from a run of {workflow}")
    if before:
        warn(lost_text(workflow, before, expired))
    elif deleted:
        runs = counted(deleted, "earlier run")
        warn(f"GitHub has deleted {runs} of {workflow}, and any database that they left; {LOST}")
    return 0


def lost_text(workflow: str, before: datetime, expired: Dump | None) -> str:
    """Return what happened to the dump of an earlier run, and what that means."""
    how = "its dump was never uploaded, or was deleted"
    if expired and expired.expires_at:
        how = f"it expired on {expired.expires_at:%Y-%m-%d}"
    return (
        f"the database of the earlier runs of {workflow}, the last of {before:%Y-%m-%d}, is gone: "
        f"{how}; {LOST}"
    )


if __name__ == "__main__":
    run(main)
