"""Every question counts two workflows of the same name separately and shows which is which."""

from support.history import UNTIL
from support.reports import MONTH, a_job, a_run, known

from telemetry.database.connection import Connection
from telemetry.database.questions import Scope, ask, questions
from telemetry.database.upserts import upsert
from telemetry.rows.workflows import Workflow


def test_every_question_distinguishes_two_workflows_of_one_name(connection: Connection) -> None:
    """Where a question names workflows at all, it names both."""
    for workflow_id, file in ((3, "ci.yml"), (4, "release.yml")):
        upsert(connection, [Workflow(workflow_id, 7, "CI", f".github/workflows/{file}", "active")])
        for n in range(40):
            number, path = workflow_id * 1_000 + n, f".github/workflows/{file}"
            ended = "failure" if n % 2 else "success"
            run = a_run(number, n / 2 + 0.1, workflow_id=workflow_id, workflow_path=path,
                        conclusion=ended)  # fmt: skip
            upsert(connection, [run])
            upsert(connection, [a_job(run, labels=["own"])])
    known(connection, 7)
    connection.execute("update workflow_runs set jobs_listed_at = updated_at")
    both = {"CI (ci.yml)", "CI (release.yml)"}
    seen = 0
    for question in questions():
        answer = ask(connection, question.name, Scope(MONTH.since, UNTIL))
        column = next((name for name in ("workflow", "subject") if name in answer.columns), None)
        names = {row[column] for row in answer.rows if column and "CI" in str(row[column])}
        if names and question.name != "slowest_run":
            assert names == both, question.name
            seen += 1
    assert seen >= 9
