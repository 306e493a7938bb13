"""Answer one of the ready questions in sql/analysis/ from the database, or list them all.

    make queries
    make query Q=flaky_jobs
    make query Q=flaky_jobs FORMAT=csv > flaky_jobs.csv

As CSV, control characters in names become U+FFFD, and text that a spreadsheet would run as a
formula begins with an apostrophe; --json changes nothing.
Exit codes: 0 fine, 1 failed, 2 wrong usage.
"""

import os

from command import parser, run
from output import say, screen, show, show_json

from telemetry import settings
from telemetry.database.connection import connect
from telemetry.database.migrations import require_schema
from telemetry.database.questions import ask, questions
from telemetry.summaries import answer_text, csv_text, questions_text


def main() -> int:
    command = parser(__doc__)
    command.add_argument(
        "question",
        nargs="?",
        default=os.environ.get("TELEMETRY_Q"),
        help="a question's name, such as flaky_jobs (default: list them)",
    )
    command.add_argument("--list", action="store_true", help="list the questions")
    command.add_argument(
        "--format",
        default=os.environ.get("TELEMETRY_FORMAT", "text"),
        help="text, csv or json (default: text)",
    )
    command.add_argument(
        "--csv", dest="format", action="store_const", const="csv", help="the same as --format csv"
    )
    command.add_argument(
        "--json", dest="format", action="store_const", const="json", help="one JSON object"
    )
    options = command.parse_args()
    settings.choice(options.format, "FORMAT", ("text", "csv", "json"))
    if options.list or not options.question:
        return _list(options.format)
    with connect(os.environ, say) as connection:
        require_schema(connection)
        answer = ask(connection, options.question)
    if options.format == "json":
        show_json({"schema_version": 1, **vars(answer)})
    elif options.format == "csv":
        show(csv_text(answer))
    else:
        show(answer_text(answer, screen()))
    return 0


def _list(form: str) -> int:
    if form == "json":
        show_json({"schema_version": 1, "questions": questions()})
    else:
        show(questions_text(questions(), screen()))
    return 0


if __name__ == "__main__":
    run(main)
