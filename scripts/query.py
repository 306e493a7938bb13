"""Answer one of the questions in sql/analysis/ from the database, or list them all.

    make queries
    make query Q=flaky_jobs
    make query Q=flaky_jobs REPO=owner/name SINCE=90d TOP=5
    make query Q=flaky_jobs FORMAT=csv > flaky_jobs.csv

If jobs are still to be fetched, an answer about jobs says how many attempts it covers, on stderr
and in JSON as "coverage"; repositories of which it covers less than half are left out. It also says
which part of the period is not listed, and compares no period with one that was not listed.
In CSV, the last two columns of an answer about jobs say how many attempts it covers, of how many.
On a terminal, an answer longer than the screen is shown in the pager of PAGER, else in less.
In CSV, control characters in names become U+FFFD, and text that a spreadsheet would run as a
formula begins with an apostrophe; JSON is unchanged.
Exit codes: 0 done, 1 failed, 2 wrong usage.
"""

from command import parse, run

from answers import covered, scope_of, show_answer
from connections import database
from output import screen, show, show_json, show_pages

from telemetry.database.questions import ask, questions
from telemetry.summaries.answers import questions_csv, questions_text


def main() -> int:
    options = parse(__doc__, "query")
    if options.list or not options.question:
        return _list(options.format)
    with database() as connection:
        asked = ask(connection, options.question, scope_of(connection, options))
        answer = covered(connection, asked)
    show_answer(answer, options.format)
    return 0


def _list(form: str) -> int:
    if form == "json":
        show_json(questions=questions())
    elif form == "csv":
        show(questions_csv(questions()))
    else:
        show_pages(questions_text(questions(), screen()))
    return 0


if __name__ == "__main__":
    run(main)
