"""Every file in sql/ is one statement that psql and psycopg both run as it stands."""

import itertools
import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from statistics import mode
from typing import Any, get_args

import psycopg
import pytest
from support.databases import rolled_back
from support.pasting import pasted
from support.paths import ROOT
from support.rows import llm_call, workflow_job, workflow_run, workflow_step

from telemetry.database.connection import SQL, Connection, execute, open_connection, statement
from telemetry.database.questions import Scope, cte
from telemetry.database.schema import VIEWS
from telemetry.database.upserts import TABLES, upsert
from telemetry.rows.ingestions import Ingestion, LlmIngestion
from telemetry.rows.jobs import WorkflowJob
from telemetry.rows.llm import LlmCall
from telemetry.rows.prices import (
    FreeRun,
    LlmPrice,
    NameKind,
    RunnerLabel,
    RunnerPrice,
    StoredPrice,
)
from telemetry.rows.runs import OpenRun, Repository, WorkflowRun
from telemetry.rows.spans import LlmSpan
from telemetry.rows.workflows import Workflow
from telemetry.runs.verification.differences import COMPARED, COMPARED_OF_JOBS, COMPARED_OF_STEPS

VIEW_FILES = sorted(VIEWS.glob("*.sql"))
ANALYSES = sorted((SQL / "analysis").glob("*.sql"))
# Citus' functions are in no other PostgreSQL, so this file is read here, and not run.
CITUS = SQL / "scale" / "citus.sql"
FILES = sorted(set(SQL.rglob("*.sql")) - {*VIEW_FILES, CITUS})
CHECKS = sorted((SQL / "checks").glob("*.sql"))
STATEMENTS = sorted(set(FILES) - set(ANALYSES) - set(CHECKS))
PARAMETER = re.compile(r":'(\w+)'")
SCOPE = fields(Scope)


def name_of(path: Path) -> str:
    """The name by which the program runs a statement: its path in sql/, without the ending."""
    return str(path.relative_to(SQL).with_suffix(""))


