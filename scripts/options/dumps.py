"""Which dumps, for the commands that read the artifacts of a schedule."""

import argparse
import re
from collections.abc import Mapping

from options.github import chosen_repositories
from telemetry.settings import UsageError


def chosen_workflow(
    options: argparse.Namespace, environ: Mapping[str, str], target: str
) -> tuple[str, str]:
    """Return the repository and the name of the workflow file whose dumps are meant.

    In a workflow of GitHub they are its own, whichever repositories it ingests. Raises UsageError.
    """
    repository = environ.get("GITHUB_REPOSITORY")
    if not repository:
        repository = chosen_repositories(options.repo, environ, target)[0]
    # Such as octo/app/.github/workflows/telemetry.yml@refs/heads/main
    of_actions = environ.get("GITHUB_WORKFLOW_REF", "").partition("@")[0]
    workflow = str(options.workflow or of_actions).rsplit("/", 1)[-1]
    if not workflow:
        raise UsageError("no workflow is named; try: WORKFLOW=telemetry.yml")
    if not re.fullmatch(r"[\w. -]+\.ya?ml", workflow):
        raise UsageError(f"WORKFLOW: {workflow!r} is not the name of a workflow file")
    return repository, workflow
