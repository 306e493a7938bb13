"""A month of an organization and GitHub's bill for it, whose difference has known causes.

The bill is written from the true jobs, with prices of its own: it knows nothing of the product.
"""

import csv
import hashlib
import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from math import ceil
from random import Random
from typing import Any

from telemetry.simulated.entities import Commit, Job, PlannedJob, Repository, Run, Workflow
from telemetry.simulated.plans import planned_jobs
from telemetry.simulated.world import World

DAY = 86_400
OWNER = "acme"
FILES = ".github/workflows/"
RUNS_PER_DAY = 5
INCLUDED_MINUTES = 600
LARGER_DISCOUNT = Decimal("0.125")
CENT_OF_A_CENT = Decimal("0.0001")

# By the label of a job: how GitHub bills it, and US dollars a minute. `box-8` is a larger runner
# that the organization has named.
SKUS = {
    "ubuntu-latest": ("linux", Decimal("0.006")),
    "windows-latest": ("windows", Decimal("0.010")),
    "macos-latest-large": ("macos_l", Decimal("0.077")),
    "box-8": ("linux_8_core", Decimal("0.022")),
}
LARGER, UNLABELLED = "macos-latest-large", "box-8"

CI = (
    PlannedJob("build", seconds=150),
    PlannedJob("test", seconds=290, stage=1),
    PlannedJob("windows", ("windows-latest",), 340, stage=1),
    PlannedJob("mac", (LARGER,), 200, stage=1),
)
BOX = (PlannedJob("train", (UNLABELLED,), 700), PlannedJob("publish", seconds=30, stage=1))
PAGES = (PlannedJob("deploy", seconds=70),)

Truth = dict[str, Decimal]


@dataclass(frozen=True)
class UsageLine:
    """One line of the detailed usage report, named like its columns."""

    date: date
    product: str
    sku: str
    quantity: Decimal
    unit_type: str
    applied_cost_per_quantity: Decimal
    gross_amount: Decimal
    discount_amount: Decimal
    net_amount: Decimal
    username: str
    organization: str
    repository: str
    workflow_path: str
    cost_center_name: str = ""


@dataclass(frozen=True)
class Month:
    """The world at the end of the month, its bill, and the true US dollars of each cause.

    `listed` are the repositories that an ingest may know; the others are only billed.
    """

    world: World
    listed: Sequence[str]
    lines: Sequence[UsageLine]
    truth: Truth


def month_of_bills(seed: int, now: datetime) -> Month:
    """Return the month that ends at `now`. The same arguments give the same month."""
    month = _Month(World(now, seed), Random(seed))
    month.plan()
    lines = [*month.of_jobs(), *month.of_others()]
    return Month(month.world, ("acme/app", "acme/site"), lines, dict(month.truth))


