"""Tells runs that GitHub no longer has from a repository that does not answer for them."""

from contextlib import ExitStack
from threading import Lock

from telemetry.github.client import GitHub
from telemetry.github.errors import GitHubError


class Missing:
    """Runs of the repository `name` for which GitHub answers 404.

    A repository that was deleted, or that the token may no longer read, answers like one whose runs
    were deleted. So GitHub is asked for the repository, once for several runs.
    """

    def __init__(self, client: GitHub, name: str) -> None:
        self._client = client
        self._name = name
        self._kept = ExitStack()
        self._is_kept = False
        self._lock = Lock()

    def keep_request(self) -> None:
        """Set one of the requests left aside for that question, now that a run is not found.

        Otherwise the search for runs that are gone could use up all, each time in vain. Any thread
        may call it.
        """
        with self._lock:
            if not self._is_kept and self._client.budget != 0:
                self._kept.enter_context(self._client.set_aside(1))
                self._is_kept = True

    def confirm_gone(self, missing: list[int]) -> tuple[list[int], GitHubError | None]:
        """Return which of these runs are gone, or why that is not known."""
        if not missing:
            return [], None
        try:
            self._client.get_repository(self._name, is_urgent=self._is_kept)
        except GitHubError as error:
            return [], error
        finally:
            with self._lock:
                self._kept.close()
                self._is_kept = False
        return missing, None
