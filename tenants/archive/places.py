"""Files of the current business, area by area, and the proof that its rows name no others."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import IO

from django.apps import apps
from django.db import connection
from psycopg import sql

from tenants.archive.manifest import FILE_PATH
from tenants.context import Business
from tenants.files import FileArea

PORTION_BYTES = 1024 * 1024


def entry_path(area: FileArea, business: Business, path: str) -> str:
    """Where the file at `path` below the area's root lies in an archive, which knows no business's number."""
    return f"files/{area.name}/{path.removeprefix(f'{area.folder(business.id)}/')}"


def outsiders(area: FileArea, business: Business) -> Iterator[tuple[str, int]]:
    """Columns of the area that hold paths outside the business's folder, and in how many rows."""
    own = f"^{re.escape(area.folder(business.id))}/{FILE_PATH}$"
    for column in area.columns:
        table, name = _place(column)
        query = sql.SQL("SELECT count(*) FROM {table} WHERE {name} <> '' AND {name} !~ %s")
        with connection.cursor() as cursor:
            cursor.execute(query.format(table=sql.Identifier(business.schema_name, table), name=name), [own])
            (count,) = cursor.fetchone()
        if count:
            yield column, count


def move_paths(area: FileArea, business: Business, *, former_id: int) -> None:
    """Rows that name files in the folder of the business's former number name them in the present one."""
    former, own = area.folder(former_id), area.folder(business.id)
    for column in area.columns:
        table, name = _place(column)
        query = sql.SQL("UPDATE {table} SET {name} = %s || substr({name}, %s) WHERE starts_with({name}, %s)")
        with connection.cursor() as cursor:
            cursor.execute(
                query.format(table=sql.Identifier(business.schema_name, table), name=name),
                [own, len(former) + 1, f"{former}/"],
            )


def portions(file: IO[bytes]) -> Iterator[bytes]:
    """The file as long as it is now: a recording may grow meanwhile."""
    left = os.fstat(file.fileno()).st_size
    while left > 0 and (portion := file.read(min(PORTION_BYTES, left))):
        left -= len(portion)
        yield portion


def _place(column: str) -> tuple[str, sql.Identifier]:
    """Table and column of `app.model.field`."""
    app, model, field = column.split(".")
    meta = apps.get_model(app, model)._meta  # noqa: SLF001 - Django's public way to ask a model
    return meta.db_table, sql.Identifier(str(meta.get_field(field).column))
