"""An upgrade that recreates our views keeps privileges, owners and users' own views."""

import itertools
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL as SQL_TEXT
from psycopg.sql import Identifier
from support.paths import LONGEST
from support.rows import workflow_run

from telemetry import TelemetryError
from telemetry.database import transactions, transfer, views
from telemetry.database.connection import SQL, Connection, execute, open_connection, statement
from telemetry.database.migrations import KEEPING, migrate, roll_back
from telemetry.database.schema import require_schema
from telemetry.database.status import status
from telemetry.database.transfer import dump, restore
from telemetry.database.upserts import upsert

pytestmark = pytest.mark.scenario

numbers = itertools.count()
RIGHTS = """
select c.oid::regclass::text as name, c.relowner::regrole::text as owner, a.attname as column_name,
  given.grantee::regrole::text as grantee, given.privilege_type, given.is_grantable
from pg_class c
left join pg_attribute a on a.attrelid = c.oid and a.attacl is not null
cross join lateral aclexplode(coalesce(a.attacl, c.relacl, acldefault('r', c.relowner))) as given
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v', 'm')
order by 1, 2, 3, 4, 5
"""


def rights(connection: Connection) -> list[dict[str, Any]]:
    return connection.execute(RIGHTS).fetchall()


@pytest.fixture
def new_role(connection: Connection, dsn: str) -> Callable[[str], str]:
    """Make a role that may log in; its name is this test's own, as roles belong to the server."""

    def make(name: str) -> str:
        role = f"{name}_{conninfo_to_dict(dsn)['dbname']}_{next(numbers)}"
        connection.execute(f"create role {role} login")
        return role

    return make


@pytest.fixture
def reader(connection: Connection, dsn: str) -> Iterator[Connection]:
    """The read-only role, connected, as Grafana is all the time."""
    execute(connection, "grants")
    with open_connection(make_conninfo(dsn, user="telemetry_reader")) as opened:
        yield opened


def upgrade(connection: Connection, dsn: str) -> list[str]:
    """Make the views anew, as a version with other views does; return what was said."""
    said: list[str] = []
    connection.execute("update installed_views set digest = 'older'")
    assert migrate(dsn, said.append) == ["views"]
    return said


def kept(connection: Connection) -> list[dict[str, Any]]:
    return connection.execute("select * from kept_views order by position").fetchall()


def concerns(connection: Connection) -> list[str]:
    return [str(concern) for concern in status(connection).concerns]


# The read-only role


def test_the_reader_may_read_everything_and_change_nothing(reader: Connection) -> None:
    require_schema(reader)
    for name in ("attempts", "workflow_runs", "ingestions"):
        reader.execute(f"select count(*) from {name}")
    for statement_text in (
        "delete from workflow_runs",
        "insert into open_runs (github_run_id) values (1)",
        "update workflow_runs set branch = ''",
        "drop view attempts",
        "create table public.mine (i int)",
        "truncate llm_calls",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute(statement_text)


def test_grants_can_be_pasted_twice(dsn: str, psql: Callable[..., str]) -> None:
    text = (SQL / "grants.sql").read_text(encoding="utf-8")
    for _ in range(2):
        psql(dsn, stdin=text)


def test_the_owner_of_the_tables_can_grant_and_what_it_adds_later_can_be_read(
    empty_dsn: str,
) -> None:
    owner = f"owner_{conninfo_to_dict(empty_dsn)['dbname']}"
    with open_connection(empty_dsn) as admin:
        admin.execute(f"create role {owner} login createrole")
        admin.execute(f"grant create, usage on schema public to {owner}")
    migrate(mine := make_conninfo(empty_dsn, user=owner))
    with open_connection(mine) as opened:
        execute(opened, "grants")
        opened.execute("create table of_tomorrow (i int)")
    with open_connection(make_conninfo(empty_dsn, user="telemetry_reader")) as reading:
        reading.execute("select count(*) from attempts, workflow_runs, of_tomorrow")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reading.execute("insert into of_tomorrow values (1)")


def test_an_administrator_with_a_schema_of_their_own_grants_the_schema_of_the_tables(
    empty_dsn: str,
) -> None:
    migrate(empty_dsn)
    with open_connection(empty_dsn) as admin:
        admin.execute("create schema postgres")
        assert admin.execute("select current_schema() as name").fetchone() == {"name": "postgres"}
        execute(admin, "grants")
        admin.execute("create table public.of_tomorrow (i int)")
    with open_connection(make_conninfo(empty_dsn, user="telemetry_reader")) as reading:
        reading.execute("select count(*) from attempts, of_tomorrow")


def test_grants_refuse_a_role_that_may_write(connection: Connection, dsn: str) -> None:
    text = statement("grants").replace("%%", "%")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="may do more than read"):
        connection.execute(text.replace("'telemetry_reader'", "'postgres'").encode())