def header(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    count = next((i for i, line in enumerate(lines) if not line.startswith("--")), len(lines))
    return [line.removeprefix("--").removeprefix(" ") for line in lines[:count]]


def command(path: Path) -> list[str]:
    """The command in the file's header, as a shell splits it; empty if there is none."""
    lines = header(path)
    begins = (i for i, line in enumerate(lines) if line.strip().startswith("psql "))
    start = next(begins, len(lines))
    return shlex.split(" ".join(line.rstrip("\\") for line in lines[start:]))


def body(path: Path) -> str:
    return path.read_text(encoding="utf-8").split("\n", len(header(path)))[-1]


def period_of(path: Path) -> str:
    found = cte("period").match(body(path), len("with "))
    assert found and body(path).startswith("with "), (
        f"{name_of(path)} does not begin as the others do: with period as (…)"
    )
    return found[0]


def test_the_first_line_is_a_sentence() -> None:
    for path in FILES:
        assert re.fullmatch(r"[A-Z].{10,100}[.?]", header(path)[0]), name_of(path)


def test_the_header_ends_with_the_command_that_runs_the_file() -> None:
    for path in FILES:
        words = command(path)
        assert words[:2] == ["psql", "$DATABASE_URL"], name_of(path)
        assert words[words.index("-f") + 1] == str(path.relative_to(ROOT))
        given = {word.split("=")[0] for flag, word in itertools.pairwise(words) if flag == "-v"}
        assert given == set(PARAMETER.findall(body(path))), name_of(path)


def test_the_style_is_kept() -> None:
    for path in FILES:
        name, text = name_of(path), path.read_text(encoding="utf-8")
        assert text.endswith(";\n") and not text.endswith("\n\n"), name
        assert all(len(line) <= 100 for line in text.splitlines()), name
        without_strings = re.sub(r"'[^']*'", "''", body(path))
        assert "select *" not in without_strings, name
        in_capitals = r"\b(SELECT|FROM|WHERE|INSERT|UPDATE|DELETE)\b"
        assert not re.search(in_capitals, without_strings), name
        assert not re.search(r"%\(|\{\w+\}|(?<![:\w]):[a-z_]", without_strings), name
        assert not re.search(r"^\\", text, re.MULTILINE), name
        assert not any(PARAMETER.search(line) or "%(" in line for line in header(path)), name


def store_parents(connection: Connection) -> None:
    """Store the run and the job that the headers of the upserts of jobs and steps name."""
    upsert(connection, [workflow_run()])
    upsert(connection, [workflow_job()])


@pytest.fixture(scope="session")
def dsn_with_parents(new_database: Callable[[str], str], migrated: str) -> str:
    """One database for all files, each of which is rolled back."""
    dsn = new_database(migrated)
    with open_connection(dsn) as connection:
        store_parents(connection)
    return dsn


@pytest.fixture(scope="session")
def connection_with_parents(dsn_with_parents: str) -> Iterator[Connection]:
    with open_connection(dsn_with_parents) as connection:
        yield connection


# They stop a restore into a database that holds rows or tables, as this one does.
REFUSES = {
    SQL / "schema" / "refuse_full.sql": "holds runs or calls",
    SQL / "schema" / "refuse_tables.sql": "another command has just begun to make the tables",
}
WITHOUT_VALUES = [path for path in FILES if "-v" not in command(path) and path not in REFUSES]


def test_psql_runs_those_without_values_by_their_own_command(
    dsn_with_parents: str, psql: Callable[..., str]
) -> None:
    """In one session, because psql starts with the same command; it names a file that fails."""
    undone = (("-c", "begin", *command(path)[2:], "-c", "rollback") for path in WITHOUT_VALUES)
    psql(dsn_with_parents, *itertools.chain.from_iterable(undone))


@pytest.mark.parametrize("path", sorted({*FILES} - {*WITHOUT_VALUES, *REFUSES}), ids=name_of)
def test_psql_runs_it_with_values_by_its_own_command(
    path: Path, dsn_with_parents: str, psql: Callable[..., str]
) -> None:
    psql(dsn_with_parents, "-c", "begin", *command(path)[2:], "-c", "rollback")


def test_the_questions_can_be_pasted_one_after_another(
    dsn_with_parents: str, psql: Callable[..., str]
) -> None:
    texts = {path.stem: path.read_text(encoding="utf-8") for path in ANALYSES}
    assert not any(PARAMETER.search(text) for text in texts.values())
    answers = pasted(psql, dsn_with_parents, texts)
    assert answers.keys() == texts.keys() and all(answers.values())


def test_all_questions_and_rules_begin_with_the_same_period() -> None:
    texts = {name_of(path): period_of(path) for path in (*ANALYSES, *CHECKS)}
    period = mode(texts.values())
    assert [name for name, text in texts.items() if text != period] == []
    columns = re.findall(r" as (\w+),?$", period, re.MULTILINE)
    file = SQL / "report" / "period.sql"
    (parametrized,) = cte("period").findall(file.read_text(encoding="utf-8"))
    assert columns == PARAMETER.findall(parametrized) == [field.name for field in SCOPE]
    assert "now() - interval '720 hours' as since" in period


@pytest.mark.parametrize("path", ANALYSES, ids=lambda path: path.stem)
def test_a_question_asks_about_its_period_and_its_repositories(path: Path) -> None:
    text = body(path).replace(period_of(path), "")
    assert "now()" not in text
    assert re.search(r"\bsince\b", text) and re.search(r"\buntil\b", text)
    assert "repository_ids is null" in text and "any(" in text


def test_a_percentile_of_the_tail_needs_as_many_values_everywhere() -> None:
    fewest = {"0.9": "20", "0.95": "20", "0.99": "100"}
    for path in ANALYSES:
        for case in re.findall(r"\n  case\n(.*?)\n  end", body(path), re.DOTALL):
            for share in re.findall(r"percentile_cont\((0\.9\d?)\)", case):
                assert f">= {fewest[share]}" in case, path.name


def test_a_share_is_rounded_so_late_that_it_is_0_or_100_only_if_it_is() -> None:
    form = re.compile(r",\s*(\d)\s*\)\s*as (?!change|difference)\w+_percent\b")
    digits = {path.stem: form.findall(body(path)) for path in ANALYSES}
    assert {each for found in digits.values() for each in found} == {"4"}, digits
    assert sum(map(len, digits.values())) > 25


def test_every_question_rounds_halves_alike(connection: Connection) -> None:
    """PostgreSQL rounds a half of a double to the even number, and that of a numeric up.

    So a median of 2.5 seconds would be 2 in one question and 3 in another. What a view is compiled
    to names the functions that it calls by their numbers.
    """
    found = connection.execute("select 'round(double precision)'::regprocedure::oid as id")
    (rounds_to_even,) = (f":funcid {row['id']} " for row in found)
    compiled = "select ev_action::text from pg_rewrite where ev_class = 'answer'::regclass"
    connection.execute("create temp view answer as select round(0.5::double precision)")
    assert rounds_to_even in str(connection.execute(compiled).fetchone())
    for path in ANALYSES:
        connection.execute("drop view answer")
        connection.execute(f"create temp view answer as {body(path)}".encode())
        assert rounds_to_even not in str(connection.execute(compiled).fetchone()), path.stem


def test_psycopg_runs_each(connection_with_parents: Connection) -> None:
    for path, reason in REFUSES.items():
        with (
            pytest.raises(psycopg.errors.RaiseException, match=reason),
            rolled_back(connection_with_parents) as connection,
        ):
            execute(connection, name_of(path))
    for path in set(FILES) - {*REFUSES}:
        words = command(path)
        pairs = [w.split("=", 1) for flag, w in itertools.pairwise(words) if flag == "-v"]
        with rolled_back(connection_with_parents) as connection:
            execute(connection, name_of(path), dict(pairs))


def test_every_statement_is_used_by_the_program() -> None:
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in ("telemetry", "scripts")
        for path in (ROOT / folder).rglob("*.py")
    )
    composed = {table.upsert for table in TABLES.values()} | {
        f"prune/{verb}_{table}"
        for verb in ("prunable", "prune")
        for table in ("workflow_runs", "llm_calls")
    }
    composed |= {TABLES[row].delete_unlisted for row in get_args(StoredPrice)}
    # These are named in a loop that adds the folder, and parts of questions are read as texts.
    looped = ("prune", "schema")
    composed |= {"report/period", "report/change"}
    for path in STATEMENTS:
        name = name_of(path)
        spelled = f'"{name}"' in code or (path.parent.name in looped and f'"{path.stem}"' in code)
        assert spelled or name in composed, f"nothing runs sql/{name}.sql"


