"""Write what there is to know about the stored runs: one HTML file, or Markdown.

    make report                              report.html, of the last 30 days
    make report SINCE=90d OUT=reports        an overview and a page for each repository
    make report FORMAT=markdown              on stdout, for a GitHub Actions job summary

Reads the database only. NOW sets the moment that the report is made for, in place of the present
one: the same database and the same NOW make the same report. Exit codes: 0 done, 1 failed,
2 wrong usage.
"""

import os
from datetime import UTC, datetime
from pathlib import Path

from command import parser, run
from output import say, show

from telemetry import settings
from telemetry.database.connection import connect
from telemetry.database.migrations import require_schema
from telemetry.report.data import Report, period, report
from telemetry.report.html_report import one_page, pages
from telemetry.report.markdown_report import summary
from telemetry.terminal import counted

FILE = "report.html"


def main() -> int:
    command = parser(__doc__)
    environ = os.environ
    command.add_argument(
        "--repo",
        default=environ.get("TELEMETRY_REPO"),
        help="which repositories, separated by spaces (default: all in the database)",
    )
    command.add_argument(
        "--since",
        default=environ.get("TELEMETRY_SINCE", "30d"),
        help="a date, a time with its zone, or an age such as 90d (default: 30d)",
    )
    command.add_argument(
        "--now", default=environ.get("TELEMETRY_NOW"), help="a date or a time with its zone"
    )
    command.add_argument(
        "--format", default=environ.get("TELEMETRY_FORMAT", "html"), help="html or markdown"
    )
    command.add_argument(
        "--out",
        default=environ.get("TELEMETRY_OUT"),
        help=f"a file, or a folder for a page for each repository (default: {FILE})",
    )
    options = command.parse_args()
    settings.choice(options.format, "FORMAT", ("html", "markdown"))
    now = settings.moment(options.now, "NOW") if options.now else datetime.now(UTC)
    given = settings.since(options.since)
    if given == "all":
        raise settings.UsageError("SINCE: a report takes a date or an age such as 400d, not all")
    since = given.up_to(now) if isinstance(given, settings.Length) else given
    names = settings.repositories({}, options.repo) if options.repo else []
    with connect(environ, say) as connection:
        require_schema(connection)
        found = report(connection, period(since, now), now, names)
    if options.format == "markdown" and not options.out:
        show(summary(found).rstrip("\n"))
        return 0
    _write(found, options.format, Path(options.out or FILE))
    return 0


def _write(found: Report, form: str, out: Path) -> None:
    """Write one file, or a folder of them where `out` is not the name of a document."""
    texts = {out: summary(found) if form == "markdown" else one_page(found)}
    if form == "html" and out.suffix not in (".html", ".htm"):
        out.mkdir(parents=True, exist_ok=True)
        texts = {out / name: text for name, text in pages(found).items()}
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    say(f"written: {out}, {counted(len(texts), 'file')}")


if __name__ == "__main__":
    run(main)
