"""`migrate_behind`: who is behind is migrated, whoever else is left alone, and nothing stops it for good."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, LiteralString

import pytest
from django.core.management import CommandError, call_command
from psycopg import sql

from salespilot.quickstart.processes import wait_until
from tenants.postgresql.roles import role_name
from tests import owner, services
from tests.tenants.upgrades import ADD_MOTTO, OwnerProcess, add_migration, changed_house, environment

pytestmark = pytest.mark.processes

THREE = ("up0", "up1", "up2")
SIX = (*THREE, "up3", "up4", "up5")
SLOW = "migrations.RunSQL('SELECT pg_sleep(0.7)')"


def make(as_owner: OwnerProcess, schemas: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    try:
        for schema in schemas:
            made = as_owner.run("create_business", schema, "--name", schema, "--host", f"{schema}.localhost")
            assert made.status == 0, made.err
        yield schemas
    finally:
        for schema in schemas:
            owner.remove_business(schema)
        with owner.connect() as admin:
            admin.execute("DELETE FROM public.django_migrations WHERE app = 'house' AND name LIKE '9%'")


@pytest.fixture
def three(as_owner: OwnerProcess) -> Iterator[tuple[str, ...]]:
    yield from make(as_owner, THREE)


@pytest.fixture
def six(as_owner: OwnerProcess) -> Iterator[tuple[str, ...]]:
    yield from make(as_owner, SIX)


Upgrade = Callable[..., dict[str, Any]]


@pytest.fixture
def upgrade(as_owner: OwnerProcess) -> Upgrade:
    """Runs `migrate_behind` of the upgraded code, or with `is_upgraded=False` of this checkout; gives its report."""

    def run(*arguments: str, is_upgraded: bool = True, status: int = 0) -> dict[str, Any]:
        ran = as_owner.run("migrate_behind", *arguments, "--json", is_upgraded=is_upgraded)
        assert ran.status == status, ran.out + ran.err
        return ran.report

    return run


def schemas_of(outcomes: list[dict[str, Any]]) -> set[str]:
    return {outcome["schema"] for outcome in outcomes}


def with_motto() -> set[str]:
    with owner.connect() as admin:
        rows = admin.execute("SELECT table_schema FROM information_schema.columns WHERE column_name = 'motto'")
        return {schema for (schema,) in rows}


def execute(statement: LiteralString, **names: str) -> None:
    with owner.connect() as admin:
        admin.execute(sql.SQL(statement).format(**{key: sql.Identifier(name) for key, name in names.items()}))


def times_noted(schema: str) -> int:
    with owner.connect() as admin:
        count = admin.execute(
            sql.SQL("SELECT count(*) FROM {} WHERE name = '9001_later'").format(
                sql.Identifier(schema, "django_migrations")
            )
        ).fetchone()
    return count[0] if count else 0


def test_only_who_is_behind_is_migrated_and_a_second_run_does_nothing(three: tuple[str, ...], upgrade: Upgrade) -> None:
    first = upgrade("up0", "up2")
    assert (schemas_of(first["migrated"]), first["failed"], first["current"]) == ({"up0", "up2"}, [], 0)
    assert first["is_shared_migrated"]
    assert with_motto() == {"up0", "up2"}
    second = upgrade(*three)
    assert (schemas_of(second["migrated"]), second["current"]) == ({"up1"}, 2)
    assert not second["is_shared_migrated"]


def test_code_that_does_not_know_the_newest_migration_says_so(three: tuple[str, ...], upgrade: Upgrade) -> None:
    upgrade(*three)
    looked = upgrade(*three, "--check", is_upgraded=False)
    assert (looked["current"], looked["ahead"]) == (3, list(three))


def test_a_check_says_who_is_behind_and_changes_nothing(three: tuple[str, ...], upgrade: Upgrade) -> None:
    upgrade("up0")
    looked = upgrade(*three, "--check", status=1)
    assert (looked["current"], looked["waiting"]) == (1, ["up1", "up2"])
    assert with_motto() == {"up0"}


def test_a_failing_business_is_reported_and_does_not_stop_the_others(three: tuple[str, ...], upgrade: Upgrade) -> None:
    execute("ALTER TABLE {schema}.house_branding ADD COLUMN motto text", schema="up0")
    report = upgrade(*three, status=1)
    (failed,) = report["failed"]
    assert failed["schema"] == "up0"
    assert "already exists" in failed["error"]
    assert schemas_of(report["migrated"]) == {"up1", "up2"}
    execute("ALTER TABLE {schema}.house_branding DROP COLUMN motto", schema="up0")
    assert schemas_of(upgrade(*three)["migrated"]) == {"up0"}


def test_a_table_in_use_is_given_up_after_the_time_out_and_done_by_the_next_run(
    three: tuple[str, ...], upgrade: Upgrade
) -> None:
    with owner.connect() as reader, reader.transaction():
        reader.execute("SELECT count(*) FROM up1.house_branding")
        report = upgrade(*three, "--lock-timeout", "0.3", "--attempts", "2", status=1)
    (failed,) = report["failed"]
    assert failed["schema"] == "up1"
    assert "lock timeout" in failed["error"]
    assert schemas_of(report["migrated"]) == {"up0", "up2"}
    assert schemas_of(upgrade(*three)["migrated"]) == {"up1"}


def test_a_business_whose_last_grants_are_missing_counts_as_behind(three: tuple[str, ...], upgrade: Upgrade) -> None:
    role = role_name(services.database(services.worker()), "up0")
    execute("GRANT INSERT ON up0.django_migrations TO {role}", role=role)
    assert upgrade(*three, "--check", is_upgraded=False, status=1)["waiting"] == ["up0"]
    assert schemas_of(upgrade(*three, is_upgraded=False)["migrated"]) == {"up0"}
    assert upgrade(*three, "--check", is_upgraded=False)["current"] == 3


def test_a_business_made_only_in_part_is_named(three: tuple[str, ...], as_owner: OwnerProcess) -> None:
    execute("DROP SCHEMA {schema} CASCADE", schema="up0")
    ran = as_owner.run("migrate_behind", *three)
    assert "Made only in part: up0. create_business" in ran.out


def test_the_application_changes_no_tables(committed_db: None) -> None:
    with pytest.raises(CommandError, match="changed by the owner"):
        call_command("migrate_behind")


@pytest.fixture
def of_the_first_preview() -> Iterator[None]:
    """A shared schema as the first preview made it, as far as can be seen."""
    rename = "ALTER TABLE public.tenants_tenant RENAME COLUMN {} TO {}"
    with owner.connect() as admin:
        admin.execute(rename.format("owner_role", "owner_role_away"))
    try:
        yield
    finally:
        with owner.connect() as admin:
            admin.execute(rename.format("owner_role_away", "owner_role"))


@pytest.mark.usefixtures("of_the_first_preview")
def test_a_database_of_the_first_preview_is_left_alone_and_the_way_on_is_said(as_owner: OwnerProcess) -> None:
    ran = as_owner.run("migrate_behind", is_upgraded=False)
    assert ran.status != 0
    assert "make clean-data" in ran.err


def test_an_unknown_business_is_refused(as_owner: OwnerProcess) -> None:
    ran = as_owner.run("migrate_behind", "nowhere")
    assert ran.status != 0
    assert "no business 'nowhere'" in ran.err


# With several processes ----------------------------------------------------------------------------


def start(*arguments: str, house: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "migrate_behind", *arguments, "--json"],
        cwd=services.ROOT,
        env=environment(house),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def workers_of(process: subprocess.Popen[str]) -> list[int]:
    threads = Path(f"/proc/{process.pid}/task").iterdir()
    return [int(pid) for each in threads for pid in (each / "children").read_text(encoding="ascii").split()]


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    house = changed_house(tmp_path)
    add_migration(house, f"{ADD_MOTTO}, {SLOW}")
    return house


@pytest.mark.sockets
def test_a_table_in_use_for_a_moment_is_waited_for(three: tuple[str, ...], slow: Path) -> None:
    reader = owner.connect()
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM up1.house_branding")
    running = start("up1", "--lock-timeout", "0.5", "--attempts", "20", house=slow)
    assert wait_until(lambda: owner.someone_waits(reader), seconds=60)
    reader.execute("COMMIT")
    reader.close()
    assert running.wait(60) == 0
    assert with_motto() == {"up1"}


@pytest.mark.sockets
def test_a_run_that_was_killed_is_taken_up_by_the_next(six: tuple[str, ...], slow: Path) -> None:
    killed = start(*six, "--workers", "2", house=slow)
    assert wait_until(lambda: 1 <= len(with_motto()) < 6, seconds=90)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    done_before = with_motto()
    assert len(done_before) < 6
    again = start(*six, house=slow)
    said, complaints = again.communicate(timeout=100)
    assert again.returncode == 0, said + complaints
    assert with_motto() == set(six)
    assert {schema: times_noted(schema) for schema in six} == dict.fromkeys(six, 1)


@pytest.mark.sockets
def test_a_killed_worker_costs_its_business_and_no_other(six: tuple[str, ...], slow: Path) -> None:
    running = start(*six, "--workers", "1", house=slow)
    assert wait_until(lambda: 1 <= len(with_motto()) < 5, seconds=90)
    (worker,) = workers_of(running)
    os.kill(worker, signal.SIGKILL)
    said, _ = running.communicate(timeout=100)
    report = json.loads(said.splitlines()[-1])
    assert running.returncode == 1
    (failed,) = report["failed"]
    assert "ended in the middle" in failed["error"]
    assert len(report["migrated"]) == 5
    assert start(failed["schema"], house=slow).wait(60) == 0
    assert with_motto() == set(six)


@pytest.mark.sockets
def test_two_runs_at_once_share_the_work(six: tuple[str, ...], slow: Path) -> None:
    both = [start(*six, "--workers", "2", "--lock-timeout", "20", house=slow) for _ in range(2)]
    for each in both:
        said, complaints = each.communicate(timeout=110)
        assert each.returncode == 0, said + complaints
    assert {schema: times_noted(schema) for schema in six} == dict.fromkeys(six, 1)


@pytest.mark.sockets
def test_ctrl_c_lets_the_business_in_hand_be_finished(six: tuple[str, ...], slow: Path) -> None:
    running = start(*six, "--workers", "1", house=slow)
    assert wait_until(lambda: 1 <= len(with_motto()) < 5, seconds=90)
    running.send_signal(signal.SIGINT)
    began = time.monotonic()
    running.communicate(timeout=60)
    assert time.monotonic() - began < 30
    assert running.returncode != 0
    done = with_motto()
    assert len(done) < 6
    assert all(times_noted(schema) == (schema in done) for schema in six)
