"""Print `run-id=…` of the newest scheduled run whose dump GitHub still has, or nothing.

    make find-dump

The workflow uses it to download that dump; if $GITHUB_OUTPUT is set, the line goes there too.
Exit codes: 0 done, also if there is no dump, 1 failed, 2 wrong usage.
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
    # The dump is in the repository where the workflow runs, whichever ones it ingests.
    here = os.environ.get("GITHUB_REPOSITORY")
    repository = here or chosen_repositories(options.repo, os.environ, "find-dump")[0]
    with github() as client:
        run_id = find_dump(client, repository, WORKFLOW)
    if run_id is None:
        say(f"{repository}: GitHub has no dump from a run of {WORKFLOW}")
        return 0
    line = f"run-id={run_id}"
    show(line)
    if os.environ.get("GITHUB_OUTPUT"):
        with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as output:
            output.write(f"{line}\n")
    return 0


if __name__ == "__main__":
    run(main)
