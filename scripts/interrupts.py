"""Handle Ctrl-C, SIGTERM and SIGHUP from the start: one line, exit code 130, never a traceback.

SIGHUP comes when a terminal is closed. Scripts import this first, because loading their other
modules takes most of a second. Until `raise_from_now_on` there is nothing to save, so the process
just ends.

Python itself would answer a signal that comes earlier with a traceback. So the Makefile starts it
with SIGINT blocked, where `env` can do that, and the signal is delivered once there is a handler.
"""

# The part of the module signal that is written in C: the other part takes milliseconds to load.
import _signal as signal  # type: ignore[import-not-found]
import os
import sys
import time

import __main__


def _end(number: int, frame: object) -> None:
    os.write(2, b"error: interrupted\n")
    os._exit(130)


# Seconds in which another signal has no effect, while the command stops and says so. People press
# Ctrl-C twice, and make passes on what the terminal has already sent.
ON_THE_WAY_OUT = 5.0
_received_at: float | None = None
A_MOMENT = 0.01  # seconds


def _interrupt(number: int, frame: object) -> None:
    global _received_at
    now = time.monotonic()
    if _received_at is None or now - _received_at > ON_THE_WAY_OUT:
        _received_at = now
        raise KeyboardInterrupt


def received() -> bool:
    """Whether a signal arrived: later errors happened on the way out."""
    return _received_at is not None


def raise_from_now_on() -> None:
    """Make these signals raise KeyboardInterrupt, for code that has something to save."""
    signal.signal(signal.SIGALRM, _raise)
    sys.unraisablehook = _raise_later
    _handle(_interrupt)


def ignore_from_now_on() -> None:
    """Ignore them: the work is done, and only Python itself has to exit."""
    _handle(signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_IGN)


def _raise(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _raise_later(met: "sys.UnraisableHookArgs") -> None:
    """Raise an interrupt again that came where nothing can be raised, such as in a __del__."""
    if met.exc_type is KeyboardInterrupt:
        signal.setitimer(signal.ITIMER_REAL, A_MOMENT)
    else:
        sys.__unraisablehook__(met)


def take_from_now_on() -> None:
    """End the process at any of them: there is nothing to save yet.

    A signal that was ignored at the start, as by nohup, stays ignored.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        _handle(_end)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _handle(handler: object) -> None:
    signal.signal(signal.SIGINT, handler)
    signal.signal(signal.SIGTERM, handler)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup has it ignored
        signal.signal(signal.SIGHUP, handler)


def _is_a_script_of_ours() -> bool:
    """Whether this process runs one of our scripts, and not a test that imports one."""
    program = getattr(__main__, "__file__", None) or ""
    return program.startswith(__file__.removesuffix("interrupts.py"))


if _is_a_script_of_ours():
    take_from_now_on()
