"""Starts commands for tests without paying for the start of Python and its imports each time.

Run as a program, with a folder. It has imported what commands stand on, and forks for each process
whose number comes through the folder's pipe: those of PYTHON below, which stand for Python there.
A fork takes over arguments, environment, folder, input and output of its process, which then ends
as the fork does. Only what takes Ctrl-C, and the command's own file, are loaded in the fork. If its
process is killed, so is the fork; it gets no other signal, so a test of those starts Python itself.
"""

import atexit
import gc
import os
import pkgutil
import runpy
import select
import signal
import stat
import sys
from contextlib import suppress
from pathlib import Path

SCRIPTS = Path(__file__).parents[2] / "scripts"
OTHERS = ("psycopg", "psycopg.rows", "yoyo.backends.core.postgresql")
OURS = ("telemetry", "options")

# It opens both ends of a pipe of its own before it asks, so that the answer waits for it. Its own
# input and output have other numbers too, as the shell's redirections change those of 0 to 2.
PYTHON = """\
#!/bin/sh
pipe='{folder}'/$$
'{mkfifo}' "$pipe" && exec 3<>"$pipe" 4<&0 5>&1 6>&2 || exit 1
echo $$ >'{folder}/asked'
read -r code <&3
exit "$code"
"""
# Where no process can be looked into, as on macOS, it is Python itself.
ITSELF = """\
#!/bin/sh
exec '{python}' "$@"
"""


def preload() -> None:
    sys.path[0] = str(SCRIPTS)
    for name in OTHERS:
        __import__(name)
    for name in OURS:
        package = __import__(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            __import__(module.name)
    gc.freeze()  # a child that collects garbage would copy all of it


def main() -> None:
    folder = Path(sys.argv[1])
    atexit.register(leave)  # before anything that is loaded does so, because the last is first
    preload()
    # Of a pipe that is open to write as well, the end never comes.
    with os.fdopen(os.open(folder / "asked", os.O_RDWR), encoding="ascii", closefd=False) as asked:
        print("ready", flush=True)
        for line in iter(asked.readline, "end\n"):
            if not os.fork():
                wait_for(int(line), folder)
                return
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass


def wait_for(process: int, folder: Path) -> None:
    """In a child of its own, become what the process is to be; tell it the exit code."""
    pipe = folder / str(process)
    try:
        asking = os.pidfd_open(process)
    except ProcessLookupError:  # it has been killed
        pipe.unlink()
        os._exit(0)
    child = os.fork()
    if not child:
        become(Path("/proc", str(process)))  # and end as the command ends
        return
    if asking in select.select([asking, os.pidfd_open(child)], [], [])[0]:
        os.kill(child, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with suppress(OSError):  # else nobody waits for it any more
        answer = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        os.write(answer, f"{code if code >= 0 else 128 - code}\n".encode())
    pipe.unlink()
    os._exit(0)


def become(process: Path) -> None:
    """Run the script of this process, as /proc shows it, in its place."""
    for number, mode in enumerate((os.O_RDONLY, os.O_WRONLY, os.O_WRONLY)):
        file = process / "fd" / str(number + 4)
        # A file has an end of its own in each process that opens it.
        opened = os.open(file, mode | (os.O_APPEND if stat.S_ISREG(file.stat().st_mode) else 0))
        os.dup2(opened, number)
        os.close(opened)
    python, *arguments = words(process / "cmdline")[1:]
    while arguments[0].startswith("-"):  # such as -I: what was to be left out is loaded already
        del arguments[0]
    environ = dict(word.split("=", 1) for word in words(process / "environ"))
    os.chdir(process / "cwd")
    os.environ.clear()
    os.environ.update(environ)
    sys.executable, sys.argv = python, arguments
    sys.path[0] = str(Path(arguments[0]).parent)
    codes.append(1)
    try:
        runpy.run_path(arguments[0], run_name="__main__")
        codes.append(0)
    except SystemExit as ended:
        codes.append(ended.code if isinstance(ended.code, int) else int(ended.code is not None))
        raise


codes: list[int] = []
"""The exit code of what the process has become, last."""


def leave() -> None:
    """End here, after all else: to free what was loaded takes longer than most commands.

    If the output cannot be written, this fails, and Python ends as it always does.
    """
    if codes:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(codes[-1])


def words(file: Path) -> list[str]:
    return os.fsdecode(file.read_bytes()).split("\0")[:-1]


if __name__ == "__main__":
    main()
