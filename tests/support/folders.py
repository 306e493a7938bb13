"""Where the servers of tests keep their data."""

import os
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
LEAST_FREE = 2 * 2**30  # bytes; a server and all its databases take a quarter of it


def new_folder() -> Path:
    """Make a folder, in memory if it has room: a database is made there in a tenth of the time.

    Whoever asks for it removes it.
    """
    place = MEMORY if _is_suitable(MEMORY) else None
    return Path(tempfile.mkdtemp(prefix="telemetry-", dir=place))


def _is_suitable(place: Path) -> bool:
    if not os.access(place, os.W_OK | os.X_OK):
        return False
    about = os.statvfs(place)
    # Some tests start programs that they have copied there.
    is_executable = not about.f_flag & getattr(os, "ST_NOEXEC", 0)
    return is_executable and about.f_bavail * about.f_frsize >= LEAST_FREE
