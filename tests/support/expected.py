"""What the views say of a history, worked out a second time: in Python, one run at a time."""

from collections import Counter, defaultdict
from datetime import datetime
from typing import Any

from support.history import History
from telemetry.rows.jobs import WorkflowJob, WorkflowStep
from telemetry.rows.runs import WorkflowRun

RED = ("failure", "timed_out", "startup_failure")
Key = tuple[int, int]
Row = dict[str, Any]


def seconds(start: datetime | None, end: datetime | None) -> int | None:
    return None if start is None or end is None else max(0, int((end - start).total_seconds()))


class Expected:
    """What the views should say of a history, worked out one run at a time."""

    def __init__(self, history: History) -> None:
        self.runs = {(run.github_run_id, run.run_attempt): run for run in history.runs}
        self.of_run: dict[int, list[WorkflowRun]] = defaultdict(list)
        self.of_name: dict[tuple[Any, ...], set[int | None]] = defaultdict(set)
        for run in sorted(history.runs, key=lambda run: run.run_attempt):
            self.of_run[run.github_run_id].append(run)
            self.of_name[run.repository_id, run.workflow_name].add(run.workflow_id)
        self.listed = history.listed
        self.with_jobs = {(job.github_run_id, job.run_attempt) for job in history.jobs}
        self.ran: dict[Key, list[WorkflowJob]] = defaultdict(list)
        self.carried: dict[Key, list[WorkflowJob]] = defaultdict(list)
        for job in history.jobs:
            if job.is_inherited:
                self.carried[job.github_run_id, job.run_attempt].append(job)
            taken = job.runner_id is not None and job.conclusion != "skipped"
            if taken and not job.is_inherited and not job.is_pseudo:
                self.ran[job.github_run_id, job.run_attempt].append(job)
        self.steps: dict[tuple[int, int, int], list[WorkflowStep]] = defaultdict(list)
        for step in history.steps:
            self.steps[step.github_run_id, step.run_attempt, step.job_id].append(step)
        self.scheduled: dict[int | None, str | None] = {}
        for run in sorted(history.runs, key=lambda run: run.created_at):
            if run.event_type == "schedule":
                self.scheduled[run.repository_id] = run.branch

    def workflow(self, run: WorkflowRun) -> str | None:
        """Its name, with its file where another workflow of the repository has that name."""
        of_name = self.of_name[run.repository_id, run.workflow_name]
        if run.workflow_name is None or len(of_name) == 1:
            return run.workflow_name or run.workflow_path
        return f"{run.workflow_name} ({(run.workflow_path or '').rpartition('/')[2]})"

    def siblings(self, key: Key) -> list[WorkflowRun]:
        return self.of_run[key[0]]

    def completed_at(self, key: Key) -> datetime | None:
        ends = [job.completed_at for job in self.ran[key] if job.completed_at]
        return max(ends) if key in self.listed and ends else self.runs[key].completed_at

    def is_first(self, key: Key) -> bool:
        before = {run.run_attempt: run.conclusion for run in self.siblings(key)}
        approvals = all(before.get(number) == "action_required" for number in range(1, key[1]))
        return approvals and self.runs[key].conclusion not in ("action_required", "skipped")

    def is_green_later(self, key: Key) -> bool:
        return any(r.conclusion == "success" for r in self.siblings(key) if r.run_attempt > key[1])

    def branch_class(self, run: WorkflowRun) -> str:
        if (run.event_type or "").startswith("pull_request"):
            return "pull_request"
        own = self.scheduled.get(run.repository_id)
        is_default = run.branch == own if own else run.branch in ("main", "master")
        events = ("push", "schedule", "workflow_dispatch", "repository_dispatch", "workflow_run")
        return "default" if is_default and run.event_type in events else "other"

    def attempt(self, key: Key) -> Row:
        run, siblings = self.runs[key], self.siblings(key)
        before = [r for r in siblings if r.run_attempt < key[1]]
        asked = run.created_at if key[1] == 1 else run.started_at
        is_red, end = run.conclusion in RED, self.completed_at(key)
        is_decided, is_first = is_red or run.conclusion == "success", self.is_first(key)
        red_ends = [
            job.completed_at
            for job in self.ran[key]
            if job.conclusion in RED and job.completed_at and is_red and is_first
        ]
        return {
            "workflow": self.workflow(run),
            "branch_class": self.branch_class(run),
            "day": run.created_at.date(),
            "completed_at": end,
            "duration_seconds": seconds(run.started_at, end),
            "is_exact": key in self.listed,
            "is_decided": is_decided,
            "is_success": run.conclusion == "success",
            "is_red": is_red,
            "is_broken": is_red and self.is_broken(key),
            "attempts": siblings[-1].run_attempt,
            "is_first_attempt": is_first,
            "is_first_missing": siblings[0].run_attempt > 1,
            "is_latest_attempt": siblings[-1].run_attempt == key[1],
            "is_rerun": sum(r.conclusion == "action_required" for r in before) < key[1] - 1,
            "is_red_before": any(r.conclusion in RED for r in before),
            "is_green_later": self.is_green_later(key),
            "signal_seconds": seconds(asked, end) if is_decided and is_first else None,
            "red_signal_seconds": seconds(asked, min(red_ends)) if red_ends else None,
        }

    def is_broken(self, key: Key) -> bool:
        """Whether a failed attempt had no job, as far as that is known."""
        run = self.runs[key]
        if run.conclusion == "startup_failure" or key in self.listed:
            return run.conclusion == "startup_failure" or key not in self.with_jobs
        length = seconds(run.started_at, run.completed_at)
        return run.workflow_name == run.workflow_path and length is not None and length < 5

    def job(self, job: WorkflowJob) -> Row:
        queue, length = (
            seconds(job.created_at, job.started_at),
            seconds(job.started_at, job.completed_at),
        )
        is_hosted = job.runner_group_name == "GitHub Actions"
        longest = 24 * 3600 if is_hosted else 5 * 24 * 3600
        labels = sorted({label.lower() for label in job.labels or ()})
        return {
            "job": job.name or "unnamed",
            "job_base": without_matrix(job.name or "unnamed"),
            "runner_label": ", ".join(labels).replace("123456789", "*") or None,
            "is_hosted": is_hosted,
            "is_red": job.conclusion in RED,
            "is_decided": job.conclusion in (*RED, "success"),
            "queue_seconds": queue if queue is not None and queue <= 24 * 3600 else None,
            "duration_seconds": length if length is not None and length <= longest else None,
        }

    def failing_step(self, job: WorkflowJob) -> str | None:
        """The name of the first step that failed, else that was cancelled, of a failed job."""
        steps = self.steps[job.github_run_id, job.run_attempt, job.job_id]
        red = [step for step in steps if step.conclusion in RED]
        red = red or [step for step in steps if step.conclusion == "cancelled"]
        return (red[0].name or "unnamed") if red else None

    def outages(self) -> dict[tuple[int | None, datetime], tuple[int, int]]:
        """For each repository and hour: how many attempts were decided, and how many red."""
        hours = defaultdict(list)
        for run in self.runs.values():
            if run.conclusion in (*RED, "success"):
                hour = (run.started_at or run.created_at).replace(minute=0, second=0)
                hours[run.repository_id, hour].append(run)
        return {
            key: (len(runs), red)
            for key, runs in hours.items()
            if (red := sum(run.conclusion in RED for run in runs)) * 5 > len(runs) * 4
            and len(runs) >= 5
            and len({run.commit_sha for run in runs}) >= 3
        }

    def flaky(self) -> Counter[tuple[int, str]]:
        """For each flaky run and job: in how many attempts it failed, outages aside."""
        outages, found = self.outages(), Counter[tuple[int, str]]()
        for run_id in {key[0] for key in self.runs}:
            history: dict[str, list[bool]] = defaultdict(list)
            for run in self.siblings((run_id, 0)):
                outcomes = defaultdict(list)
                for job in self.ran[run_id, run.run_attempt]:
                    if job.conclusion in (*RED, "success"):
                        outcomes[job.name or "unnamed"].append(job.conclusion == "success")
                hour = (run.started_at or run.created_at).replace(minute=0, second=0)
                for name, green in outcomes.items():
                    if all(green) or (run.repository_id, hour) not in outages:
                        history[name].append(all(green))
            for name, greens in history.items():
                if {*greens} == {True, False}:
                    found[run_id, name] = greens.count(False)
        return found

    def incidents(self) -> Counter[tuple[Any, ...]]:
        """Workflow, first red moment, recovery, and how many runs were red."""
        workflows: dict[int | None, list[list[WorkflowRun]]] = defaultdict(list)
        for run_id in {key[0] for key in self.runs}:
            siblings = self.siblings((run_id, 0))
            if self.branch_class(siblings[0]) == "default":
                workflows[siblings[0].workflow_id].append(siblings)
        found: dict[tuple[Any, ...], list[datetime]] = defaultdict(list)
        for workflow_id, runs in workflows.items():
            runs.sort(key=lambda siblings: siblings[0].created_at)
            for place, siblings in enumerate(runs):
                reds = self._ends(siblings, RED)
                greens = [end for run in runs[place:] for end in self._ends(run, ("success",))]
                if reds and (not greens or min(reds) < min(greens)):
                    found[workflow_id, min(greens, default=None)].append(min(reds))
        return Counter({(*key, min(reds)): len(reds) for key, reds in found.items()})

    def _ends(self, siblings: list[WorkflowRun], conclusions: tuple[str, ...]) -> list[datetime]:
        ends = [
            self.completed_at((run.github_run_id, run.run_attempt))
            for run in siblings
            if run.conclusion in conclusions
        ]
        return [end for end in ends if end]

    def streaks(self) -> set[int]:
        """Scheduled runs that failed after three others of their workflow had, one by one."""
        found, reds = set(), Counter[int | None]()
        for run_id, first in sorted(
            {k[0]: r for k, r in self.runs.items() if r.event_type == "schedule"}.items(),
            key=lambda pair: pair[1].created_at,
        ):
            is_counted = False
            for run in self.siblings((run_id, 0)):
                if run.conclusion == "success":
                    reds[first.workflow_id], is_counted = 0, False
                elif run.conclusion in RED and not is_counted:
                    reds[first.workflow_id] += 1
                    is_counted = True
                    if reds[first.workflow_id] > 3:
                        found.add(run_id)
        return found

    def is_run_again(self, job: WorkflowJob) -> bool:
        """Whether a later attempt ran a job of this name, and did not carry this one over."""
        times = (job.name, job.started_at, job.completed_at)
        for run in self.siblings((job.github_run_id, job.run_attempt)):
            key = (run.github_run_id, run.run_attempt)
            names = [other.name for other in self.ran[key] if other.name is not None]
            copies = [(each.name, each.started_at, each.completed_at) for each in self.carried[key]]
            if run.run_attempt > job.run_attempt and job.name in names and times not in copies:
                return True
        return False

    def wasted(self) -> dict[tuple[int, int, int], str]:
        """Why the time of a job was wasted, for those whose was."""
        streaks, found = self.streaks(), {}
        for key, run in self.runs.items():
            is_red = run.conclusion in RED
            for job in self.ran[key]:
                if is_red and self.is_green_later(key) and self.is_run_again(job):
                    found[*key, job.job_id] = "rerun"
                elif "cancelled" in (job.conclusion, run.conclusion):
                    found[*key, job.job_id] = "cancelled"
                elif is_red and key[0] in streaks:
                    found[*key, job.job_id] = "streak"
        return found


def without_matrix(name: str) -> str:
    """The name without what stands in brackets after a blank, read letter by letter."""
    kept, depth = "", 0
    for place, letter in enumerate(name):
        if letter == "(" and (depth or name[place - 1] == " "):
            depth += 1
        kept += letter if depth == 0 else ""
        if letter == ")" and depth:
            depth -= 1
    return kept.replace("  ", " ").strip()
