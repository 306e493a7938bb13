"""Memory that is freed goes back to the system."""

import ctypes
import sys
from contextlib import suppress

M_MMAP_THRESHOLD = -3  # of glibc's malloc.h
LARGE_BLOCK = 2**18


def return_freed_memory() -> None:
    """Have glibc return blocks above 256 KiB to the system as they are freed.

    Left to itself it raises that bound to the largest block ever freed, and of the pages that
    several threads fetched the pieces stay: measured over 40,000 runs, 224 MB where this keeps
    66. With other C libraries nothing happens.
    """
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):
            ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK)
