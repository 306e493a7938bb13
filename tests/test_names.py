"""A name that is nearly that of a setting is named, and those of others are skipped."""

import pytest
from options.names import not_read

KNOWN = {
    "TELEMETRY_KEEP",
    "TELEMETRY_PORT",
    "TELEMETRY_SINCE",
    "TELEMETRY_MAX_AGE",
    "DATABASE_URL",
    "GITHUB_TOKEN",
}


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("TELEMETRY_KEP", "TELEMETRY_KEEP"),
        ("KEEP", "TELEMETRY_KEEP"),
        ("maxage", "TELEMETRY_MAX_AGE"),
        ("DATABASE_URI", "DATABASE_URL"),
        ("GITHUB_TOKN", "GITHUB_TOKEN"),
        ("TELEMETRY_COLOUR", None),
    ],
)
def test_a_misspelled_key_of_the_file_is_named(name: str, meant: str | None) -> None:
    hint = f"; did you mean {meant}?" if meant else ""
    assert not_read({name: "1"}, {}, KNOWN) == [f"{name} in .env is not read{hint}"]


def test_known_names_and_those_of_other_programs_are_ignored() -> None:
    others = {
        "PGPASSWORD": "",
        "PGPORT": "",
        "AWS_REGION": "",
        "NPM_TOKEN": "",
        **dict.fromkeys(KNOWN, ""),
    }
    assert not_read(others, {"KEEP": "", "TELEMETRY_COLOUR": "", **others}, KNOWN) == []
    assert not_read({}, {"TELEMETRY_KEP": "x"}, KNOWN) == [
        "TELEMETRY_KEP in the environment is not read; did you mean TELEMETRY_KEEP?"
    ]
