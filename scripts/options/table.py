"""Every option of every command: its flag, its variable, its default and what it means.

The scripts' argparse, docs/configuration.md and the test of the Makefile's VARIABLES read this
table. To add an option, add a row here and its variable to the Makefile.
"""

from dataclasses import dataclass

from options.option import Option, name, one_of, whole_number, words
from telemetry import settings, times
from telemetry.installation import COMMAND, DUMP

INGEST = "ingest_workflows"
LLM = "ingest_llm_calls"
DUMPS = "find_dump prune_dumps"
KEPT = "as stored, initially 6 months"
RUN_ID = whole_number(1, 2**63 - 1)

OPTIONS: tuple[Option, ...] = (
    # Which repositories and runs
    Option(
        f"{INGEST} verify watch {DUMPS}",
        "--repo",
        "repositories, separated by spaces",
        shown="GITHUB_REPOSITORY",
        metavar="OWNER/NAME",
        read=words,
    ),
    Option(
        "forget",
        "--repo",
        "the repositories to stop watching, separated by spaces",
        metavar="OWNER/NAME",
        read=words,
    ),
    Option(
        "report query what_if budget bill status check",
        "--repo",
        "only these repositories, separated by spaces",
        shown="all in the database",
        metavar="OWNER/NAME",
        read=words,
    ),
    Option(
        INGEST,
        "--org",
        "all repositories of this organization or user, in addition to REPO",
        metavar="NAME",
        read=settings.owner,
    ),
    Option(
        "bill",
        "--org",
        "fetch the bill of this organization or user for MONTH, with one or two requests",
        metavar="NAME",
        read=settings.owner,
    ),
    Option("bill", "--month", "the month (UTC) to fetch, such as 2026-10", read=times.month),
    Option(
        "bill",
        "--file",
        "a usage report of GitHub to load: a CSV file",
        metavar="PATH",
        read=settings.path,
    ),
    Option(
        "bill",
        "--since",
        "without FILE and MONTH: the loaded days since a date (UTC) or an age such as 90d, or all",
        read=times.since,
        shown="all loaded days",
    ),
    Option(INGEST, "--archived", "include archived repositories of ORG", default=True),
    Option(
        INGEST,
        "--exclude",
        "leave out these repositories of ORG, separated by spaces",
        metavar="OWNER/NAME",
        read=words,
    ),
    Option(
        f"{INGEST} verify",
        "--since",
        "how far back: a date (UTC), a time with its zone, an age such as 90d or '6 months',"
        " or all (as far back as rows are kept)",
        read=times.since,
        shown="30 days ago",
    ),
    Option(
        "report query what_if",
        "--since",
        "the period: since a date (in TIMEZONE), a time with its zone, an age such as 90d, or all"
        " (since the first stored run)",
        default="30d",
        read=times.day_or_since,
    ),
    Option(
        "check",
        "--since",
        "check only runs created and calls made since a date (UTC), a time with its zone, an age"
        " such as 90d, or all",
        default="all",
        read=times.since,
    ),
    Option(
        INGEST,
        "--run-id",
        "ingest only this run of the one repository in REPO; LLM_LOGS are then logs of this run",
        read=RUN_ID,
    ),
    Option(
        LLM, "--run-id", "the workflow run that made the calls", read=RUN_ID, shown="GITHUB_RUN_ID"
    ),
    Option(
        DUMPS,
        "--workflow",
        "the file of the workflow that leaves the dumps, such as telemetry.yml",
        metavar="FILE",
        shown="GITHUB_WORKFLOW_REF",
        read=name,
    ),
    # How to fetch
    Option(
        INGEST,
        "--jobs",
        "also fetch jobs and steps, at the cost of one request a run",
        default=True,
    ),
    Option(
        "verify",
        "--jobs",
        "also compare jobs, steps and earlier attempts, at the cost of at least one request a run",
        default=False,
    ),
    Option(
        "verify",
        "--sample",
        "compare jobs, steps and earlier attempts of only this many runs, drawn at random",
        read=whole_number(1, 10**9),
        shown="all of them with JOBS=1, else none",
        metavar="N",
    ),
    Option(
        INGEST,
        "--full",
        "list again all runs that were ever listed, and retry what was given up or is gone; final "
        "jobs are not fetched again",
        default=False,
    ),
    Option(
        f"{INGEST} verify",
        "--concurrency",
        "requests in flight, 1 to 16",
        default="4",
        read=whole_number(1, 16),
        metavar="N",
    ),
    Option(
        INGEST,
        "--max-requests",
        "stop after this many requests (exit code 3); the next ingest continues if 6 or more are"
        " allowed",
        read=whole_number(1, 10**9),
        shown="when GitHub's limit is near",
        metavar="N",
    ),
    Option(
        "verify",
        "--max-requests",
        "stop after this many requests (exit code 3), with what has been compared by then",
        read=whole_number(1, 10**9),
        shown="when GitHub's limit is near",
        metavar="N",
    ),
    Option(
        f"{INGEST} verify",
        "--wait",
        "wait for GitHub's rate limit to reset instead of stopping (exit code 3)",
        default=False,
    ),
    Option(
        "watch",
        "--every",
        "how many seconds pass between two requests for the list of runs",
        read=whole_number(1, 3_600),
        shown="15, 60 or 120, depending on the token",
        metavar="SECONDS",
    ),
    # What to keep
    Option(
        INGEST,
        "--keep",
        "how long this database keeps its rows from now on, if that is longer than before:"
        " 90d, 2w, '6 months', forever",
        read=times.keep,
        shown=KEPT,
        metavar="AGE",
    ),
    Option(
        "prune",
        "--keep",
        "how long this database keeps its rows from now on: 90d, 2w, '6 months', forever",
        read=times.keep,
        shown=KEPT,
        metavar="AGE",
    ),
    Option("prune", "--dry-run", "count what would be deleted", default=False),
    # LLM calls
    Option(
        f"{INGEST} {LLM}",
        "--logs",
        "logs of LLM calls: files, folders, globs, or - for standard input",
        metavar="FILE",
        read=words,
        needs="--llm",
        named="LLM_LOGS",
    ),
    Option(
        f"{INGEST} {LLM}",
        "--phase",
        "the phase of calls whose log has none",
        needs="--llm",
        read=name,
    ),
    Option(
        f"{INGEST} {LLM}",
        "--prompt-name",
        "the prompt or task of calls whose log has none",
        metavar="NAME",
        needs="--llm",
        read=name,
    ),
    Option(
        INGEST,
        "--run-attempt",
        "with RUN_ID: the attempt that made the calls",
        read=whole_number(1, 2**31 - 1),
        metavar="N",
        needs="--llm",
    ),
    Option(
        LLM,
        "--run-attempt",
        "the attempt of the run that made the calls",
        read=whole_number(1, 2**31 - 1),
        shown="GITHUB_RUN_ATTEMPT",
        metavar="N",
    ),
    Option(
        f"{INGEST} {LLM}",
        "--at",
        "when calls without a time were made: a date (UTC) or a time with its zone",
        read=times.moment,
        shown="start of the run",
        metavar="TIME",
        needs="--llm",
    ),
    # Price lists
    Option(
        f"{INGEST} {LLM} check_prices",
        "--llm-prices",
        "a price list of your own, added to sql/prices/llm_prices.csv",
        metavar="FILE",
        read=settings.path,
        needs="--llm",
    ),
    Option(
        f"{INGEST} watch",
        "--runner-prices",
        "a price list of your own, added to sql/prices/runner_prices.csv",
        metavar="FILE",
        read=settings.path,
    ),
    Option(
        f"{INGEST} watch",
        "--runner-labels",
        "the kinds of runner of your own labels, added to sql/prices/runner_labels.csv",
        metavar="FILE",
        read=settings.path,
    ),
    Option(
        f"{INGEST} watch",
        "--name-kinds",
        "which actors are people, bots or agents and which workflows deploy, added to"
        " sql/kinds/name_kinds.csv",
        metavar="FILE",
        read=settings.path,
    ),
    # What to ask, and in which form
    Option(
        "query",
        "question",
        "the name of a question, such as flaky_jobs",
        read=lambda text, variable: text.strip().lower(),
        shown="list the questions",
        named="Q",
    ),
    Option("query", "--list", "list the questions", default=False, named=""),
    Option(
        "query what_if bill",
        "--format",
        "text, csv for a spreadsheet, json for programs",
        default="text",
        read=one_of("text", "csv", "json"),
    ),
    Option(
        "report query what_if watch",
        "--time-zone",
        "the time zone of days, hours and times, such as Europe/Berlin",
        default="UTC",
        read=settings.time_zone,
        metavar="NAME",
        named="TIMEZONE",
    ),
    Option(
        "query what_if",
        "--top",
        "only this many rows, from the top of the ranking",
        shown="all rows",
        read=whole_number(1, 1_000_000),
    ),
    Option(
        "check",
        "--top",
        "show this many rows that break a rule",
        default="10",
        read=whole_number(1, 1_000),
    ),
    Option(
        "query what_if bill",
        "--csv",
        "the same as --format csv",
        alias=("format", "csv"),
        named="",
    ),
    Option(
        "query what_if budget bill check watch status",
        "--json",
        "the same as --format json",
        alias=("format", "json"),
        named="",
    ),
    Option(
        "budget", "--monthly", "US dollars a month for runners", read=settings.amount, metavar="USD"
    ),
    Option(
        "budget",
        "--monthly-llm",
        "US dollars a month for LLM calls",
        read=settings.amount,
        metavar="USD",
    ),
    Option(
        "budget",
        "--budgets",
        "a CSV file of more budgets: for repositories, workflows or actors",
        metavar="FILE",
        read=settings.path,
    ),
    Option(
        "budget",
        "--gate",
        "what fails (exit code 4) if it exceeds a budget: the forecast's lower bound, or what is"
        " spent so far",
        default="forecast",
        read=one_of("forecast", "spent"),
    ),
    Option(
        "what_if",
        "--job",
        "the job that would run elsewhere, without the values of its matrix",
        shown="each in turn",
        metavar="NAME",
        read=name,
    ),
    Option(
        "what_if",
        "--runner",
        "where it would run: a kind of runner in the price list, or a label",
        default="linux_4_core",
        metavar="NAME",
        read=name,
    ),
    Option(
        "what_if",
        "--speed",
        "how many times as fast as now, from 0.01 to 100",
        default="2",
        read=settings.factor,
        metavar="FACTOR",
    ),
    Option(
        "check budget watch",
        "--format",
        "text, json for programs",
        default="text",
        read=one_of("text", "json"),
    ),
    Option(
        "status",
        "--format",
        "text, markdown for a job summary of GitHub Actions, json for programs",
        default="text",
        read=one_of("text", "markdown", "json"),
    ),
    Option(
        "status", "--all", "show every repository with its proof, and every table", default=False
    ),
    Option(
        "report",
        "--format",
        "html, markdown for a job summary of GitHub Actions, json for programs",
        default="html",
        read=one_of("html", "markdown", "json"),
    ),
    Option(
        "report",
        "--out",
        "a file, or a folder for an overview and a page for each repository; - is standard output,"
        " which markdown and json go to without it",
        shown="report.html",
        metavar="PATH",
        read=settings.path,
    ),
    Option(
        "budget",
        "--now",
        "a moment in the month to forecast; what happened later is ignored",
        read=times.moment,
        shown="now",
        metavar="TIME",
    ),
    Option(
        "report",
        "--now",
        "the end of the period, a date (in TIMEZONE) or a time with its zone: the same database and"
        " the same NOW give the same report",
        read=times.day_or_moment,
        shown="now",
        metavar="TIME",
    ),
    Option(
        "status",
        "--max-age",
        "fail (exit code 4) when the last complete ingest is older, such as 12h",
        read=times.age,
        metavar="AGE",
    ),
    Option(
        "status",
        "--leaving",
        "fail (exit code 4) if more runs than this, such as 0, are not stored completely and "
        "GitHub deletes them within 7 days",
        read=whole_number(0, 10**9),
        metavar="N",
    ),
    Option(
        "status report query what_if budget bill check psql serve dump migrate",
        "--demo",
        f"use the data of {COMMAND} demo instead of your own",
        default=False,
    ),
    Option(
        "serve",
        "--port",
        "the TCP port of this machine on which to serve the embedded database",
        default="15432",
        read=whole_number(1_024, 65_535),
        metavar="N",
    ),
    Option(
        "dump restore",
        "--file",
        "the file to write or to read",
        default=DUMP,
        metavar="PATH",
        read=settings.path,
    ),
    # How to end
    Option(
        f"{INGEST} {LLM}",
        "--strict",
        "fail when an ingest is incomplete, or an LLM log or a line of it cannot be read",
        default=False,
    ),
    Option(
        INGEST,
        "--lenient",
        f"exit with 0 instead of 3 unless STRICT is on, as {COMMAND} ingest does",
        default=False,
        named="",
    ),
    Option(
        INGEST,
        "--llm",
        f"then read the logs in LLM_LOGS, as {COMMAND} ingest does",
        default=False,
        named="",
    ),
    Option("bench", "--quick", "use fewer runs", default=False, named=""),
    Option(
        f"{INGEST} {LLM} prune verify bench",
        "--json",
        "print one JSON object on standard output",
        default=False,
        named="",
    ),
)