@pytest.mark.parametrize(
    ("row", "name"),
    [
        *((row, table.upsert) for row, table in TABLES.items()),
        (LlmIngestion, "llm/record_llm_ingestions"),
        (Ingestion, "runs/record_ingestions"),
    ],
)
def test_fields_values_and_columns_have_one_name_each(row: type, name: str) -> None:
    text = (SQL / f"{name}.sql").read_text(encoding="utf-8")
    names = [field.name for field in fields(row)]
    parts = re.search(
        r"insert into \w+ \(\n(.*?)\n\)(?: values \(|\nselect)\n(.*?)\n(?:\)|from)", text, re.DOTALL
    )
    assert parts
    for part in parts.groups():
        values = re.split(r",(?![^(]*\))", part)  # at the commas outside of parentheses
        assert [re.findall(r"\w+", value)[-1] for value in values] == names


@pytest.mark.parametrize(
    ("name", "compared"),
    [
        ("runs/verify_attempts", COMPARED),
        ("runs/verify_jobs", COMPARED_OF_JOBS),
        ("runs/verify_steps", COMPARED_OF_STEPS),
    ],
)
def test_a_comparison_with_github_reads_each_column_that_it_compares(
    name: str, compared: Iterable[str]
) -> None:
    text = (SQL / f"{name}.sql").read_text(encoding="utf-8")
    assert {*compared} <= {*re.findall(r"^  (\w+),?$", text, re.MULTILINE)}, f"see sql/{name}.sql"


