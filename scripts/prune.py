"""Delete what is older than is to be kept: runs by their creation, LLM calls by their time.

    make prune KEEP="6 months"
    make prune KEEP="6 months" DRY_RUN=1

Exit codes: 0 done, 1 failed or refused because clocks disagree, 2 wrong usage.
"""

import os
from datetime import UTC, datetime

from command import parser, run
from output import progress, say, show, show_json

from telemetry import settings
from telemetry.database.connection import connect, describe
from telemetry.database.migrations import require_schema
from telemetry.database.prune import prune
from telemetry.summaries import pruned_text


def main() -> int:
    command = parser(__doc__)
    command.add_argument(
        "--keep",
        default=os.environ.get("TELEMETRY_KEEP", "6 months"),
        help="an interval of PostgreSQL's (default: '6 months')",
    )
    command.add_argument(
        "--dry-run",
        action="store_true",
        default=settings.flag(os.environ, "TELEMETRY_DRY_RUN"),
        help="only count",
    )
    command.add_argument("--json", action="store_true", help="one JSON object on stdout")
    options = command.parse_args()
    with connect(os.environ, say) as connection:
        require_schema(connection)
        say(f"in {describe(connection)}")
        pruned = prune(
            connection,
            options.keep,
            local_time=datetime.now(UTC),
            dry_run=options.dry_run,
            progress=progress(),
        )
    if options.json:
        show_json({"schema_version": 1, "dry_run": options.dry_run, "pruned": pruned})
    else:
        show(pruned_text(pruned, options.dry_run))
    return 0


if __name__ == "__main__":
    run(main)
