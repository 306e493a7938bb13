"""Ids that were seen are found again, in whatever order they came."""

from hypothesis import given
from hypothesis import strategies as st

from telemetry.runs.run_ids import RunIds

IDS = st.integers(1, 2**63 - 1) | st.integers(1, 9)


@given(st.lists(st.lists(IDS)), st.lists(IDS))
def test_it_behaves_like_a_set(batches: list[list[int]], others: list[int]) -> None:
    ids, expected = RunIds(), set[int]()
    for batch in batches:
        ids.update(batch)
        expected.update(batch)
    for run_id in [*expected, *others]:
        assert (run_id in ids) == (run_id in expected)
    assert None not in ids
