"""Say what the database holds and how fresh it is. Asks GitHub nothing.

    make status
    make status MAX_AGE=12h

Exit codes: 0 fine, 1 failed, 2 wrong usage, 4 a repository's last complete ingest is older than
MAX_AGE.
"""

import os
from datetime import UTC, datetime

from command import parser, run
from output import say, screen, show, show_json

from telemetry import settings
from telemetry.database.connection import connect
from telemetry.database.migrations import require_schema
from telemetry.database.status import status
from telemetry.summaries import status_text
from telemetry.terminal import PAPER, code_block


def main() -> int:
    command = parser(__doc__)
    command.add_argument(
        "--max-age",
        default=os.environ.get("TELEMETRY_MAX_AGE"),
        help="exit with 4 when the last complete ingest is older, such as 12h",
    )
    command.add_argument(
        "--format",
        default=os.environ.get("TELEMETRY_FORMAT", "text"),
        help="text, or markdown for a GitHub Actions job summary (default: text)",
    )
    command.add_argument("--json", action="store_true", help="one JSON object on stdout")
    options = command.parse_args()
    settings.choice(options.format, "FORMAT", ("text", "markdown"))
    max_age = None
    if options.max_age:
        max_age = settings.age(options.max_age, "MAX_AGE").up_to(datetime.now(UTC))
    with connect(os.environ, say) as connection:
        require_schema(connection)
        found = status(connection, max_age)
    if options.json:
        show_json({"schema_version": 1, **vars(found)})
    else:
        is_markdown = options.format == "markdown"
        text = status_text(found, PAPER if is_markdown else screen())
        show(code_block(text) if is_markdown else text)
    if found.too_old:
        say(f"older than {options.max_age}: {', '.join(found.too_old)}")
        return 4
    return 0


if __name__ == "__main__":
    run(main)