def test_grants_say_when_there_are_no_tables(empty_dsn: str) -> None:
    with (
        open_connection(empty_dsn) as opened,
        pytest.raises(psycopg.errors.UndefinedTable, match="no tables yet"),
    ):
        execute(opened, "grants")


# An upgrade


def test_roles_of_any_name_own_and_read_the_views(empty_dsn: str) -> None:
    database = conninfo_to_dict(empty_dsn)["dbname"]
    owner, reader = f"App-1@x.iam o'R {database}", f'Ünï "reader" {database}'
    with open_connection(empty_dsn) as admin:
        admin.execute(SQL_TEXT("create role {} login createrole").format(Identifier(owner)))
        admin.execute(SQL_TEXT("create role {} login").format(Identifier(reader)))
        admin.execute(SQL_TEXT("grant all on schema public to {}").format(Identifier(owner)))
    migrate(mine := make_conninfo(empty_dsn, user=owner))
    with open_connection(mine) as opened:
        name = Identifier(reader)
        opened.execute(SQL_TEXT("grant select on all tables in schema public to {}").format(name))
        opened.execute("create view own as select workflow from attempts")
        before = rights(opened)
        assert upgrade(opened, mine) == []
        assert rights(opened) == before
    with open_connection(make_conninfo(empty_dsn, user=reader)) as reading:
        reading.execute("select count(*) from attempts")


def test_a_connected_reader_can_still_read_after_an_upgrade(
    connection: Connection, dsn: str, reader: Connection
) -> None:
    before = rights(connection)
    assert reader.execute("select count(*) as n from attempts").fetchone() == {"n": 0}
    assert upgrade(connection, dsn) == []
    assert rights(connection) == before
    assert reader.execute("select count(*) as n from attempts").fetchone() == {"n": 0}
    assert kept(connection) == []


def test_every_kind_of_right_survives(
    connection: Connection, dsn: str, new_role: Callable[[str], str]
) -> None:
    some, other, owner = (new_role(name) for name in ("some", "other", "owner"))
    connection.execute(f"grant create on schema public to {owner}")
    connection.execute(f"grant select on attempts to {some} with grant option")
    connection.execute(f"grant insert, delete on executed_jobs to {other}")
    connection.execute(f"grant select (repository) on job_costs to {some}")
    connection.execute("grant select on flaky_job_runs to public")
    connection.execute(f"alter view wasted_jobs owner to {owner}")
    connection.execute(f"revoke truncate on wasted_jobs from {owner}")
    before = rights(connection)
    assert upgrade(connection, dsn) == []
    assert rights(connection) == before


def test_a_view_that_shows_each_role_only_its_rows_still_does(
    connection: Connection, dsn: str, reader: Connection
) -> None:
    upsert(
        connection, [workflow_run(branch="open"), workflow_run(github_run_id=2, branch="secret")]
    )
    connection.execute("alter table workflow_runs enable row level security")
    connection.execute("create policy teams on workflow_runs using (branch = 'open')")
    connection.execute("alter view attempts set (security_invoker = true)")
    seen = "select branch from attempts"
    assert reader.execute(seen).fetchall() == [{"branch": "open"}]
    upgrade(connection, dsn)
    assert reader.execute(seen).fetchall() == [{"branch": "open"}]


