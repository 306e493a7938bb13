"""Measure what an ingest costs against a simulated GitHub, beside a program that stores nothing.

    make bench

Then what reading a long log of LLM calls costs, and how long answers take over many runs. Takes
about six minutes on two cores, and 3 GB of disk as long; --quick, with fewer runs, takes half a
minute, but its times say little. No token, no network; your own data is not touched. Exit codes:
0 all targets are met, 1 failed, 4 a target was missed.
"""

from command import ROOT, parse, run

import os
from dataclasses import asdict

from output import say, show, show_json

from bench.ingest import QUICK, Sizes, bench
from telemetry.terminal import table

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
        show_json({"schema_version": 1, "measurements": rows})
    else:
        show(table(rows, COLUMNS))
    return 0 if all(one.is_met for one in found) else 4


if __name__ == "__main__":
    run(main)