# The columns that are in no row, because the program itself keeps them; elsewhere a revision.
KEPT_BY_US: dict[type, set[str]] = {
    WorkflowRun: {"jobs_listed_at", "unlisted_at", "missing_upstream_at", "revision"},
    OpenRun: {"missing_upstream_at", "revision"},
    WorkflowJob: {"job_base", "revision"},
    LlmCall: {"total_tokens", "created_at", "revision", "finality"},
    LlmSpan: {"read_at", "revision"},
    Repository: {
        "first_seen_at",
        "revision",
        "default_branch",
        "visibility",
        "is_archived",
        "described_at",
        "workflows_listed_at",
        "forgotten_at",
        "upstream_retention_days",
        "upstream_retention_asked_at",
    },
    Workflow: {"listed_at", "revision"},
    LlmIngestion: set(),
    Ingestion: set(),
}


@pytest.mark.parametrize(
    ("row", "table"),
    [
        *((row, table.name) for row, table in TABLES.items()),
        (LlmIngestion, "llm_ingestions"),
        (Ingestion, "ingestions"),
    ],
)
def test_a_table_has_the_fields_of_its_row_in_their_order(
    connection: Connection, row: type, table: str
) -> None:
    columns = [
        found["column_name"]
        for found in connection.execute(
            "select column_name from information_schema.columns "
            "where table_name = %s order by ordinal_position",
            [table],
        )
    ]
    names = [field.name for field in fields(row)]
    assert [
        column for column in columns if column not in KEPT_BY_US.get(row, {"revision"})
    ] == names
    assert set(columns) - set(names) == KEPT_BY_US.get(row, {"revision"})


FINALITY = re.findall(
    r"^ +(?:coalesce\()?(\w+_tokens|precedence)\b",
    (ROOT / "migrations" / "0050.llm-price-conditions.sql").read_text(encoding="utf-8"),
    re.MULTILINE,
)


@pytest.mark.parametrize(
    "parents_and_row",
    [
        [workflow_run()],
        [workflow_run(), workflow_job()],
        [workflow_run(), workflow_job(), workflow_step()],
        [llm_call()],
        [LlmSpan("t", "2", "1", True, {"source": "otlp"})],
        [RunnerPrice("linux", date(2026, 1, 1), Decimal("0.006"), "a page")],
        [RunnerLabel("ubuntu-latest", "linux")],
        [NameKind("actor", "*[bot]", "bot")],
        [FreeRun("dynamic/pages", date(2020, 1, 1), date(2026, 6, 1), "a page")],
        [
            LlmPrice(
                "some-model",
                datetime(2026, 1, 1, tzinfo=UTC),
                Decimal("3"),
                Decimal("15.5"),
                Decimal("0.3"),
            )
        ],
    ],
    ids=lambda rows: TABLES[type(rows[-1])].name,
)
def test_every_column_of_an_upsert_is_compared_set_and_stored(
    connection: Connection, parents_and_row: list[Any]
) -> None:
    *parents, row = parents_and_row
    table, key, _ = TABLES[type(row)]
    text = statement(TABLES[type(row)].upsert)
    pattern = r"^(?:where|  and|  or) \(\n(.*?)\n  \) is distinct from"
    compared = re.search(pattern, text, re.MULTILINE | re.DOTALL)
    assert compared
    for field in fields(row):
        if field.name in key:
            continue
        assert re.search(rf"^  {field.name} = ", text, re.MULTILINE), field.name
        if table == "llm_calls" and field.name in FINALITY:
            assert "where excluded.finality > llm_calls.finality" in text
            continue
        assert f"{table}.{field.name}" in re.split(r",\s+", compared[1].strip()), field.name
    for each in [*parents, row]:
        upsert(connection, [each])
    stored = connection.execute(f"select * from {table}").fetchone()
    assert stored is not None
    assert {field.name: stored[field.name] for field in fields(row)} == vars(row)


