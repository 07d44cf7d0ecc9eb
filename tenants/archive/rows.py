"""Rows of a table as lines of JSON and of CSV, in a fixed order, streamed by Postgres: no size fills the memory.

Postgres writes and reads the JSON, so that numbers, times and texts come back exactly as they were.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from django.db import connection
from psycopg import sql

from tenants.archive.tables import Table
from tenants.spreadsheets import csv_line, inert

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def json_lines(schema: str, table: Table) -> Iterator[bytes]:
    """One line for each row, with its end: an object by column, without what is withheld."""
    query = sql.SQL("SELECT row_to_json(t) FROM ({}) t ORDER BY {}").format(_rows(schema, table), _order(table))
    for (line,) in _copied(query):
        yield f"{line}\n".encode()


def csv_lines(schema: str, table: Table) -> Iterator[bytes]:
    """A head and the same rows for people: values as Postgres writes them, texts that would be formulas defused."""
    yield csv_line(columns(schema, table)).encode()
    query = sql.SQL("SELECT * FROM ({}) t ORDER BY {}").format(_rows(schema, table), _order(table))
    for row in _copied(query):
        yield csv_line(_shown(row)).encode()


def columns(schema: str, table: Table) -> tuple[str, ...]:
    """As the table has them: during an upgrade it may have more than its model."""
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SELECT * FROM {} LIMIT 0").format(table.within(schema)))
        return tuple(column.name for column in cursor.description or ())


def count_withheld(schema: str, table: Table) -> int:
    """How many rows lose something."""
    withheld = table.withheld
    if withheld is None:
        return 0
    with connection.cursor() as cursor:
        query = sql.SQL("SELECT count(*) FROM {} WHERE {}")
        cursor.execute(query.format(table.within(schema), _condition(withheld.having)))
        (count,) = cursor.fetchone()
    return int(count)


def next_id(schema: str, table: Table) -> int | None:
    """The number of the next row; None for a table that does not number its rows. Numbers are never given twice."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_serial_sequence(%s, %s)", [table.within(schema).as_string(cursor.connection), table.key]
        )
        (sequence,) = cursor.fetchone()
        if sequence is None:
            return None
        # Quoted already by Postgres.
        cursor.execute(sql.SQL("SELECT last_value + is_called::int FROM {}").format(sql.SQL(sequence)))
        (number,) = cursor.fetchone()
    return int(number)


def _rows(schema: str, table: Table) -> sql.Composed:
    """The query of a table's rows, without what is withheld."""
    withheld = table.withheld
    if withheld is None:
        return sql.SQL("SELECT * FROM {}").format(table.within(schema))
    if not withheld.columns:
        query = sql.SQL("SELECT * FROM {} WHERE NOT ({})")
        return query.format(table.within(schema), _condition(withheld.having))
    chosen = [
        sql.SQL("''::text AS {}" if name in withheld.columns else "{}").format(sql.Identifier(name))
        for name in columns(schema, table)
    ]
    return sql.SQL("SELECT {} FROM {}").format(sql.SQL(", ").join(chosen), table.within(schema))


def _condition(text: str) -> sql.SQL:
    # From `tables.WITHHELD`, which is ours.
    return sql.SQL(text)


def _order(table: Table) -> sql.Composed:
    """Texts by their bytes: another server may sort them by another language."""
    return sql.SQL('{} COLLATE "C"' if table.has_text_key else "{}").format(sql.Identifier(table.key))


def _copied(query: sql.Composed) -> Iterator[tuple[str | None, ...]]:
    statement = sql.SQL("COPY ({}) TO STDOUT").format(query)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        yield from copy.rows()


def _shown(row: Iterable[str | None]) -> Iterator[str]:
    for value in row:
        if value is None or _NUMBER.fullmatch(value):
            yield value or ""
        else:
            yield inert(value)