def usage_report(lines: Iterable[UsageLine]) -> str:
    """Return the detailed usage report as GitHub writes it: CSV, every value quoted."""
    text = io.StringIO()
    columns = list(UsageLine.__dataclass_fields__)
    writer = csv.DictWriter(text, columns, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writeheader()
    for line in lines:
        of_actions = line.product == "actions"
        sku = f"actions_{line.sku}" if of_actions else line.sku
        writer.writerow({**vars(line), "sku": sku})
    return text.getvalue()


def billing_items(lines: Iterable[UsageLine]) -> list[dict[str, Any]]:
    """Return the lines as the billing API shows them, which sums over workflows and users."""
    sums: dict[tuple[Any, ...], list[Decimal]] = {}
    for line in lines:
        name, price = line.repository, line.applied_cost_per_quantity
        key = (line.date, line.product, line.sku, line.unit_type, name, price)
        amounts = (line.quantity, line.gross_amount, line.discount_amount, line.net_amount)
        known = sums.setdefault(key, [Decimal(0)] * 4)
        sums[key] = [a + b for a, b in zip(known, amounts, strict=True)]
    return [
        {
            "date": f"{day}T00:00:00Z",
            "product": product.capitalize(),
            "sku": f"{product.capitalize()} {sku}" if product == "actions" else sku,
            "unitType": unit.capitalize(),
            "pricePerUnit": float(price),
            "organizationName": OWNER,
            "repositoryName": f"{OWNER}/{repository}" if repository else "",
            "quantity": float(quantity),
            "grossAmount": float(gross),
            "discountAmount": float(discount),
            "netAmount": float(net),
        }
        for (day, product, sku, unit, repository, price), (
            quantity,
            gross,
            discount,
            net,
        ) in sums.items()
    ]


@dataclass
class _Month:
    """The month while it is planned and billed."""

    world: World
    rng: Random
    truth: Truth = field(default_factory=lambda: defaultdict(Decimal))
    included: int = INCLUDED_MINUTES

    def plan(self) -> None:
        """Plan all runs; the last one is still running at the end."""
        world = self.world
        app = world.add_repository("acme/app")
        site = world.add_repository("acme/site")
        legacy = world.add_repository("acme/legacy")
        app.private = legacy.private = True
        ci = world.add_workflow(app, "CI", FILES + "ci.yml", CI)
        box = world.add_workflow(app, "Box", FILES + "box.yml", BOX)
        pages = world.add_workflow(app, "Pages", "dynamic/pages/pages-build-deployment", PAGES)
        public = world.add_workflow(site, "CI", FILES + "ci.yml", CI)
        old = world.add_workflow(legacy, "CI", FILES + "ci.yml", CI)
        chosen = [(app, ci)] * 4 + [(app, box), (app, pages), (site, public), (legacy, old)]
        last = world.second - world.second % DAY
        first = last - (world.now.day - 1) * DAY
        # Runs of the last evening would be open too, and of the night before be billed next day.
        for midnight in range(first, last, DAY):
            for _ in range(RUNS_PER_DAY):
                repository, workflow = self.rng.choice(chosen)
                self._run(repository, workflow, midnight + self.rng.randrange(3_600, 75_600))
        self._run(app, ci, world.second - 300)

    def _run(self, repository: Repository, workflow: Workflow, second: int) -> None:
        sha = hashlib.sha1(f"{self.world.seed} {second} {repository.id}".encode()).hexdigest()
        author = self.world.account(f"dev-{self.rng.randint(1, 3)}")
        commit = Commit(sha, "Change something", f"change-{second}", author, second)
        fails = self.rng.random() < 0.15 and second < self.world.second - 6 * 3_600
        conclusion = "failure" if fails else "success"
        run = self.world.plan_run(workflow, commit, "push", second, conclusion)
        if fails:
            self.world.plan_attempt(
                run, run.attempts[0].updated_at + 300, "success", author, failed_only=True
            )

    def of_jobs(self) -> Iterator[UsageLine]:
        """Yield the lines of all jobs that have ended, and note the cause of each difference."""
        sums: Counter[tuple[Any, ...]] = Counter()
        for at, repository, run, job in sorted(self._ended(), key=lambda each: each[0]):
            minutes = max(1, ceil((job.ends_at - job.started_at) / 60))
            label = job.labels[0]
            is_free = self._is_free(repository, run, label)
            is_open = self.world.latest(run).updated_at > self.world.second
            # A second more by GitHub's clock is a minute more.
            is_longer = (job.ends_at - job.started_at) % 60 == 0
            is_stored = not (is_open or is_free or repository.full_name == "acme/legacy")
            if is_longer and is_stored and label != UNLABELLED:
                self.truth["rounding"] += SKUS[label][1]
                minutes += 1
            day = datetime.fromtimestamp(at, UTC).date()
            actor = run.actor.login if run.actor else ""
            key = (day, repository.full_name, run.workflow.path, label, actor, is_open, is_free)
            sums[key] += minutes
        for key, minutes in sums.items():
            yield self._line(key, minutes)

    def _ended(self) -> Iterator[tuple[int, Repository, Run, Job]]:
        for repository in self.world.repositories:
            for run in repository.runs:
                for attempt in run.attempts:
                    for job in planned_jobs(run, attempt, self.world.seed):
                        ran = job.runner_id and not job.inherited and job.planned
                        if ran and job.ends_at <= self.world.second:
                            yield job.started_at, repository, run, job

    def _is_free(self, repository: Repository, run: Run, label: str) -> bool:
        is_standard = label not in (LARGER, UNLABELLED)
        return is_standard and (
            not repository.private or run.workflow.path.startswith("dynamic/pages")
        )

    def _line(self, key: tuple[Any, ...], minutes: int) -> UsageLine:
        day, repository_name, path, label, actor, is_open, is_free = key
        sku, price = SKUS[label]
        gross = minutes * price
        cause, discount = "", Decimal(0)
        whole = self._whole(repository_name, label, is_open)
        if is_free:
            cause, discount = "free rule", gross
        elif label == LARGER:
            cause, discount = "larger-runner discount", gross * LARGER_DISCOUNT
        elif whole is None:
            used = min(self.included, minutes)
            self.included -= used
            cause, discount = "included minutes", used * price
        net = (gross - discount).quantize(CENT_OF_A_CENT)
        if whole is not None:
            self.truth[whole] += net
        else:
            self.truth[cause] -= discount
            self.truth["rounding"] += net - (gross - discount)
        name = repository_name.partition("/")[2]
        amounts = (gross, discount, net)
        return UsageLine(
            day,
            "actions",
            sku,
            Decimal(minutes),
            "minutes",
            price,
            *amounts,
            actor,
            OWNER,
            name,
            path,
        )

    def _whole(self, repository: str, label: str, is_open: bool) -> str | None:
        """The cause of a whole line, if none of its jobs is stored with a price."""
        if repository == "acme/legacy":
            return "run not stored"
        if is_open:
            return "job still pending"
        return "job without a label" if label == UNLABELLED else None

    def of_others(self) -> Iterator[UsageLine]:
        """Yield the lines of everything that is not a job."""
        last = self.world.now.date()
        for number in range(last.day):
            day = last - timedelta(days=number)
            others = (
                ("actions", "storage", "gigabytehours", "0.00033602", "17.25", "app", "storage"),
                (
                    "copilot",
                    "copilot_for_business",
                    "user-months",
                    "19.0",
                    "0.1",
                    "",
                    "not Actions",
                ),
                ("git_lfs", "git_lfs_storage", "gigabytehours", "0.00009", "3", "", "not Actions"),
            )
            for product, sku, unit, price, quantity, repository, cause in others:
                gross = Decimal(price) * Decimal(quantity)
                self.truth[cause] += gross
                amounts = (gross, Decimal(0), gross)
                used = (Decimal(quantity), unit, Decimal(price))
                yield UsageLine(day, product, sku, *used, *amounts, "", OWNER, repository, "")
