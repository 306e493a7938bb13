"""Print `run-id=…` of the newest scheduled run whose dump GitHub still keeps, or nothing.

    make find-dump

For the workflow, which downloads that dump: the line goes to $GITHUB_OUTPUT too, when it is set.
Exit codes: 0 done, also when there is none, 1 failed, 2 wrong usage.
"""

from command import github, parse, run

import os
from pathlib import Path

from options.github import chosen_repositories
from output import say, show

from telemetry.github.artifacts import find_dump

WORKFLOW = "telemetry.yml"


def main() -> int:
    options = parse(__doc__, "find_dump")
    # The dump lies where the workflow runs, whichever repositories it ingests.
    here = os.environ.get("GITHUB_REPOSITORY")
    repository = here or chosen_repositories(options.repo, os.environ, "find-dump")[0]
    with github() as client:
        run_id = find_dump(client, repository, WORKFLOW)
    if run_id is None:
        say(f"{repository}: no run of {WORKFLOW} left a dump that GitHub still keeps")
        return 0
    line = f"run-id={run_id}"
    show(line)
    if os.environ.get("GITHUB_OUTPUT"):
        with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as output:
            output.write(f"{line}\n")
    return 0


if __name__ == "__main__":
    run(main)