def test_a_right_that_was_taken_away_does_not_come_back(
    connection: Connection, dsn: str, reader: Connection
) -> None:
    """The default privileges of the reader would give it to a new view."""
    connection.execute("revoke select on llm_calls_priced from telemetry_reader")
    upgrade(connection, dsn)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.execute("select count(*) from llm_calls_priced")


def test_whoever_could_read_all_may_read_what_is_new(
    connection: Connection, dsn: str, new_role: Callable[[str], str]
) -> None:
    role = new_role("all")
    connection.execute("drop view flaky_job_runs cascade")
    connection.execute("delete from installed_views where name = 'flaky_job_runs'")
    connection.execute(f"grant select on all tables in schema public to {role}")
    assert upgrade(connection, dsn) == []
    with open_connection(make_conninfo(dsn, user=role)) as theirs:
        theirs.execute("select count(*) from flaky_job_runs")


def test_what_an_administrator_upgrades_stays_the_owners_and_the_writers(empty_dsn: str) -> None:
    name = conninfo_to_dict(empty_dsn)["dbname"]
    owner, writer = (SQL_TEXT("{}").format(Identifier(f"{role} {name}")) for role in "OW")
    with open_connection(empty_dsn) as admin:
        for role in (owner, writer):
            admin.execute(SQL_TEXT("create role {} login").format(role))
        admin.execute(SQL_TEXT("grant all on schema public to {}").format(owner))
        migrate(mine := make_conninfo(empty_dsn, user=f"O {name}"))
        grant = "grant select, insert, update, delete on all tables in schema public to {}"
        admin.execute(SQL_TEXT(grant).format(writer))
        admin.execute(SQL_TEXT("revoke insert on kept_views from {}").format(writer))
        # As before the version that made these.
        admin.execute("drop view taken_jobs cascade; drop table former_names cascade")
        admin.execute("delete from installed_views where name = 'taken_jobs'")
        admin.execute("delete from _yoyo_migration where migration_id like '0141.%'")
        assert migrate(empty_dsn) == ["0141.former-names", "views"]
        assert {row["owner"] for row in rights(admin)} == {f'"O {name}"'}
    with open_connection(mine) as owning:
        owning.execute("select from former_names, taken_jobs")
    with open_connection(make_conninfo(empty_dsn, user=f"W {name}")) as writing:
        writing.execute("delete from former_names using taken_jobs where false")
        writing.execute("insert into former_names select * from former_names where false")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            writing.execute("insert into kept_views select * from kept_views where false")


def test_rights_outlive_a_migration_that_fails_after_the_views_were_dropped(
    connection: Connection, dsn: str, reader: Connection
) -> None:
    before = rights(connection)
    views.set_views_aside(connection)
    assert kept(connection)
    assert migrate(dsn) == ["views"]
    assert rights(connection) == before


def test_an_upgrade_from_before_rights_were_kept_keeps_them(
    connection: Connection, dsn: str, reader: Connection, new_role: Callable[[str], str]
) -> None:
    before = [row for row in rights(connection) if row["name"] != "kept_views"]
    connection.execute("drop table kept_views")
    connection.execute("delete from _yoyo_migration where migration_id = %s", [KEEPING])
    role = new_role("all")
    connection.execute(f"grant select on all tables in schema public to {role}")
    assert migrate(dsn) == [KEEPING, "views"]
    with open_connection(make_conninfo(dsn, user=role)) as theirs:
        theirs.execute("select count(*) from attempts, kept_views, ingestions")
    connection.execute(f"revoke select on all tables in schema public from {role}")
    assert [row for row in rights(connection) if row["name"] != "kept_views"] == before
    reader.execute("select count(*) from attempts")


# Users' own views

