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
OURS = ("telemetry", "options", "answers", "client", "connections", "remedies")

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
        for module in pkgutil.walk_packages(getattr(package, "__path__", ()), f"{name}."):
            __import__(module.name)
    gc.freeze()  # a child that collects garbage would copy all of it


class Fork:
    """A child that becomes what a process asked for, and the two whose ends are waited for."""

    def __init__(self, process: int, pipe: Path) -> None:
        self.asking, self.pipe = os.pidfd_open(process), pipe
        self.child = os.fork()
        if self.child:
            self.awaited = [self.asking, os.pidfd_open(self.child)]

    def is_over(self, ended: list[int]) -> bool:
        """Take notice of what has ended: the child with its process, or it tells the exit code."""
        if self.awaited[-1] not in ended:
            if self.asking in ended:
                os.kill(self.child, signal.SIGKILL)
                self.awaited.remove(self.asking)
            return False
        code = os.waitstatus_to_exitcode(os.waitpid(self.child, 0)[1])
        with suppress(OSError):  # else nobody waits for it any more
            answer = os.open(self.pipe, os.O_WRONLY | os.O_NONBLOCK)
            os.write(answer, f"{code if code >= 0 else 128 - code}\n".encode())
            os.close(answer)
        self.pipe.unlink()
        for number in {self.asking, *self.awaited}:
            os.close(number)
        return True


def main() -> None:
    folder = Path(sys.argv[1])
    atexit.register(leave)  # before anything that is loaded does so, because the last is first
    preload()
    asked = os.open(folder / "asked", os.O_RDWR)  # so that it has no end while nobody writes
    print("ready", flush=True)
    forks: list[Fork] = []
    while True:
        awaited = [asked, *(one for fork in forks for one in fork.awaited)]
        ready, _, _ = select.select(awaited, [], [])
        forks = [fork for fork in forks if not fork.is_over(ready)]
        for process in os.read(asked, 4_096).decode().split() if asked in ready else ():
            if process == "end":
                return
            try:
                fork = Fork(int(process), folder / process)
            except ProcessLookupError:  # it has been killed
                (folder / process).unlink()
                continue
            if not fork.child:
                become(Path("/proc", process))  # and end as the command ends
                return
            forks.append(fork)


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
