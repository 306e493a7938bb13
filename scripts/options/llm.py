"""The options of the commands that read logs of LLM calls, and the ingest that they ask for."""

import argparse
import os
import shlex
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from command import parser
from output import progress

from telemetry import settings
from telemetry.database.connection import Connection
from telemetry.database.prices import load_llm_prices
from telemetry.llm.formats.reading import Defaults
from telemetry.llm.ingest import ingest_llm_calls
from telemetry.llm.logs import find_files
from telemetry.rows.llm import LlmIngestion


@dataclass(frozen=True)
class Logs:
    """Which files, what their records do not say, and the user's own price list."""

    files: list[Path]
    defaults: Defaults
    prices: str | None

    def ingest(self, connection: Connection) -> LlmIngestion:
        """Store the price list and the calls. Raises UsageError for a price list that is none."""
        load_llm_prices(connection, self.prices)
        return ingest_llm_calls(
            connection,
            self.files,
            self.defaults,
            now=lambda: datetime.now(UTC),
            stdin=sys.stdin.buffer,
            progress=progress(),
        )


def add_llm_options(command: argparse.ArgumentParser) -> None:
    """Add --logs and what is to be said of calls whose log does not say it."""
    environ = os.environ
    command.add_argument(
        "--logs",
        metavar="FILE",
        nargs="+",
        help="files, folders, globs, or - for stdin (default: TELEMETRY_LLM_LOGS)",
    )
    command.add_argument(
        "--phase", default=environ.get("TELEMETRY_PHASE"), help="the phase of work the calls are of"
    )
    command.add_argument(
        "--prompt-name",
        default=environ.get("TELEMETRY_PROMPT_NAME"),
        help="the prompt template or task the calls are of",
    )
    command.add_argument(
        "--run-id",
        default=environ.get("TELEMETRY_RUN_ID"),
        help="the workflow run that made the calls (default: GITHUB_RUN_ID)",
    )
    command.add_argument(
        "--run-attempt",
        default=environ.get("TELEMETRY_RUN_ATTEMPT"),
        help="the attempt of that run (default: GITHUB_RUN_ATTEMPT)",
    )
    command.add_argument(
        "--at",
        default=environ.get("TELEMETRY_AT"),
        help="when calls without a time were made (default: when the run started)",
    )
    command.add_argument(
        "--llm-prices",
        metavar="FILE",
        default=environ.get("TELEMETRY_LLM_PRICES"),
        help="a price list of your own, added to sql/prices/llm_prices.csv",
    )


def chosen_logs(options: argparse.Namespace) -> Logs:
    """What was chosen; a run that is not named is the one this command is part of.

    Raises UsageError.
    """
    run_id, attempt = options.run_id, options.run_attempt
    if not run_id:
        run_id = os.environ.get("GITHUB_RUN_ID")
        attempt = attempt or os.environ.get("GITHUB_RUN_ATTEMPT")
    return _logs(options, run_id, attempt)


def logs_of_environment() -> Logs | None:
    """What variables alone choose, for an ingest of more than logs; None if they name no log.

    Such an ingest collects logs of other runs: the run that it is part of did not make the calls.
    Raises UsageError.
    """
    if not os.environ.get("TELEMETRY_LLM_LOGS"):
        return None
    command = parser(None)
    add_llm_options(command)
    options = command.parse_args([])
    return _logs(options, options.run_id, options.run_attempt)


def _logs(options: argparse.Namespace, run_id: str | None, attempt: str | None) -> Logs:
    patterns = options.logs or _words(os.environ.get("TELEMETRY_LLM_LOGS", ""))
    if not patterns:
        raise settings.UsageError("no log is named; try: make ingest-llm LLM_LOGS='logs/*.jsonl'")
    defaults = Defaults(
        phase=options.phase,
        prompt_name=options.prompt_name or "",
        github_run_id=_number(run_id, "RUN_ID", 2**63 - 1),
        github_run_attempt=_number(attempt, "RUN_ATTEMPT", 2**31 - 1),
        at=settings.moment(options.at, "AT") if options.at else None,
    )
    return Logs(find_files(patterns), defaults, options.llm_prices)


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise settings.UsageError(f"LLM_LOGS: {error}; close the quotation") from None


def _number(text: str | None, variable: str, most: int) -> int | None:
    return settings.whole_number(text, variable, 1, most) if text else None
