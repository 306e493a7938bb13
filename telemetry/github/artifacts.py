"""The artifact in which the schedule leaves a dump of the database."""

from telemetry.github.client import GitHub

DUMP_ARTIFACT = "telemetry.dump"


def find_dump(client: GitHub, repository: str, workflow: str) -> int | None:
    """Return the id of the newest run of this workflow file whose dump has not expired, or None.

    Failed runs count too: a run that failed for one repository has stored the others. Only runs
    started by the schedule or by hand count: a pull request can change the workflow file and upload
    a file of the same name, which must not be restored. Raises GitHubError.
    https://docs.github.com/rest/actions/artifacts#list-workflow-run-artifacts
    """
    path = f"/repos/{repository}/actions"
    runs = [
        run["id"]
        for event in ("schedule", "workflow_dispatch")
        for run in client.get(
            f"{path}/workflows/{workflow}/runs",
            {"event": event, "status": "completed", "per_page": 10},
        ).get("workflow_runs", [])
    ]
    for run_id in sorted(runs, reverse=True):
        artifacts = client.get(f"{path}/runs/{run_id}/artifacts").get("artifacts", [])
        if any(a["name"] == DUMP_ARTIFACT and not a["expired"] for a in artifacts):
            return int(run_id)
    return None