def test_one_rule_distinguishes_held_jobs_from_queues_in_every_question() -> None:
    """A window function in a view would read all jobs, so each question spells the rule."""
    rule = re.compile(r"coalesce\(\n +queue_seconds > .*?\) as is_held\n", re.DOTALL)
    texts = {path.stem: path.read_text("utf-8") for path in (SQL / "analysis").glob("*.sql")}
    rules = {name: rule.findall(text) for name, text in texts.items() if "as is_held\n" in text}
    assert rules.keys() == {"approvals", "queue_times", "totals", "trend"}
    assert all(found == rules["queue_times"] for found in rules.values())
    assert len(rules["queue_times"]) == 1


def test_the_list_of_our_tables_is_the_list_of_all_tables(connection: Connection) -> None:
    ours = {row["table_name"] for row in execute(connection, "schema/our_tables")}
    everything = connection.execute(
        "select table_name from information_schema.tables where table_schema = 'public'"
    )
    assert ours == {row["table_name"] for row in everything}


def test_status_shows_every_table_that_holds_data(connection: Connection) -> None:
    shown = {row["table_name"] for row in execute(connection, "status/tables")}
    views = {path.stem[3:] for path in VIEWS.glob("*.sql")}
    ours = {
        name
        for name in (row["table_name"] for row in execute(connection, "schema/our_tables"))
        if "yoyo" not in name and name not in views | {"installed_views", "kept_views"}
    }
    assert shown == ours


# What one of the distributed engines of docs/scale.md lacks. Statements about the schema read the
# catalog, which is on one server.
NOT_PORTABLE = {
    "a column of the system": r"\b(ctid|xmin|xmax|tableoid)\b",
    "merge": r"\bmerge into\b",
    "grouping sets": r"\b(grouping sets|rollup|cube) ?\(",
    "a recursive query": r"\bwith recursive\b",
    "a row lock": r"\bfor (no key )?(update|share)\b|\bskip locked\b",
    "a temporary table": r"\btemp(orary)? table\b",
    "a trigger": r"\bcreate (or replace )?trigger\b",
    "a notification": r"\b(listen|notify) \w",
    "a lock of the session": r"\bpg_(try_)?advisory_(un)?lock\b",
    "a setting of the session": r"\A\s*set (?!local\b)|set_config\([^;]*, false\)",
    "a clock or a select in an upsert": r"do update\s+set(?:(?!\breturning\b).)*"
    r"(\b(now|clock_timestamp|random)\(|\(\s*select\b)",
    "a limit in a lateral query": r"\blateral \((?:(?!\) as \w).)*\blimit \d",
    "two arrays as one table": r"\b(from|join) unnest\(\s*:\w+::\w+\[\],",
}


def as_read(text: str) -> str:
    """The statements without comments, and without what stands in strings."""
    text = re.sub(r"^comment on .*?;$", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"--[^\n]*", "", text)
    return re.sub(r"'(?:[^']|'')*'", "''", PARAMETER.sub(r":\1", text))


@pytest.mark.parametrize("lacking", NOT_PORTABLE)
def test_no_statement_needs_what_a_distributed_engine_lacks(lacking: str) -> None:
    folders = [path for path in SQL.rglob("*.sql") if path.parent.name not in ("schema", "bill")]
    texts = {path: as_read(path.read_text(encoding="utf-8")) for path in folders}
    assert len(texts) > 100
    pattern = re.compile(NOT_PORTABLE[lacking], re.DOTALL)
    assert {
        path.name: found[0] for path, text in texts.items() if (found := pattern.search(text))
    } == {}


