"""How the figures of a page are computed: the SQL of each question, folded."""

from collections.abc import Sequence

from telemetry.database.questions import pasteable
from telemetry.installation import typed
from telemetry.report.data import Report, RepositoryReport
from telemetry.report.figures import minute
from telemetry.report.formats.markup import Html, join, tag
from telemetry.report.formats.page import program, section
from telemetry.report.reading import COSTLY_QUESTIONS, LONG_QUESTIONS, QUESTIONS

COMPUTED = "computed"


def method(report: Report, repositories: Sequence[RepositoryReport]) -> Html:
    """Return what the repositories of a page share: the SQL of each figure about them, folded."""
    scope = report.period.scope([each.repository_id for each in repositories])
    texts = {name: pasteable(name, scope) for name in ("totals", *QUESTIONS)}
    return join(
        section(
            COMPUTED,
            "How this is computed",
            tag(
                "p",
                "Each figure is defined once, by a view (sql/views/, whose comments define the "
                "terms), and computed by one of these questions in sql/analysis/. You can paste "
                "them into psql unchanged; they have the period of this page. Rates count decided "
                "runs only: success, failure, timed_out and startup_failure, but not cancelled or "
                "skipped. Changes compare like with like. A change is called better or worse if "
                "that is wrong at most once in a hundred times (trend).",
            ),
            [
                tag("details", tag("summary", f"{name}: {_first_line(text)}"), program(text))
                for name, text in texts.items()
            ],
            tag(
                "p",
                "Longer statements are not shown here; ",
                tag("code", typed("query Q=…")),
                " answers them: ",
                [tag("code", f"{name} ") for name in (*LONG_QUESTIONS, *COSTLY_QUESTIONS)],
            ),
        ),
        footer(report),
    )


def footer(report: Report) -> Html:
    """Return when the report was made."""
    return tag(
        "footer",
        tag("p", f"Made at {minute(report.now)} {report.period.time_zone} by actions-telemetry."),
    )


def _first_line(text: str) -> str:
    return text.partition("\n")[0].removeprefix("-- ")
