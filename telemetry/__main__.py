"""The command `actions-telemetry`, also as `python -m telemetry`: it runs scripts/console.py."""

import runpy
import sys

from telemetry.installation import place


def main() -> None:
    """Run the command that the arguments name; ends the process."""
    scripts = place("scripts")
    sys.path.insert(0, str(scripts))
    runpy.run_path(str(scripts / "console.py"), run_name="__main__")


if __name__ == "__main__":
    main()