OWN = """
create schema bi;
create view bi.failed with (security_barrier = true) as
  select repository, github_run_id from attempts where conclusion = 'failure';
create view bi.of_failed as select count(*) as n from bi.failed, job_costs;
create materialized view bi.stored as select repository, n from bi.failed, bi.of_failed;
create unique index stored_by_repository on bi.stored (repository);
create statistics bi.of_stored on repository, n from bi.stored;
create function bi.latest() returns setof attempts language sql as 'select * from attempts';
create view bi.from_function as select github_run_id from bi.latest();
create function bi.ended() returns bigint language sql
  begin atomic select count(*) from bi.failed; end;
comment on view bi.failed is 'Ours, isn''t it';
comment on column bi.failed.repository is 'Whose';
comment on function bi.latest() is 'All';
grant select on bi.failed to public;
revoke execute on function bi.latest() from public;
"""
SHAPE = """
select c.oid::regclass::text as name, c.relkind, c.reloptions, c.relowner::regrole::text as owner,
  c.relispopulated, pg_get_viewdef(c.oid) as text, obj_description(c.oid, 'pg_class') as said,
  col_description(c.oid, 1) as column_said, c.relacl::text,
  array(select pg_get_indexdef(indexrelid) from pg_index where indrelid = c.oid) as indexes,
  array(select pg_get_statisticsobjdef(oid) from pg_statistic_ext where stxrelid = c.oid) as stats
from pg_class c where c.relnamespace = to_regnamespace('bi') and c.relkind in ('v', 'm') order by 1
"""
FUNCTIONS = """
select proname, pg_get_functiondef(oid) as text, proowner::regrole::text as owner, proacl::text,
  obj_description(oid, 'pg_proc') as said
from pg_proc where pronamespace = to_regnamespace('bi') order by 1
"""


def own(connection: Connection) -> list[dict[str, Any]]:
    return [
        row for query in (SHAPE, FUNCTIONS) for row in connection.execute(query.encode()).fetchall()
    ]


def test_a_users_views_and_functions_on_ours_are_recreated(
    connection: Connection, dsn: str, new_role: Callable[[str], str]
) -> None:
    connection.execute(OWN.encode())
    analyst = new_role("analyst")
    connection.execute(f"grant create, usage on schema bi to {analyst}")
    connection.execute(f"grant select on attempts, job_costs to {analyst}")
    for kind, name in (("view", "failed"), ("view", "of_failed"), ("materialized view", "stored")):
        connection.execute(f"alter {kind} bi.{name} owner to {analyst}")
    before = own(connection)
    assert len(before) == 6
    assert upgrade(connection, dsn) == []
    assert own(connection) == before
    assert kept(connection) == []


def test_a_users_view_whose_column_vanished_is_named_and_its_text_is_kept(
    connection: Connection, dsn: str
) -> None:
    connection.execute("create view of_now as select repository from attempts")
    # In the older version a view had a column that this one has not.
    connection.execute("create view of_yesterday as select 1 as gone, 2 as also")
    connection.execute("insert into installed_views values ('of_yesterday', 'older')")
    connection.execute("create view my_own as select gone from of_yesterday")
    connection.execute("grant select on my_own to public")
    (said,) = upgrade(connection, dsn)
    assert said.startswith("warning: public.my_own, which is yours, no longer fits our views")
    assert f"warning: {next(c for c in concerns(connection) if 'my_own' in c)}" == said
    assert "of_yesterday" in said and "kept_views" in said
    assert connection.execute("select count(*) as n from of_now").fetchone() == {"n": 0}
    texts = [row["statement"] for row in kept(connection)]
    assert any("create view public.my_own" in text and "gone" in text for text in texts)

    # It is tried again, and made as soon as it fits; a later version may bring the column back.
    assert upgrade(connection, dsn) == [said]
    connection.execute("create view of_yesterday as select 1 as gone")
    assert upgrade(connection, dsn) == []
    assert connection.execute("select gone from my_own").fetchone() == {"gone": 1}
    assert kept(connection) == []


def test_a_view_that_its_user_has_recreated_is_left_alone(connection: Connection, dsn: str) -> None:
    connection.execute("create view of_yesterday as select 1 as gone")
    connection.execute("insert into installed_views values ('of_yesterday', 'older')")
    connection.execute("create view my_own as select gone from of_yesterday")
    assert len(upgrade(connection, dsn)) == 1
    assert any("my_own" in concern for concern in concerns(connection))
    connection.execute("create view my_own as select 'anew' as word")
    assert not any("my_own" in concern for concern in concerns(connection))
    assert upgrade(connection, dsn) == []
    assert connection.execute("select word from my_own").fetchone() == {"word": "anew"}
    assert kept(connection) == []


