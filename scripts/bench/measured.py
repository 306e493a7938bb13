"""Run a command without showing its output; print as JSON what it used and how it ended.

A process of its own, because only one without other children can measure this one. It loads
little, because on Linux the peak of a child starts at the size of its parent.
"""

import json
import resource
import subprocess
import sys
import time

LONGEST_SECONDS = 600

began = time.monotonic()
done = subprocess.run(sys.argv[1:], capture_output=True, text=True, timeout=LONGEST_SECONDS)
seconds = time.monotonic() - began
used = resource.getrusage(resource.RUSAGE_CHILDREN)
found = {
    "seconds": seconds,
    "cpu_seconds": used.ru_utime + used.ru_stime,
    "peak_bytes": used.ru_maxrss * (1 if sys.platform == "darwin" else 1_024),
}
json.dump({"code": done.returncode, "errors": done.stderr, "used": found}, sys.stdout)
