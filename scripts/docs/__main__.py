"""Write the generated pages of docs/ again.

    make docs

Exit codes: 0 done, 1 failed.
"""

from command import ROOT, parse, run

from pathlib import Path

from output import say

from docs.configuration import PATH, configuration


def main() -> int:
    parse(__doc__, "docs")
    for path, text in pages().items():
        (ROOT / path).write_text(text, encoding="utf-8")
        say(f"wrote {path}")
    return 0


def pages() -> dict[Path, str]:
    """Each generated page by its path in the checkout."""
    return {PATH: configuration()}


if __name__ == "__main__":
    run(main)
