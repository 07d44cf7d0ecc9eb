"""Whether a migration may run while the old version of the code still works: expand first, contract a release later.

The SQL is judged by django-migration-linter's analyser for Postgres; here it is collected in the scope of the schema
that the app belongs to, and what runs over rows is refused as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.db import connection, migrations
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django_migration_linter.sql_analyser.postgresql import PostgresqlAnalyser

MARKER = "breaks_expand_contract"
WORDS_AT_LEAST = 5
ADVICE = {
    "NOT_NULL": "a column that may not be empty has no default in the database: the old code can not insert. "
    "Give it db_default, or null=True now and NOT NULL a release later",
    "DROP_COLUMN": "the old code still names the column. Stop using it in one release, drop it in the next",
    "DROP_TABLE": "the old code still names the table. Stop using it in one release, drop it in the next",
    "RENAME_COLUMN": "the old code still uses the old name. Add a new column, write both, then drop the old one",
    "RENAME_TABLE": "the old code still uses the old name. Keep it with db_table",
    "ALTER_COLUMN": "changing a type may rewrite the table under a lock that stops everyone",
    "ADD_UNIQUE": "building it locks the table, and the old code may still write doubles. Make a unique index with "
    "CONCURRENTLY (RunSQL, atomic = False) and take it over with SeparateDatabaseAndState",
    "CREATE_INDEX": "building it stops every write to the table. Use AddIndexConcurrently with atomic = False",
    "CREATE_INDEX_EXCLUSIVE": "an index is built while the table is locked. Give it a migration of its own",
    "DROP_INDEX": "dropping it waits for everybody with the table locked. Use RemoveIndexConcurrently, atomic = False",
    "REINDEX": "it stops every write to the table. Use REINDEX CONCURRENTLY",
    "ROWS": "it goes over the rows of every business while they wait. Do it in a task, in portions",
}
_OVER_ROWS = re.compile(
    r"^\s*(UPDATE|DELETE\s+FROM|INSERT\s+INTO|MERGE\s+INTO|TRUNCATE)\b", re.IGNORECASE | re.MULTILINE
)


def faults(migration: Migration, loader: MigrationLoader) -> list[str]:
    """Sentences about what the migration must not do, in no business's schema; empty when it may run.

    A first migration may do all. Any other may what its class explains: `breaks_expand_contract = {"DROP_COLUMN":
    "why this is safe now"}`. Enter the scope of a schema in which the app has its tables.
    """
    if migration.initial:
        return []
    explained: Mapping[str, str] = getattr(migration, MARKER, {})
    found = _found(migration, loader)
    refused = [f"{code}: {ADVICE[code]}." for code in sorted(found - explained.keys())]
    short = [code for code, why in explained.items() if len(why.split()) < WORDS_AT_LEAST]
    idle = sorted(explained.keys() - found)
    return [
        *refused,
        *(f"{code}: explain in {MARKER} why it is safe, in a sentence." for code in short),
        *(f"{code}: the migration does no such thing, take it out of {MARKER}." for code in idle),
    ]


def _found(migration: Migration, loader: MigrationLoader) -> set[str]:
    lines = statements(migration, loader)
    analyser = PostgresqlAnalyser(exclude_migration_tests=())
    # Its rule on unique constraints does not know CONCURRENTLY.
    analyser.analyse([line for line in lines if "INDEX CONCURRENTLY" not in line])
    codes = {issue.code for issue in (*analyser.errors, *analyser.warnings)}
    goes_over_rows = any(isinstance(operation, migrations.RunPython) for operation in migration.operations) or any(
        _OVER_ROWS.match(line) for line in lines
    )
    return codes | ({"ROWS"} if goes_over_rows else set())


def statements(migration: Migration, loader: MigrationLoader) -> list[str]:
    """The lines of SQL that the migration would run, as `sqlmigrate` shows them."""
    before = loader.project_state(list(migration.dependencies), at_end=True)
    with connection.schema_editor(collect_sql=True, atomic=migration.atomic) as editor:
        migration.apply(before, editor, collect_sql=True)
    begin = ["BEGIN;"] if migration.atomic else []
    return [*begin, *"\n".join(editor.collected_sql).splitlines()]
