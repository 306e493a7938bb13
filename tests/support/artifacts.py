"""Artifacts as GitHub lists them."""

from typing import Any

from pytest_httpserver import HTTPServer


def answers(httpserver: HTTPServer, artifacts: dict[int, list[dict[str, Any]]]) -> None:
    """Two scheduled runs and one by hand, with these artifacts."""
    path = "/repos/acme/app/actions"
    for event, ids in (("schedule", [10, 30]), ("workflow_dispatch", [20])):
        httpserver.expect_request(
            f"{path}/workflows/telemetry.yml/runs",
            query_string={"event": event, "status": "completed", "per_page": "10"},
        ).respond_with_json({"workflow_runs": [{"id": n} for n in ids]})
    for run_id, found in artifacts.items():
        httpserver.expect_request(f"{path}/runs/{run_id}/artifacts").respond_with_json(
            {"artifacts": found}
        )


def artifact(name: str = "telemetry.dump", expired: bool = False) -> dict[str, Any]:
    return {"name": name, "expired": expired}