def test_what_depends_on_ours_and_is_no_view_stops_the_change_with_its_name(
    connection: Connection, dsn: str
) -> None:
    connection.execute("create view my_own as select repository from attempts")
    connection.execute("create table bookmarks (seen attempts)")
    connection.execute("update installed_views set digest = 'older'")
    with pytest.raises(TelemetryError, match="column seen of table bookmarks depends on type"):
        migrate(dsn)
    connection.execute("select ours.repository from my_own, attempts as ours")
    assert kept(connection) == []


def test_a_rule_of_a_users_table_stops_the_change_and_the_table_stays(
    connection: Connection, dsn: str
) -> None:
    connection.execute("create table notes (said text); create table audit (runs bigint)")
    connection.execute("insert into notes values ('precious')")
    connection.execute(
        "create rule noted as on insert to notes do also "
        "insert into audit select count(*) from attempts"
    )
    connection.execute("update installed_views set digest = 'older'")
    with pytest.raises(TelemetryError, match="rule noted on table notes depends on view"):
        migrate(dsn)
    assert connection.execute("select said from notes").fetchall() == [{"said": "precious"}]
    connection.execute("drop rule noted on notes")
    assert migrate(dsn) == ["views"]


def test_a_view_of_a_role_that_we_cannot_act_for_stops_the_change(
    connection: Connection, empty_dsn: str
) -> None:
    name = conninfo_to_dict(empty_dsn)["dbname"]
    ours, theirs = f"ours_{name}", f"theirs_{name}"
    with open_connection(empty_dsn) as admin:
        for role in (ours, theirs):
            admin.execute(f"create role {role} login")
            admin.execute(f"grant create, usage on schema public to {role}")
        migrate(mine := make_conninfo(empty_dsn, user=ours))
        admin.execute(f"grant select on attempts to {theirs}")
        with open_connection(make_conninfo(empty_dsn, user=theirs)) as analyst:
            analyst.execute("create view my_own as select repository from attempts")
        admin.execute("update installed_views set digest = 'older'")
        with pytest.raises(TelemetryError, match=r"public\.my_own: must be owner of view my_own"):
            migrate(mine)
        admin.execute(f"grant {theirs} to {ours}")
        assert migrate(mine) == ["views"]
        owner = "select relowner::regrole::text as name from pg_class where relname = 'my_own'"
        assert admin.execute(owner.encode()).fetchone() == {"name": theirs}


def test_a_role_that_does_not_own_our_views_is_refused_as_that(
    connection: Connection, dsn: str, reader: Connection
) -> None:
    connection.execute("update installed_views set digest = 'older'")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        migrate(make_conninfo(dsn, user="telemetry_reader"))
    reader.execute("select count(*) from attempts")


def test_going_down_does_not_drop_a_users_view(connection: Connection, dsn: str) -> None:
    connection.execute("create view my_own as select repository from attempts")
    with pytest.raises(TelemetryError, match="my_own depends on view attempts"):
        roll_back(dsn)
    connection.execute("select repository from my_own")


def test_an_upgrade_says_that_a_reader_is_in_its_way_and_lets_other_readers_in_meanwhile(
    connection: Connection, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "LONGEST_LOCK_WAIT", "100ms")
    connection.execute("update installed_views set digest = 'older'")
    said: list[str] = []
    with ThreadPoolExecutor(1) as threads, open_connection(dsn) as reader:
        with reader.transaction():
            reader.execute("select from attempts")
            upgrading = threads.submit(migrate, dsn, waits=said.append)
            deadline = time.monotonic() + LONGEST
            while not said:
                assert time.monotonic() < deadline
                time.sleep(0.02)
            connection.execute("select from attempts")
        assert upgrading.result(LONGEST) == ["views"]
    assert "another session holds a lock that is needed" in said[0]


# A restore


def shapes(connection: Connection) -> list[dict[str, Any]]:
    """As `own`, but without lists of rights, which may say what holds by default."""
    return [{**row, "relacl": None} for row in own(connection)]


