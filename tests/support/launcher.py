"""Starts commands for tests without paying for the start of Python and its imports each time.

Run as a program. It has imported what commands stand on, forks for each command that a line of its
input names, and answers with the exit code. The child is a process of its own, with the arguments,
environment and folder of the command. Only what takes Ctrl-C, and the command's own file, are
loaded in the child.
"""

import gc
import json
import os
import pkgutil
import runpy
import sys
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).parents[2] / "scripts"
OTHERS = ("psycopg", "psycopg.rows", "yoyo.backends.core.postgresql")
OURS = ("telemetry", "options")


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
    preload()
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if not child:
            become(**asked)  # and end as the command ends
            return
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def become(script: str, arguments: list[str], environ: dict[str, str], **files: Any) -> None:
    for descriptor, name, mode in (
        (0, os.devnull, os.O_RDONLY),
        (1, files["stdout"], os.O_WRONLY),
        (2, files["stderr"], os.O_WRONLY),
    ):
        os.dup2(opened := os.open(name, mode), descriptor)
        os.close(opened)
    os.chdir(files["folder"])
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = [script, *arguments]
    sys.path[0] = str(Path(script).parent)
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main()
