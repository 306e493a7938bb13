"""A compact set of run ids: eight bytes for each id."""

from array import array
from bisect import bisect_left
from collections.abc import Container, Iterable


class RunIds(Container[int]):
    """A set of run ids in a tenth of the memory of a Python set.

    Lists are newest first, so nearly every id is smaller than those before it. The ids are negated
    and sorted, so that a new one is appended.
    """

    def __init__(self) -> None:
        self._negated = array("q")

    def __contains__(self, run_id: object) -> bool:
        return isinstance(run_id, int) and self._is_at(self._place(run_id), run_id)

    def update(self, run_ids: Iterable[int]) -> None:
        """Add these ids."""
        for run_id in run_ids:
            place = self._place(run_id)
            if not self._is_at(place, run_id):
                self._negated.insert(place, -run_id)

    def _place(self, run_id: int) -> int:
        return bisect_left(self._negated, -run_id)

    def _is_at(self, place: int, run_id: int) -> bool:
        return place < len(self._negated) and self._negated[place] == -run_id