@pytest.mark.parametrize(
    ("lacking", "text"),
    [
        ("a column of the system", "delete from runs where ctid = any(rows)"),
        ("merge", "merge into runs using rows on true"),
        ("grouping sets", "group by rollup (day)"),
        ("a recursive query", "with recursive tree as (select 1)"),
        ("a row lock", "select id from runs for update"),
        ("a temporary table", "create temp table rows (id bigint)"),
        ("a trigger", "create trigger on_insert before insert on runs"),
        ("a notification", "notify runs"),
        ("a lock of the session", "select pg_advisory_lock(1)"),
        ("a setting of the session", "set work_mem = '1GB'"),
        ("a clock or a select in an upsert", "on conflict (id) do update\n  set at = now()"),
        ("a limit in a lateral query", "join lateral (\n select id from runs limit 1\n) as one"),
        ("two arrays as one table", "from unnest(:'ids'::bigint[], :'numbers'::integer[]) as due"),
    ],
)
def test_what_an_engine_lacks_is_found(lacking: str, text: str) -> None:
    assert re.search(NOT_PORTABLE[lacking], as_read(text), re.DOTALL)


def test_citus_finds_each_table_and_its_key(connection: Connection) -> None:
    """A distributed table needs its column in its primary key; a copied one only has to exist."""
    text = CITUS.read_text(encoding="utf-8")
    placed = re.findall(r"create_(distributed|reference)_table\(\s*'(\w+)'(?:, '(\w+)')?", text)
    assert len(placed) == text.count("select create_")
    for kind, table, column in placed:
        keys = connection.execute(
            "select attname from pg_index inner join pg_attribute on attrelid = indrelid "
            "and attnum = any(indkey) where indisprimary and indrelid = %s::regclass",
            [table],
        ).fetchall()
        assert kind == "reference" or column in {key["attname"] for key in keys}, table
    # What refers to a distributed table by a foreign key lies beside it.
    distributed = {table for kind, table, _ in placed if kind == "distributed"}
    referring = connection.execute(
        "select conrelid::regclass::text as name from pg_constraint "
        "where contype = 'f' and confrelid = any(%s::regclass[])",
        [sorted(distributed)],
    ).fetchall()
    assert {row["name"] for row in referring} <= distributed


def test_no_python_file_holds_a_statement() -> None:
    spelled = re.compile(
        r"[\"'](select\b.*\bfrom|insert into|update \w+ set|delete from|(create|alter|drop) \w+) ",
        re.IGNORECASE,
    )
    for folder in ("telemetry", "scripts"):
        for path in (ROOT / folder).rglob("*.py"):
            assert not spelled.search(path.read_text(encoding="utf-8")), path.name


# What figures depend on, and the one view that says it.
DEFINITIONS = {
    "'/unknown'": "views/10_attempts.sql",
    "initialize containers": "views/07_step_patterns.sql",
    "interval '120 hours'": "views/09_taken_jobs.sql",
    "'linux_slim'": "views/29_standard_skus.sql",
}


@pytest.mark.parametrize(("text", "file"), DEFINITIONS.items(), ids=str)
def test_a_definition_is_in_one_file(text: str, file: str) -> None:
    paths = [*VIEWS.glob("*.sql"), *(SQL / "analysis").glob("*.sql")]
    assert {path for path in paths if text in path.read_text("utf-8")} == {SQL / file}


# Chains of CTEs that two questions share, and that a view would make slow: it would add up all runs
# before it leaves out those outside the period.
SHARED = {
    ("pull_request_costs", "pull_requests_by_actor_kind"): (
        "runs costs spendings commits known pulls"
    ),
    ("llm_cost_by_actor", "llm_cost_by_branch"): "spendings",
    ("llm_cost_by_actor", "llm_cost_by_commit"): "spendings",
    ("llm_cost_by_actor", "llm_cost_of_failures"): "spendings",
}


@pytest.mark.parametrize(("pair", "names"), SHARED.items(), ids=" ".join)
def test_what_two_questions_share_has_one_text(pair: tuple[str, str], names: str) -> None:
    one, other = ((SQL / "analysis" / f"{each}.sql").read_text(encoding="utf-8") for each in pair)
    for name in names.split():
        text = re.search(rf"^{name} as (materialized )?\(\n.*?^\)", one, re.MULTILINE | re.DOTALL)
        assert text and text[0] in other, name
