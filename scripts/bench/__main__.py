"""Measure the cost of an ingest, compared with a program that stores nothing.

    make bench

It also measures reading a long log of LLM calls, and answers over many runs. It takes about ten
minutes on two cores and temporarily 3 GB of disk. --quick uses fewer runs and takes half a minute,
but its times mean little. No token, no network; your own data is not touched.
Exit codes: 0 all targets are met, 1 failed, 4 a target was missed.
"""

from command import ROOT, parse, run

import os
from dataclasses import asdict

from output import say, show, show_json

from bench.ingest import QUICK, Sizes, bench
from telemetry.summaries.tables import table

COLUMNS = {
    "name": "measured",
    "result": "result",
    "target": "target, at most",
    "unit": "",
    "is_met": "ok",
    "detail": "",
}


def main() -> int:
    options = parse(__doc__, "bench")
    sizes = QUICK if options.quick else Sizes()
    found = list(bench(ROOT / "scripts", sizes, environ=os.environ, notify=say))
    rows = [{**asdict(one), "is_met": one.is_met} for one in found]
    if options.json:
        show_json(measurements=rows)
    else:
        show(table(rows, COLUMNS))
    return 0 if all(one.is_met for one in found) else 4


if __name__ == "__main__":
    run(main)
