"""Store the LLM calls in logs, and the price list for their cost.

    make ingest-llm LLM_LOGS="logs/*.jsonl" PHASE=review

Logs are files, also compressed ones, folders and globs, or - for stdin. A file is recognized by its
content. Reading the same log again adds nothing.
Exit codes: 0 done, also if lines could not be read (STRICT=1: 1), 1 failed, 2 wrong usage,
130 interrupted: what was read is stored.
"""

from command import parse, run

import os

from connections import migrated_database
from options.llm import chosen_logs
from output import say, show_json, show_sentences

from telemetry.database.connection import describe
from telemetry.database.statistics import update_statistics
from telemetry.settings import UsageError
from telemetry.summaries.ingests import ingestion_text, lost_text


def main() -> int:
    options = parse(__doc__, "ingest_llm_calls")
    chosen = chosen_logs(options, os.environ)
    if chosen.logs.unmatched:
        raise UsageError(
            f"{chosen.logs.unmatched[0]}; give files, folders of .jsonl, .json and .log files, "
            "globs, or - for standard input"
        )
    with migrated_database() as connection:
        say(f"into {describe(connection)}")
        done = chosen.ingest(connection)
        update_statistics(connection)
    if options.json:
        show_json(llm_calls=done)
    else:
        show_sentences(ingestion_text(done))
    lost = lost_text(done)
    if lost:
        say(f"warning: {lost}")
    return 1 if lost and options.strict else 0


if __name__ == "__main__":
    run(main)
