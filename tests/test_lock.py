"""requirements/action.txt is what pyproject.toml asks for, whole and with hashes."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from support.paths import ROOT

LOCK = (ROOT / "requirements" / "action.txt").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
REMAKE = "run: make lock"
# Each requirement with its hashes, which are continuation lines.
LINES = [
    line
    for line in re.sub(r"\\\n\s*", "", LOCK).splitlines()
    if line.strip() and not line.lstrip().startswith("#")
]
LOCKED = {
    canonicalize_name(found[1]): found[2]
    for line in LINES
    if (found := re.match(r"([\w.-]+)==(\S+)", line))
}


def asked_for() -> list[Requirement]:
    """What the toolkit needs at run time, with the embedded server, and to be built."""
    extras = PROJECT["project"]["optional-dependencies"]
    texts = [
        *PROJECT["build-system"]["requires"],
        *PROJECT["project"]["dependencies"],
        *extras["embedded"],
        *(text for text in extras["action"] if not text.startswith("actions-telemetry[")),
    ]
    return [Requirement(text) for text in texts]


def needed_by(asked: list[Requirement]) -> set[str]:
    """Their names and those of all that they need here, as the installed packages say."""
    found: set[str] = set()
    waiting = [(asked, extra) for asked in asked for extra in ("", *asked.extras)]
    while waiting:
        requirement, extra = waiting.pop()
        name = canonicalize_name(requirement.name)
        found.add(name)
        try:
            texts = requires(name) or []
        except PackageNotFoundError:  # of another version than the tests have
            continue
        for text in texts:
            further = Requirement(text)
            is_meant = further.marker is None or further.marker.evaluate({"extra": extra})
            if is_meant and canonicalize_name(further.name) not in found:
                waiting += [(further, each) for each in ("", *further.extras)]
    return found


def test_every_requirement_is_one_version_with_hashes() -> None:
    assert len(LINES) == len(LOCKED) > 5
    for line in LINES:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", line), f"{line[:60]}: {REMAKE}"


def test_what_the_project_asks_for_is_locked_in_a_version_that_it_allows() -> None:
    for requirement in asked_for():
        version = LOCKED.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement} is not locked; {REMAKE}"
        assert requirement.specifier.contains(version, prereleases=True), REMAKE


def test_nothing_is_missing_that_these_need() -> None:
    missing = needed_by(asked_for()) - LOCKED.keys()
    assert not missing, f"not locked: {', '.join(sorted(missing))}; {REMAKE}"


def test_the_file_says_how_to_regenerate_it() -> None:
    assert "make lock" in LOCK.splitlines()[1]


def test_the_action_installs_from_it_and_from_nowhere_else() -> None:
    action = (ROOT / "action.yml").read_text(encoding="utf-8")
    installs = re.findall(r"pip\" install (.*)", action)
    assert [("--require-hashes" in each, "--no-index" in each) for each in installs] == [
        (True, False),
        (False, True),
    ]
    assert '-r "$GITHUB_ACTION_PATH/requirements/action.txt"' in installs[0]
