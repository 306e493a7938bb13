"""Ctrl-C and SIGTERM from the first moment on: one line and exit code 130, never a traceback.

Scripts import this before all else, because loading what they need takes most of a second. Until
`raise_from_now_on` there is nothing to save, and the process just ends.
"""

import os
import signal
from types import FrameType

import __main__


def _end(number: int, frame: FrameType | None) -> None:
    os.write(2, b"error: interrupted\n")
    os._exit(130)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def raise_from_now_on() -> None:
    """Let both raise KeyboardInterrupt, for the code that has something to save."""
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)


def ignore_from_now_on() -> None:
    """Leave the end alone: all is done and said, only Python itself has still to close."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _is_a_script_of_ours() -> bool:
    """Whether this process is one, and not for instance a test that imports a piece of one."""
    program = getattr(__main__, "__file__", None) or ""
    return program.startswith(__file__.removesuffix("interrupts.py"))


# Whoever starts it with signals ignored, as nohup does, wants that to stay so.
if _is_a_script_of_ours() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, _end)
    signal.signal(signal.SIGTERM, _end)
