"""The bench measures what it says; times depend on the machine, requests and rows do not."""

import json
import os
import subprocess
import sys
from pathlib import Path

from conftest import ROOT


def test_requests_and_rows_are_on_target(tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "bench.py", "--quick", "--json"],
        env=environ,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    # Times on a busy machine may miss their targets, which is 4 and no failure.
    assert done.returncode in (0, 4), done.stderr
    measured = json.loads(done.stdout)["measurements"]
    counted = [one for one in measured if one["unit"] in ("requests", "requests charged", "runs")]
    assert len(counted) >= 4
    assert all(one["is_met"] for one in counted), counted
