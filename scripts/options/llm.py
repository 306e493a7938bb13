"""The values of the options that the commands reading LLM logs share."""

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from output import progress, say

from telemetry.database.connection import Connection
from telemetry.database.prices import load_llm_prices, unused_llm_prices
from telemetry.installation import COMMAND
from telemetry.llm.finding import Logs, find_logs
from telemetry.llm.formats.readers import Defaults
from telemetry.llm.ingest import ingest_llm_calls
from telemetry.rows.ingestions import LlmIngestion
from telemetry.settings import UsageError, whole_number


@dataclass(frozen=True)
class ChosenLogs:
    """The logs to read, defaults for their records, and the user's prices."""

    logs: Logs
    defaults: Defaults
    prices: str | None

    def ingest(self, connection: Connection, oldest: datetime | None = None) -> LlmIngestion:
        """Store the price list, and the calls since `oldest`.

        Raises UsageError for an invalid price list.
        """
        load_llm_prices(connection, self.prices)
        done = ingest_llm_calls(
            connection,
            self.logs,
            self.defaults,
            now=lambda: datetime.now(UTC),
            oldest=oldest,
            progress=progress("bytes of logs"),
        )
        if self.prices and (unused := unused_llm_prices(connection)):
            say(unused)
        return done


def chosen_logs(
    options: argparse.Namespace, environ: Mapping[str, str] | None = None
) -> ChosenLogs:
    """Return the values of the options. The default run is that of Actions in `environ`.

    An ingest of workflow runs passes no `environ`: it collects logs of other runs, so its own run
    did not make the calls. Raises UsageError.
    """
    if not options.logs:
        raise UsageError(f"no log is named; try: {COMMAND} ingest-llm LLM_LOGS='logs/*.jsonl'")
    run_id, attempt = options.run_id, options.run_attempt
    if run_id is None and environ is not None:
        run_id = _number(environ, "GITHUB_RUN_ID", 2**63 - 1)
        attempt = attempt or _number(environ, "GITHUB_RUN_ATTEMPT", 2**31 - 1)
    if options.run_attempt and run_id is None:
        raise UsageError("RUN_ATTEMPT: its run is not named; add RUN_ID=…")
    defaults = Defaults(
        phase=options.phase,
        prompt_name=options.prompt_name or "",
        github_run_id=run_id,
        github_run_attempt=attempt,
        at=options.at,
    )
    return ChosenLogs(find_logs(options.logs, sys.stdin.buffer), defaults, options.llm_prices)


def _number(environ: Mapping[str, str], variable: str, most: int) -> int | None:
    text = environ.get(variable)
    return whole_number(text, variable, 1, most) if text else None
