"""The template equals the migrations; where it does not, a business still gets the right tables."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString

import pytest
from psycopg import sql

from salespilot.quickstart.template import dump
from tenants.postgresql.roles import role_name
from tenants.template import MAKE_COMMAND, disk, text
from tests import owner, services
from tests.tenants.upgrades import ADD_MOTTO, add_migration, changed_house, environment, manage

pytestmark = pytest.mark.processes

REPLAYED, MIGRATED, CHANGED = "two_ways_replayed", "two_ways_migrated", "two_ways_changed"
CHANGES: tuple[LiteralString, ...] = (
    "ALTER TABLE {}.house_policy ADD COLUMN more int",
    "ALTER TABLE {}.house_policy ALTER COLUMN keep_recording DROP NOT NULL",
    "DROP INDEX {}.audit_line_newest",
    "ALTER TABLE {}.house_policy DROP CONSTRAINT house_policy_single_row",
    "ALTER TABLE {}.house_policy ALTER COLUMN id SET GENERATED ALWAYS",
    "DELETE FROM {}.auth_permission WHERE codename = 'add_session'",
    "GRANT UPDATE ON {}.django_migrations TO PUBLIC",
    "ALTER TABLE {}.house_policy ENABLE ROW LEVEL SECURITY",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA {} GRANT SELECT ON TABLES TO PUBLIC",
)
OLD_TEMPLATE = text.Template(
    apps=("house",), migrations={"house.0001_initial": "abc"}, sql="CREATE TABLE {schema}.t ();\n"
)


@pytest.fixture(scope="module")
def two_ways(businesses: object) -> Iterator[None]:
    made = subprocess.run(
        [sys.executable, "-m", "tests.tenants.two_ways", MIGRATED, REPLAYED, CHANGED],
        cwd=services.ROOT,
        env=environment(None),
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        assert made.returncode == 0, made.stderr[-3000:]
        yield
    finally:
        for schema in (REPLAYED, MIGRATED, CHANGED):
            owner.remove_business(schema)


def description(schema: str) -> list[str]:
    """All that pg_dump knows of a schema, also grants and default privileges, without names and times of its own."""
    role = role_name(services.database(services.worker()), schema)
    said = dump(os.environ["DATABASE_OWNER_URL"], schema).replace(role, "ROLE").replace(schema, "SCHEMA")
    said = re.sub(r"^\\(un)?restrict .*$", "", said, flags=re.MULTILINE)
    said = re.sub(r"'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[^']*'", "TIME", said)
    return _LIST_CAST.sub(_each_cast, said).splitlines()


# Postgres writes `IN ('a', 'b')` on a varchar in one way and, having read that, in another that means the same.
_LIST_CAST = re.compile(r"\(ARRAY\[((?:'[^']*'::character varying(?:, )?)+)\]\)::text\[\]")


def _each_cast(found: re.Match[str]) -> str:
    return f"ARRAY[{', '.join(f'({each})::text' for each in found[1].split(', '))}]"


def test_the_template_is_made_from_the_migrations_on_disk() -> None:
    template = text.parse(disk.template_path().read_text(encoding="utf-8"))
    difference = disk.why_not_current(template, disk.migrations())
    assert not difference, f"The template is behind. Run `{MAKE_COMMAND}` and commit it. ({difference})"


def test_replaying_the_template_gives_what_the_migrations_give(two_ways: None) -> None:
    replayed, migrated = description(REPLAYED), description(MIGRATED)
    assert any("CREATE TABLE SCHEMA.calls_call " in line for line in migrated)
    assert any("ALTER DEFAULT PRIVILEGES" in line for line in migrated)
    assert replayed == migrated, f"Run `{MAKE_COMMAND}` and commit the template."


def test_the_comparison_sees_every_kind_of_difference(two_ways: None) -> None:
    before = description(CHANGED)
    for change in CHANGES:
        with owner.connect() as admin:
            admin.execute(sql.SQL(change).format(sql.Identifier(CHANGED)))
        after = description(CHANGED)
        assert after != before, change
        before = after


def columns(schema: str, table: str) -> set[str]:
    with owner.connect() as admin:
        return {
            name
            for (name,) in admin.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s",
                [schema, table],
            )
        }


@pytest.fixture
def hooli(businesses: object) -> Iterator[str]:
    yield "hooli"
    owner.remove_business("hooli")


CREATE = ("create_business", "hooli", "--name", "Hooli", "--host", "hooli.localhost")


def test_a_migration_newer_than_the_template_is_run_after_the_replay(hooli: str, tmp_path: Path) -> None:
    house = changed_house(tmp_path)
    add_migration(house, ADD_MOTTO)
    made = manage(*CREATE, house=house)
    assert made.returncode == 0, made.stderr
    assert "house.9001_later" in made.stderr
    assert MAKE_COMMAND in made.stderr
    assert "motto" in columns(hooli, "house_branding")


def test_a_changed_first_migration_makes_the_template_useless_and_all_are_run(hooli: str, tmp_path: Path) -> None:
    house = changed_house(tmp_path)
    first = house / "0001_initial.py"
    source = first.read_text(encoding="utf-8")
    first.write_text(source.replace("'tagline'", "'slogan'"), encoding="utf-8")
    made = manage(*CREATE, house=house)
    # The first rows are written by this checkout's models, which know no slogan: the tables are what is asked here.
    assert "house.0001_initial" in made.stderr
    assert "slogan" in columns(hooli, "house_branding")
    assert "tagline" not in columns(hooli, "house_branding")


def test_the_text_survives_being_written_and_read() -> None:
    assert text.parse(OLD_TEMPLATE.render()) == OLD_TEMPLATE


@pytest.mark.parametrize(
    "damage",
    [
        lambda said: said.replace("CREATE", "DROP"),
        lambda said: said + "<<<<<<< theirs\n",
        lambda said: said.replace("abc", "abd"),
        lambda said: said[: len(said) // 2],
        lambda said: "",
    ],
)
def test_a_text_that_was_edited_merged_or_cut_is_refused(damage: object) -> None:
    with pytest.raises(text.DamagedTemplate, match=re.escape(MAKE_COMMAND)):
        text.parse(damage(OLD_TEMPLATE.render()))  # type: ignore[operator]


def test_a_function_with_comments_and_blank_lines_of_its_own_is_kept_whole() -> None:
    body = (
        "CREATE FUNCTION template_business.f() RETURNS text\n    AS $$\n-- why\nSET x\n\n\n"
        "--\nSELECT 'template_business.t' $$;"
    )
    start = "--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\nSET a = b;\n\n--\n-- Name: f\n--\n\n"
    made = text.from_dump(f"{start}{body}\n\n\n--\n-- Done\n--\n\n", apps=(), migrations={}, applied=["a.b"])
    assert made.sql.startswith(body.replace("template_business", "{schema}"))
