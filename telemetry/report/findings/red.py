"""What is red on the default branch: since which commit, who is blocked, and what to do."""

from collections.abc import Sequence

from telemetry import counted
from telemetry.report.data import RepositoryReport
from telemetry.report.figures import Row, day, duration, minute
from telemetry.report.findings.finding import LONG_AGO, Finding, other_workflows, undeployed
from telemetry.report.github_pages import comparison_page, run_page
from telemetry.terminal import Name, Sentence

# From this many failed runs on, a deployment that no push starts is urgent too.
MANY_DEPLOYMENTS = 3


def red(report: RepositoryReport) -> Finding | None:
    """Return the finding about what is red, most blocking first; None if nothing is red."""
    if not report.red:
        return None
    worst, *others = sorted(
        report.red, key=lambda each: (not report.blocks_merges(each), not each["is_deployment"])
    )
    sentence: Sentence = (*_since(worst), *_behind(worst), *_pause(worst, report))
    stopping = [each for each in others if report.blocks_merges(each)]
    idle = [each for each in others if not report.blocks_merges(each)]
    sentence += _too(" Red too: ", stopping)
    sentence += _too(" Red too, with no push waiting: ", idle)
    blocks = report.blocks_merges(worst)
    deploys = worst["is_deployment"] and worst["red_runs"] >= MANY_DEPLOYMENTS
    advice = _advice(worst, blocks)
    return Finding("red", sentence, advice, 0, blocks or deploys, worst, _links(worst, report))


def _too(lead: str, incidents: Sequence[Row]) -> Sentence:
    """Return others that are red, each with its day; empty if there are none."""
    others = [(Name(each["workflow"]), f" since {day(each['red_at'])}") for each in incidents]
    return other_workflows(lead, others)


def _since(incident: Row) -> Sentence:
    """Return since when it has been red, worded for pushes, schedules and manual runs."""
    who, name = incident["actor"], Name(incident["workflow"])
    runs = counted(incident["red_runs"], "failed run")
    people = incident["people"]
    if people > 1:
        runs += f" of {people} people"
    lasting = f"{minute(incident['red_at'])}, for {duration(incident['seconds'])} and {runs}."
    if incident["red_pushes"]:
        return (name, f" has been red on the default branch since {lasting}")
    if incident["red_schedules"]:
        if incident["red_runs"] == 1:
            return (name, f" failed when its schedule started it, and has been red since {lasting}")
        return (name, f" fails whenever its schedule starts it, since {lasting}")
    if incident["red_by_workflows"]:
        return (name, f" fails when another workflow starts it, since {lasting}")
    by: Sentence = ("somebody",) if who is None else (Name(who),)
    return (name, " failed when ", *by, f" started it, and has been red since {lasting}")


def _behind(incident: Row) -> Sentence:
    """Return the last green commit and the first red one, with the actor of its run."""
    green, first = incident["last_green_sha"], incident["commit_sha"]
    if first is None:
        return ()
    by: Sentence = (" by ", Name(incident["actor"])) if incident["actor"] else ()
    said: Sentence = (" First red at ", Name(first[:7]), *by)
    if incident["last_green_at"] is None:
        return (*said, "; no earlier green run is stored.")
    if green == first:
        at = Name(first[:7])
        return (
            " First red at ",
            at,
            f", a commit that was green on {day(incident['last_green_at'])}.",
        )
    known: Sentence = (Name(green[:7]), " of ") if green else ()
    return (*said, "; last green at ", *known, f"{day(incident['last_green_at'])}.")


def _pause(incident: Row, report: RepositoryReport) -> Sentence:
    last = incident["last_red_run_created_at"]
    if report.period.until - last <= LONG_AGO:
        return ()
    return (f" It has not run since {day(last)}.",)


def _advice(incident: Row, blocks: bool) -> Sentence:
    name = Name(incident["workflow"])
    if incident["is_deployment"]:
        return undeployed(name)
    if blocks:
        return ("Make ", name, " green before merging anything else.")
    if incident["red_pushes"]:
        return ("Start ", name, " again, or delete it: no push has started it for a week.")
    if incident["red_schedules"]:
        return ("Fix ", name, " or stop its schedule; no push waits for it.")
    if incident["red_by_workflows"]:
        return ("Fix ", name, " or what starts it; no push waits for it.")
    return ("Start ", name, " again when it is needed; nothing waits for it.")


def _links(incident: Row, report: RepositoryReport) -> tuple[tuple[str, str], ...]:
    api_host, green, first = report.api_host, incident["last_green_sha"], incident["commit_sha"]
    found = (
        ("what came in between", comparison_page(api_host, report.repository, green, first)),
        ("first red run", run_page(api_host, incident["html_url"])),
        ("last green run", run_page(api_host, incident["last_green_url"])),
    )
    return tuple((words, address) for words, address in found if address is not None)