@dataclass(frozen=True)
class Variable:
    """A variable of the environment that no flag sets: its name, its default, what it means."""

    name: str
    default: str
    help: str


VARIABLES: tuple[Variable, ...] = (
    Variable("DATABASE_URL", "the embedded server", "where to store: a URL or libpq's keywords"),
    Variable(
        "TELEMETRY_HOME", "the user's data directory", "where the embedded server keeps its data"
    ),
    Variable("GITHUB_TOKEN", "", "the token for GitHub; takes precedence over the next two"),
    Variable("GITHUB_PERSONAL_TOKEN", "", "the token for GitHub if GITHUB_TOKEN is not set"),
    Variable("GH_TOKEN", "", "the token for GitHub if neither of these is set; gh reads it too"),
    Variable("GITHUB_API_URL", "https://api.github.com", "the API of another GitHub server"),
    Variable("GITHUB_REPOSITORY", "set by Actions", "the repository if REPO and ORG are not set"),
    Variable("GITHUB_WORKFLOW_REF", "set by Actions", "the workflow if `WORKFLOW` is not set"),
    Variable(
        "GITHUB_RUN_NUMBER", "set by Actions", "shows `find-dump` whether GitHub has deleted runs"
    ),
    Variable(
        "GITHUB_RUN_ID", "set by Actions", f"the run that `{COMMAND} ingest-llm` is a step of"
    ),
    Variable("GITHUB_RUN_ATTEMPT", "set by Actions", "the attempt of that run"),
    Variable("NO_COLOR", "", "any value turns colours off"),
    Variable("PYTHON", "python3", "the Python that make creates `.venv` with"),
)


def variables() -> set[str]:
    """The names of all variables that a command reads from the environment or .env."""
    return {option.environment for option in OPTIONS if option.environment} | {
        variable.name for variable in VARIABLES
    }


def options_of(command: str) -> list[Option]:
    """The options of one command, in the order of the table."""
    return [option for option in OPTIONS if command in option.commands.split()]
