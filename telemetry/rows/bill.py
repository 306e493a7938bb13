"""The rows of GitHub's usage reports, and how they are read from a CSV line or a JSON object.

GitHub has changed the names of the columns twice, and its billing API spells them in another way;
the names of the newest report are used here.
https://docs.github.com/billing/reference/billing-reports
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from telemetry.rows.reading import (
    MOST_BYTES_OF_NAMES,
    UnreadableRow,
    fits_an_index,
    shown,
    storable,
)

# The names under which a value has been found, the newest first.
NAMES: Mapping[str, tuple[str, ...]] = {
    "usage_date": ("date", "usage_at"),
    "product": ("product",),
    "sku": ("sku",),
    "quantity": ("quantity",),
    "unit_type": ("unit_type",),
    "applied_cost_per_quantity": ("applied_cost_per_quantity", "price_per_unit"),
    "gross_amount": ("gross_amount",),
    "discount_amount": ("discount_amount",),
    "net_amount": ("net_amount",),
    "organization": ("organization", "organization_name", "owner"),
    "repository": ("repository", "repository_name", "repository_slug"),
    "workflow_path": ("workflow_path", "actions_workflow"),
    "username": ("username",),
}
NEEDED = ("usage_date", "product", "sku", "quantity", "unit_type", "applied_cost_per_quantity")
AMOUNTS = ("gross_amount", "discount_amount", "net_amount")


@dataclass(frozen=True)
class BilledUsage:
    """One line of a usage report; amounts are US dollars, `usage_date` is a day in UTC.

    Names are in lower case. `sku` is that of runner_prices where there is one. `repository` and
    `workflow_path` are empty if the line has none.
    """

    owner: str
    usage_date: date
    product: str
    sku: str
    unit_type: str
    repository: str
    workflow_path: str
    applied_cost_per_quantity: Decimal
    quantity: Decimal
    gross_amount: Decimal
    discount_amount: Decimal
    net_amount: Decimal


@dataclass(frozen=True)
class ReportColumns:
    """The columns of a usage report: our name of each value, and the report's name.

    `source` says which kind of report it is, as billed_days.source.
    """

    columns: Mapping[str, str]
    source: str

    @property
    def has_workflows(self) -> bool:
        """Whether its lines name the workflow."""
        return "workflow_path" in self.columns


def report_columns(header: Iterable[str], source: str | None = None) -> ReportColumns:
    """Return which column has which value; columns that are not needed are ignored.

    Raises UnreadableRow if one is missing, or if two mean the same.
    """
    spelled: dict[str, str] = {}
    for name in header:
        plain = _snake(name)
        if plain in spelled:
            raise UnreadableRow(f"the header has {shown(name)} twice")
        spelled[plain] = name
    found = {
        ours: spelled[names[0]]
        for ours, known in NAMES.items()
        if (names := [name for name in known if name in spelled])
    }
    lacking = [NAMES[name][0] for name in NEEDED if name not in found]
    # An amount with another name, such as net_amount (EUR), is not taken for a missing one.
    amounts = [name for name in spelled if name.startswith(AMOUNTS)]
    if amounts:
        lacking += [name for name in AMOUNTS if name not in found]
    if lacking:
        raise UnreadableRow(f"the header has no {', '.join(lacking)}; it is not a usage report")
    if source is None:
        source = "detailed report" if "workflow_path" in found else "summarized report"
        source = source if amounts else "older report"
    return ReportColumns(found, source)


def billed_usage(columns: ReportColumns, record: Mapping[str, str]) -> BilledUsage:
    """Return the row of a line; `record` maps the report's names to texts.

    An older report has no amounts: gross_amount is then quantity times price, without a discount.
    Raises UnreadableRow, which names the value but not the line.
    """
    values = {name: storable(record[column].strip()) for name, column in columns.columns.items()}
    numbers = {
        name: _number(values[name], columns.columns[name])
        for name in ("quantity", "applied_cost_per_quantity", *AMOUNTS)
        if name in values
    }
    gross = numbers.get("gross_amount", numbers["quantity"] * numbers["applied_cost_per_quantity"])
    product = _name(values["product"], "product").lower()
    repository = values.get("repository", "").lower()
    owner = values.get("organization", "").lower()
    owner = owner or repository.rpartition("/")[0] or values.get("username", "").lower()
    if not owner:
        raise UnreadableRow("the line names neither an organization nor a user")
    if repository and "/" not in repository:
        repository = f"{owner}/{repository}"
    unit_type, workflow_path = values["unit_type"].lower(), values.get("workflow_path", "")
    sku = _sku(product, _name(values["sku"], "sku"))
    if not fits_an_index(owner, product, sku, unit_type, repository, workflow_path):
        raise UnreadableRow(f"its names take more than {MOST_BYTES_OF_NAMES:,} bytes")
    return BilledUsage(
        owner=owner,
        usage_date=_day(values["usage_date"], columns.columns["usage_date"]),
        product=product,
        sku=sku,
        unit_type=unit_type,
        repository=repository,
        workflow_path=workflow_path,
        applied_cost_per_quantity=numbers["applied_cost_per_quantity"],
        quantity=numbers["quantity"],
        gross_amount=gross,
        discount_amount=numbers.get("discount_amount", Decimal(0)),
        net_amount=numbers.get("net_amount", gross),
    )


def _snake(name: str) -> str:
    """The name of a column as snake_case: of "Price Per Unit ($)", price_per_unit."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")


def _name(text: str, column: str) -> str:
    if not text:
        raise UnreadableRow(f"{column} is empty")
    return text


def _day(text: str, column: str) -> date:
    match = re.fullmatch(r"([0-9]{4}-[0-9]{2}-[0-9]{2})([T ][0-9:.]*(Z|\+00:00)?)?", text)
    try:
        return date.fromisoformat(match[1] if match else "")
    except ValueError:
        raise UnreadableRow(f"{column} is {shown(text)}, not a date such as 2026-10-01") from None


def _number(text: str, column: str) -> Decimal:
    if not re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?", text):
        raise UnreadableRow(f"{column} is {shown(text)}, not a number such as 0.006")
    return Decimal(text)


def _sku(product: str, text: str) -> str:
    """The SKU in lower case; of Actions, as runner_prices has it.

    It was spelled `actions_linux_4_core`, `Actions Linux 4-core` and `Compute - UBUNTU_4_CORE`.
    """
    if product != "actions":
        return text.lower()
    name = _snake(text).removeprefix("actions_").removeprefix("compute_")
    return f"linux{name.removeprefix('ubuntu')}" if name.startswith("ubuntu") else name
