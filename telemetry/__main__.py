"""The command `actions-telemetry`, also as `python -m telemetry`: it runs scripts/console.py."""

import sys
from os import sep

import telemetry

# The scripts are inside an installed package, but beside the package of a checkout. The handler of
# Ctrl-C is loaded first, so this cannot use telemetry.installation, which knows the same places.
_PACKAGE = telemetry.__path__[0]
sys.path[:0] = [f"{folder}{sep}scripts" for folder in (_PACKAGE, _PACKAGE.rpartition(sep)[0])]
_interrupts = __import__("interrupts")
_interrupts.take_from_now_on()


def main() -> None:
    """Run the command that the arguments name; ends the process."""
    import runpy

    console = str(_interrupts.__file__).replace("interrupts.py", "console.py")
    runpy.run_path(console, run_name="__main__")


if __name__ == "__main__":
    main()
