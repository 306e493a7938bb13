"""What all commands share: settings, signals, messages, exit codes.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 incomplete but saved, 4 a threshold was breached,
130 interrupted.
"""

import interrupts

import argparse
import ctypes
import gc
import logging
import os
import re
import sys
from collections.abc import Callable, Set
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import NoReturn

import psycopg
from options import parsing
from options.names import GIVEN, IS_READ, not_read
from options.table import OPTIONS, options_of, variables
from output import drop, say
from remedies import database_sentence

from telemetry import TelemetryError, settings
from telemetry.database.embedded.server import demo_home
from telemetry.installation import COMMAND, IS_CHECKOUT, use_demo

ROOT = Path(__file__).resolve().parent.parent
HALF_AN_ERROR = 1_000  # characters
# Parsed JSON has no cycles, and a page of it has thousands of objects: Python's 700 cost an
# ingest 8 % of its CPU time.
OBJECTS_BEFORE_COLLECTION = 20_000


def run(main: Callable[[], int]) -> NoReturn:
    """Run a command and exit with its code; errors that a user can fix become one sentence."""
    _prepare_streams()
    try:
        code = _code_of(main)
        interrupts.ignore_from_now_on()  # here, because a signal may come after the last line, too
    except KeyboardInterrupt:
        interrupts.ignore_from_now_on()
        code = _fail("interrupted", 130)
    sys.exit(code)


def _code_of(main: Callable[[], int]) -> int:
    """Run a command and return its code, after saying what failed. Raises KeyboardInterrupt."""
    try:
        interrupts.raise_from_now_on()
        # Whatever it logs is also raised, or happened in a rollback on the way out.
        logging.getLogger("psycopg").addHandler(logging.NullHandler())
        share_freed_memory()
        gc.set_threshold(OBJECTS_BEFORE_COLLECTION)
        _read_settings()
        code = main()
        sys.stdout.flush()
        return code
    except settings.UsageError as error:
        return _fail(error, 2)
    except (TelemetryError, psycopg.Error) as error:
        if interrupts.received():
            raise KeyboardInterrupt from None
        return _fail(database_sentence(error) if isinstance(error, psycopg.Error) else error, 1)
    except BrokenPipeError:  # the reader closed the pipe, as `head` does
        drop(sys.stdout)
        return 0
    except OSError as error:
        drop(sys.stdout)
        said = f"{error.filename or 'writing the output'}: {error.strerror or error}"
        return _fail(f"{said}; fix that, then try again", 1)


def _prepare_streams() -> None:
    """Open the null device for each standard stream that was closed, as by `>&-`.

    Otherwise the next file, such as the connection to the database, would get its number. The
    others can then take every character.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(number)
    sys.stdin = sys.stdin or open(0)  # noqa: SIM115 - for as long as the process
    sys.stdout = sys.stdout or open(1, "w")  # noqa: SIM115 - for as long as the process
    sys.stderr = sys.stderr or open(2, "w")  # noqa: SIM115 - for as long as the process
    # A locale may have an encoding without our lines and most people's names. Files get UTF-8, a
    # terminal what it can show.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.encoding.lower() != "utf-8":
            encoding = stream.encoding if stream.isatty() else "utf-8"
            stream.reconfigure(encoding=encoding, errors="replace")


def _read_settings() -> None:
    """Add the variables of .env to os.environ, and remove our variables that are empty.

    The file is that of the checkout; commands of an installed package read the current folder's.
    In a workflow that folder is whatever repository was checked out, whose .env is not for us. A
    command that another one started reads none.
    """
    in_workflow = os.environ.get("GITHUB_ACTIONS") == "true"
    folder = ROOT if IS_CHECKOUT else Path.cwd()
    is_ours = (IS_CHECKOUT or not in_workflow) and IS_READ not in os.environ
    env_file = settings.read_env_file(folder / ".env") if is_ours else {}
    for said in not_read(env_file, os.environ, variables()):
        say(f"warning: {said}")
    values = settings.merged(os.environ, env_file)
    for name in os.environ.keys() - values.keys():
        del os.environ[name]
    os.environ.update(values)
    # libpq sends it when it connects: psycopg reads times in no other style, and a role, a database
    # or the user may have set one.
    os.environ["PGDATESTYLE"] = "ISO"
    _find_certificates()


def _find_certificates() -> None:
    """Let sslrootcert=system of libpq mean the certificates that this machine trusts.

    The OpenSSL in psycopg[binary] looks for them in a folder that no system has.
    """
    given = os.environ.get("DATABASE_URL", "")
    if re.search("sslrootcert|service", given) or {"PGSSLROOTCERT", "PGSERVICE"} & {*os.environ}:
        import ssl  # takes a while to load

        found = ssl.get_default_verify_paths()
        for variable, path in (("SSL_CERT_FILE", found.cafile), ("SSL_CERT_DIR", found.capath)):
            if path:
                os.environ.setdefault(variable, path)


def parse(docstring: str | None, command: str) -> argparse.Namespace:
    """Return the options of a command, from the table in options/; --help shows the docstring.

    Raises UsageError.
    """
    options = parsing.parse(command, docstring, os.environ)
    note_unread({option.variable for option in options_of(command)})
    if getattr(options, "demo", False):
        ask_demo()
    elif settings.flag(os.environ, "TELEMETRY_DEMO", name="DEMO") and command != "demo":
        *others, last = _demo_commands()
        raise settings.UsageError(
            f"DEMO: only {', '.join(others)} and {last} can use the demo's data"
        )
    return options


def note_unread(known: Set[str]) -> None:
    """Say which variables were typed that this command does not read. Raises UsageError."""
    typed = os.environ.pop(GIVEN, "").split()  # not for the commands that this one starts
    unread = sorted(set(typed) - known - {"DEMO"})
    if "DRY_RUN" in unread:
        raise settings.UsageError("DRY_RUN: this command has no dry run, only prune has one")
    if unread:
        say(f"note: this command does not read {' and '.join(unread)}")


def _demo_commands() -> list[str]:
    """Return the commands that have DEMO in the table of options."""
    (option,) = (option for option in OPTIONS if option.flag == "--demo")
    return option.commands.replace("_", "-").split()


def ask_demo() -> None:
    """Make this command use the database of `make demo`, whatever DATABASE_URL says."""
    home = demo_home(os.environ)
    if not home.is_dir():
        raise settings.UsageError(f"DEMO: there is nothing in {home} yet; try: {COMMAND} demo")
    use_demo(_demo_commands())
    os.environ["TELEMETRY_HOME"] = str(home)
    for name in ("DATABASE_URL", "TELEMETRY_REPO"):
        os.environ.pop(name, None)


def _fail(error: Exception | str, code: int) -> int:
    said = " ".join(str(error).split())
    if len(said) > 2 * HALF_AN_ERROR:  # a variable may hold a file; advice is last
        said = f"{said[:HALF_AN_ERROR]} … {said[-HALF_AN_ERROR:]}"
    say(f"error: {said}")
    return code


M_ARENA_MAX = -8  # of glibc's malloc.h


def share_freed_memory() -> None:
    """Make all threads of this process use one heap of glibc, so that they share what is freed.

    By default each thread keeps the freed blocks of its own fetched pages: measured over 100,000
    runs, 59 MB against 91 MB. With other C libraries this does nothing.
    """
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):
            ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)
