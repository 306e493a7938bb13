"""Say when runs would end, and what they would cost, if a job ran on another runner.

    make what-if RUNNER=linux_4_core SPEED=2                         each job in turn
    make what-if JOB=test RUNNER=ubuntu-24.04-arm SPEED=0.9 REPO=owner/name
    make what-if JOB=test FORMAT=json

RUNNER is a kind of runner in sql/prices/runner_prices.csv, or a label. SPEED is how many times as
fast as now the job would run there. If the runner has no price, a warning says so, and its costs
are empty. sql/analysis/what_if.sql gives the answer; its header says how to read it.
Exit codes: 0 done, 1 failed, 2 wrong usage.
"""

from command import parse, run

from answers import covered, scope_of, show_answer
from connections import database
from output import say

from telemetry.database.questions import Answer, Scope
from telemetry.database.what_if import what_if, without_job, without_price
from telemetry.terminal import plain


def main() -> int:
    options = parse(__doc__, "what_if")
    with database() as connection:
        unpriced = without_price(connection, options.runner)

        def asked(scope: Scope) -> Answer:
            return what_if(connection, scope, options.job, options.runner, options.speed)

        scope = scope_of(connection, options)
        answer = asked(scope)
        unknown = None
        if options.job and not answer.rows:
            unknown = without_job(connection, scope, options.job, options.runner)
        answer = covered(connection, answer, asked)
    for warning in filter(None, (unpriced, unknown)):
        say(plain(f"warning: {warning}"))
    show_answer(answer, options.format)
    return 0


if __name__ == "__main__":
    run(main)