def test_a_restore_leaves_rights_owners_and_users_views_as_they_were(
    connection: Connection,
    dsn: str,
    reader: Connection,
    new_role: Callable[[str], str],
    tmp_path: Path,
) -> None:
    dump(dsn, file := tmp_path / "telemetry.dump", os.environ)
    some, other = new_role("some"), new_role("other")
    connection.execute(OWN.encode())
    connection.execute("create view bi.of_a_table as select count(*) as runs from workflow_runs")
    connection.execute(f"grant insert on workflow_runs to {some}")
    connection.execute(f"grant select (branch) on workflow_runs to {other}")
    connection.execute(f"grant select on attempts, bi.of_a_table to {some} with grant option")
    connection.execute("revoke select on llm_calls from telemetry_reader")
    before, own_before = rights(connection), shapes(connection)
    said: list[str] = []
    restore(dsn, file, os.environ, said.append)
    assert said == []
    assert rights(connection) == before
    assert shapes(connection) == own_before
    asked = f"select has_table_privilege('{some}', 'bi.of_a_table', 'select') as may"
    assert connection.execute(asked).fetchone() == {"may": True}
    assert kept(connection) == []
    assert reader.execute("select count(*) as n from attempts").fetchone() == {"n": 0}
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.execute("select count(*) from llm_calls")


def test_a_restore_removes_nothing_that_a_users_table_refers_to(
    connection: Connection, dsn: str, tmp_path: Path
) -> None:
    dump(dsn, file := tmp_path / "telemetry.dump", os.environ)
    connection.execute("create table notes (id bigint references repositories)")
    with pytest.raises(TelemetryError, match="notes_id_fkey on table notes depends on table"):
        restore(dsn, file, os.environ)
    assert migrate(dsn) == []
    connection.execute("select from attempts, notes")


def test_a_restore_removes_no_policy(connection: Connection, dsn: str, tmp_path: Path) -> None:
    dump(dsn, file := tmp_path / "telemetry.dump", os.environ)
    connection.execute("create policy teams on workflow_runs using (branch = 'open')")
    with pytest.raises(TelemetryError, match=r"of ours \(policy teams on table workflow_runs\)"):
        restore(dsn, file, os.environ)
    connection.execute("drop policy teams on workflow_runs")
    restore(dsn, file, os.environ)


def test_the_next_migration_finishes_a_restore_that_was_killed_after_its_commit(
    connection: Connection, dsn: str, reader: Connection, tmp_path: Path
) -> None:
    dump(dsn, file := tmp_path / "telemetry.dump", os.environ)
    connection.execute(OWN.encode())
    connection.execute("revoke select on llm_calls from telemetry_reader")
    before, own_before = rights(connection), shapes(connection)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transfer, "migrate", killed)
        with pytest.raises(InterruptedError):
            restore(dsn, file, os.environ)
    with pytest.raises(TelemetryError, match="is older than this version"):
        require_schema(connection)
    said: list[str] = []
    assert migrate(dsn, said.append) == ["views"]
    assert said == []
    assert rights(connection) == before
    assert shapes(connection) == own_before
    assert kept(connection) == []


def killed(*arguments: object, **named: object) -> None:
    raise InterruptedError


def test_a_restore_that_fails_takes_no_right_and_no_view_away(
    connection: Connection, dsn: str, reader: Connection, tmp_path: Path
) -> None:
    dump(dsn, file := tmp_path / "telemetry.dump", os.environ)
    connection.execute(OWN.encode())
    before, own_before = rights(connection), own(connection)
    connection.execute(
        "create function fail() returns event_trigger language plpgsql as "
        "$$ begin raise exception 'the disk is on fire'; end $$"
    )
    connection.execute(
        "create event trigger fail on ddl_command_end "
        "when tag in ('CREATE INDEX') execute function fail()"
    )
    with pytest.raises(TelemetryError, match="could not restore: the disk is on fire"):
        restore(dsn, file, os.environ)
    assert rights(connection) == before
    assert own(connection) == own_before
    assert migrate(dsn) == []
