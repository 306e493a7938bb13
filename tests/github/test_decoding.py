"""What is repeated in an answer is parsed once, and the result is as if it were not."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry.github import decoding
from telemetry.github.decoding import json_object

REPOSITORY = {"id": 7, "name": "app é 😀", "owner": {"login": "acme", "id": 1}, "private": False}


def text_of(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def page(*repositories: Any, **more: Any) -> dict[str, Any]:
    runs = [
        {"id": n, "name": more.get("name", "CI"), "repository": each, "head_repository": each}
        for n, each in enumerate(repositories)
    ]
    return {"total_count": len(runs), "workflow_runs": runs}


PAGES = [
    page(*[REPOSITORY] * 5),
    page(REPOSITORY, {**REPOSITORY, "id": 8}, REPOSITORY),
    page(REPOSITORY),
    page(*[REPOSITORY] * 3, name="-Infinity"),
    page(*[REPOSITORY] * 3, name='{"id":7,"name":"app"'),
    page(*[REPOSITORY] * 3, name='\\"repository\\":' + text_of(REPOSITORY).decode()),
    page({"id": 7}, {"id": 7}, None, {"id": 70}),
    page(None, None),
    {"workflow_runs": [{"repository": REPOSITORY}, {"name": REPOSITORY}, REPOSITORY]},
    {"repository": {"id": 1, "parent": {"repository": {"id": 1}}}},
]


@pytest.mark.parametrize("value", PAGES)
def test_a_page_is_as_json_reads_it(value: Any) -> None:
    assert json_object(text_of(value)) == value


def test_a_repeated_repository_is_one_object() -> None:
    found = json_object(text_of(page(*[REPOSITORY] * 50)))
    repositories = [run[key] for run in found["workflow_runs"] for key in run if "repo" in key]
    assert len(repositories) == 100
    assert len({id(each) for each in repositories}) == 1


@pytest.mark.parametrize("constant", ["-Infinity", "Infinity", "NaN"])
def test_a_constant_that_is_no_json_stays_the_number_that_it_was(constant: str) -> None:
    body = text_of(page(*[REPOSITORY] * 3)).replace(b'"CI"', constant.encode(), 1)
    found, expected = json_object(body), json.loads(body)
    assert repr(found) == repr(expected)


repositories = st.fixed_dictionaries({"id": st.integers(0, 2)}, optional={"a": st.text()})
names = st.text() | st.sampled_from(["-Infinity", "NaN", '{"id":1', '"repository":{"id":1}'])
runs = st.fixed_dictionaries({"name": names, "repository": st.none() | repositories})


@settings(deadline=None, max_examples=150)
@given(st.lists(runs), st.integers(0, 60))
def test_any_page_is_as_json_reads_it(listed: list[Any], cut: int) -> None:
    body = text_of({"workflow_runs": listed})
    assert json_object(body) == json.loads(body)
    with pytest.raises(ValueError, match="is not"):
        json_object(body[: len(body) - 1 - cut])


def test_a_first_repository_that_does_not_end_is_parsed_as_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    value = page(*[REPOSITORY] * 3)
    monkeypatch.setattr(decoding, "LONGEST_REPEATED", 30)
    assert json_object(text_of(value)) == value
