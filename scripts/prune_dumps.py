"""Delete the dumps that a scheduled workflow left on GitHub, except the last two.

    make prune-dumps REPO=owner/name WORKFLOW=telemetry.yml

Only the newest is ever restored; the one before it stays in case that fails. If the token may not
delete (it needs Actions: write), this says how much the dumps will take.
Exit codes: 0 done, also if the token may not delete, 1 failed, 2 wrong usage.
"""

from command import parse, run

import os
from collections.abc import Sequence

from client import github
from options.dumps import chosen_workflow
from output import say, show

from telemetry import counted
from telemetry.github.artifacts import Dump, delete_replaced, list_dumps
from telemetry.github.errors import GitHubError
from telemetry.terminal import size

RUNS_A_DAY = 4


def main() -> int:
    options = parse(__doc__, "prune_dumps")
    repository, workflow = chosen_workflow(options, os.environ, "prune-dumps")
    with github() as client:
        dumps = [dump for dump in list_dumps(client, repository) if not dump.is_expired]
        try:
            deleted = delete_replaced(client, repository, workflow, dumps)
        except GitHubError as error:
            if error.status != 403:
                raise
            say(f"{repository}: {_arithmetic(dumps)}")
            return 0
    freed = size(sum(dump.bytes for dump in deleted))
    show(f"{repository}: {counted(len(deleted), 'dump')} deleted, {freed}")
    return 0


def _arithmetic(dumps: Sequence[Dump]) -> str:
    """Return how much space the dumps take, and will take if none is deleted."""
    newest = dumps[0]
    days = (newest.expires_at - newest.created_at).days if newest.expires_at else 90
    whole = newest.bytes * RUNS_A_DAY * days
    return (
        f"{counted(len(dumps), 'dump')} take {size(sum(dump.bytes for dump in dumps))}, and this "
        f"token may not delete any. With {RUNS_A_DAY} runs a day, kept {days} days, they will take "
        f"{size(whole)}; a private repository of a free account has 500 MB for artifacts and "
        "packages together. Give the job `actions: write`, and only two are kept"
    )


if __name__ == "__main__":
    run(main)
