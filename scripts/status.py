"""Show what the database holds and how fresh it is. Sends no request to GitHub.

    make status
    make status REPO=owner/name              one repository with its proof
    make status MAX_AGE=12h                  fail if the last complete ingest is older
    make status LEAVING=0                    fail if more runs than that are about to be lost

Exit codes: 0 done, 1 failed, 2 wrong usage, 4 a repository's last complete ingest is older than
MAX_AGE, or GitHub deletes more than LEAVING runs within 7 days that are not stored completely.
"""

from command import parse, run

from datetime import UTC, datetime

from connections import database
from output import say, screen, show_json, show_pages

from telemetry import counted, first_of, settings
from telemetry.database.concerns import MOST_NAMED
from telemetry.database.status import status
from telemetry.summaries.status import status_text
from telemetry.terminal import PAPER, code_block


def main() -> int:
    options = parse(__doc__, "status")
    max_age = options.max_age and options.max_age.up_to(datetime.now(UTC))
    with database() as connection:
        names = settings.repositories(options.repo, are_stored=True)
        found = status(connection, max_age, names=names)
    if options.format == "json":
        show_json(**vars(found))
    else:
        is_markdown = options.format == "markdown"
        text = status_text(found, PAPER if is_markdown else screen(), is_whole=options.all)
        show_pages(code_block(text) if is_markdown else text)
    if found.too_old:
        say(f"older than {options.max_age}: {first_of(found.too_old, MOST_NAMED)}")
    leaving = sum(row["leaving_runs"] for row in found.leaving)
    is_leaving = options.leaving is not None and leaving > options.leaving
    if is_leaving:
        losing = first_of(
            [row["repository"] for row in found.leaving if row["leaving_runs"]], MOST_NAMED
        )
        runs = counted(leaving, "run")
        say(f"more than LEAVING={options.leaving}: GitHub deletes {runs} of {losing}")
    return 4 if found.too_old or is_leaving else 0


if __name__ == "__main__":
    run(main)
