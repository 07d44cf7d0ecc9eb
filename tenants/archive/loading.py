"""Rows from an archive into the fresh tables of a business, as the owner, within the caller's transaction."""

from __future__ import annotations

import hashlib

import psycopg
from django.db import DatabaseError, connection
from psycopg import sql

from tenants.archive import places, rows
from tenants.archive.errors import ArchiveRefused, first_line
from tenants.archive.manifest import Manifest
from tenants.archive.progress import Steps
from tenants.archive.reading import ArchiveReader
from tenants.archive.tables import LEFT_OUT, Table, tables
from tenants.context import Business
from tenants.files import file_areas

_STAGE = "CREATE TEMPORARY TABLE arriving (line json NOT NULL) ON COMMIT DROP"
# Postgres reads the JSON that Postgres wrote: every value comes back as it was.
_INSERT = """
INSERT INTO {table} ({columns})
SELECT {chosen} FROM pg_temp.arriving, json_populate_record(NULL::{table}, arriving.line) AS r
"""


def load(reader: ArchiveReader, business: Business, steps: Steps) -> None:
    """All rows with their numbers, then the proof: constraints hold, and each table reads as it did where it was.

    Only then paths of files are moved to the business's present folder. Raises `ArchiveRefused`.
    """
    found = tables()
    _compare_tables(reader.manifest, found)
    schema = business.schema_name
    _empty(schema, found)
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
    steps.begin("Loading", len(found))
    for table in found:
        _load_table(reader, schema, table)
        steps.step()
    _check_constraints()
    steps.begin("Comparing", len(found))
    for table in found:
        _compare(reader, schema, table)
        steps.step()
    _move_files(business, reader.manifest)


def _compare_tables(manifest: Manifest, found: tuple[Table, ...]) -> None:
    there = {entry.path for entry in manifest.entries if not entry.path.startswith("files/")}
    here = {path for table in found for path in (table.data_path, table.csv_path)}
    if differing := sorted(there ^ here):
        where = "only in the archive" if differing[0] in there else "not in the archive"
        raise ArchiveRefused(f"The tables there and here are not the same: {differing[0]} is {where}.")


def _empty(schema: str, found: tuple[Table, ...]) -> None:
    """Fresh tables may hold Django's own bookkeeping, which comes with the archive."""
    names = [table.name for table in found] + [name for name in LEFT_OUT if name != "django_migrations"]
    listed = sql.SQL(", ").join(sql.Identifier(schema, name) for name in names)
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("TRUNCATE {}").format(listed))


def _load_table(reader: ArchiveReader, schema: str, table: Table) -> None:
    entry = reader.entry(table.data_path)
    try:
        count = _insert(reader, schema, table)
    except (DatabaseError, psycopg.Error, UnicodeDecodeError) as error:
        raise ArchiveRefused(f"{table.data_path} can not be loaded: {first_line(error)}") from error
    if count != entry.rows:
        raise ArchiveRefused(f"{table.data_path} has {count} rows, its manifest says {entry.rows}.")
    if entry.next_id is not None:
        _number_on(schema, table, entry.next_id)


def _insert(reader: ArchiveReader, schema: str, table: Table) -> int:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE pg_temp.arriving")
        with cursor.copy("COPY pg_temp.arriving FROM STDIN") as copy:
            for line in reader.lines(reader.entry(table.data_path)):
                copy.write_row((line.decode(),))
        names = rows.columns(schema, table)
        statement = sql.SQL(_INSERT).format(
            table=table.within(schema),
            columns=sql.SQL(", ").join(map(sql.Identifier, names)),
            chosen=sql.SQL(", ").join(sql.Identifier("r", name) for name in names),
        )
        cursor.execute(statement)
        return int(cursor.rowcount)


def _number_on(schema: str, table: Table, number: int) -> None:
    """Where the numbers went on there, also past rows that are gone: an audit line may still name one of them."""
    query = sql.SQL("SELECT setval(pg_get_serial_sequence(%s, %s), greatest(%s, (SELECT max({}) + 1 FROM {})), false)")
    with connection.cursor() as cursor:
        cursor.execute(
            query.format(sql.Identifier(table.key), table.within(schema)),
            [table.within(schema).as_string(cursor.connection), table.key, number],
        )


def _check_constraints() -> None:
    """Foreign keys are asked at the end of a transaction, or here."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except DatabaseError as error:
        raise ArchiveRefused(f"The rows do not fit together: {first_line(error)}") from error


def _compare(reader: ArchiveReader, schema: str, table: Table) -> None:
    digest = hashlib.sha256()
    for line in rows.json_lines(schema, table):
        digest.update(line)
    if digest.hexdigest() != reader.entry(table.data_path).sha256:
        raise ArchiveRefused(f"{table.data_path} would not be here what it was there. Was it made by export_business?")


def _move_files(business: Business, manifest: Manifest) -> None:
    for area in file_areas():
        places.move_paths(area, business, former_id=manifest.business.id)
        for column, count in places.outsiders(area, business):
            raise ArchiveRefused(f"{count} rows name files outside the business's folder ({column}).")
