"""Write a report on the stored runs: one HTML file, Markdown or JSON.

    make report                              report.html, of the last 30 days
    make report SINCE=90d OUT=reports        an overview and a page for each repository
    make report FORMAT=markdown              on stdout, for a GitHub Actions job summary
    make report FORMAT=json                  on stdout, the findings as data

Reads only the database. NOW sets the end of the period: the same database and the same NOW give
the same report. In a GitHub workflow the step has the outputs report-path and report-is-folder, and
with FORMAT=json findings, findings-path and red-workflows.
Exit codes: 0 done, 1 failed, 2 wrong usage.
"""

from command import parse, run

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from answers import period_since
from connections import database
from output import json_text, progress, say, set_outputs, show

from telemetry import counted, settings
from telemetry.database.connection import Connection
from telemetry.database.questions import find_repositories
from telemetry.report.data import Report
from telemetry.report.formats.html_report import one_page, pages
from telemetry.report.formats.json_report import as_data
from telemetry.report.formats.markdown_report import summary
from telemetry.report.formats.page import POLICY
from telemetry.report.reading import report
from telemetry.times import in_zone
from telemetry.whole_files import write_whole

FILE = "report.html"
# Linux passes at most 128 KiB in one variable, which may take more bytes than characters.
LONGEST_OUTPUT = 30_000
MOST_RED = 100


def main() -> int:
    options = parse(__doc__, "report")
    now = in_zone(options.now or datetime.now(UTC), options.time_zone)
    names = settings.repositories(options.repo, are_stored=True)
    out = Path(options.out or FILE)
    is_printed = options.out == "-" or (options.format != "html" and not options.out)
    if options.format == "html" and not is_printed:
        settings.page_or_folder(str(out), "OUT", ", or set FORMAT=markdown or FORMAT=json")
    with database() as connection:
        of = period_since(connection, options.since, now, _ids(connection, names))
        found = report(connection, of, now, names, progress())
    if options.format == "json":
        _set_findings(as_data(found))
    if is_printed:
        show(_text(found, options.format).rstrip("\n"))
        return 0
    _write(found, options.format, out)
    return 0


def _ids(connection: Connection, names: Sequence[str]) -> list[int] | None:
    found, _ = find_repositories(connection, names)
    return [row["repository_id"] for row in found] if names else None


def _text(found: Report, form: str) -> str:
    """Return the whole report as one text."""
    if form == "json":
        return json_text(as_data(found)) + "\n"
    return summary(found) if form == "markdown" else one_page(found)


def _write(found: Report, form: str, out: Path) -> None:
    """Write one file, or a folder of files if `out` is not the name of a document."""
    is_folder = form == "html" and out.suffix.lower() not in (".html", ".htm")
    if is_folder:
        texts = {out / name: text for name, text in pages(found).items()}
        _keep_others(texts)
    else:
        texts = {out: _text(found, form)}
    for path, text in texts.items():
        write_whole(path, text)
    say(f"wrote {counted(len(texts), 'file')}: {out.resolve()}")
    if form == "html":
        set_outputs(report_path=out.resolve(), report_is_folder=out.is_dir())
    elif form == "json":
        set_outputs(findings_path=out.resolve())


def _keep_others(pages: Iterable[Path]) -> None:
    """Raise UsageError if a page would replace a file that is no report: nobody named it."""
    ours = POLICY.partition(";")[0]  # the part that stays from version to version
    for path in pages:
        if path.exists() and ours not in path.read_text("utf-8", errors="replace"):
            raise settings.UsageError(f"OUT: {path} is there and is no report; name another folder")


def _set_findings(data: dict[str, Any]) -> None:
    """Set the findings, as many as an environment variable can hold, and what is red."""
    kept = list(data["findings"])
    while len(text := json_text(kept, None)) > LONGEST_OUTPUT:
        del kept[-max(1, len(kept) // 10) :]
    red = [
        f"{each['repository']}: {name}"
        for each in data["repositories"]
        for name in each["red_workflows"]
    ]
    set_outputs(findings=text, red_workflows=json_text(red[:MOST_RED], None))


if __name__ == "__main__":
    run(main)
