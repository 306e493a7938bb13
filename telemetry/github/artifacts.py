"""The artifact in which the schedule leaves a dump of the database."""

from telemetry.github.client import GitHub

DUMP_ARTIFACT = "telemetry.dump"


def find_dump(client: GitHub, repository: str, workflow: str) -> int | None:
    """The newest run of that workflow file whose dump is still kept; None when there is none.

    Of all runs that have ended, because one that failed in one repository has stored what it
    fetched from the others. But only of those that a schedule or a person with write access
    started: a pull request may change the workflow file, and leave under the same name a file that
    this database must not run.
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
