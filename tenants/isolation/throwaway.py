"""Two businesses for a check of a live installation, made and taken away by the owner in a process of its own.

`python -m tenants.isolation.throwaway` prints their schemas as JSON, waits until its input is closed, and removes
them. So they go also when the process that asked is killed.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

PREFIX = "isolation_"


class NotMade(RuntimeError):
    """The two could not be made; the message says why."""


@contextmanager
def two_businesses() -> Iterator[tuple[str, str]]:
    """Their schema names; gone afterwards, whatever happens. Needs DATABASE_OWNER_URL. Raises `NotMade`."""
    child = subprocess.Popen(
        [sys.executable, "-m", __name__],
        env={**os.environ, "SALESPILOT_AS_OWNER": "true"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = child.stdout.readline() if child.stdout else ""
        if not line:
            _, errors = child.communicate()
            raise NotMade((errors.strip().splitlines() or ["no answer"])[-1])
        ours, theirs = json.loads(line)
        yield ours, theirs
    finally:
        if child.stdin:
            with suppress(OSError):
                child.stdin.close()
        child.wait()


def main() -> None:
    import django  # noqa: PLC0415 - reads the settings

    django.setup()
    key = secrets.token_hex(4)
    pair = [f"{PREFIX}{key}_{letter}" for letter in "ab"]
    try:
        _make(*pair)
        print(json.dumps(pair), flush=True)  # noqa: T201 - the answer
        sys.stdin.read()
    finally:
        for schema in pair:
            _remove(schema)


def _make(ours: str, theirs: str) -> None:
    from psycopg import sql  # noqa: PLC0415 - only with Django set up

    from tenants.context import public_scope  # noqa: PLC0415
    from tenants.provisioning import create_business  # noqa: PLC0415
    from tenants.schemas import owner_connection  # noqa: PLC0415

    for schema in (ours, theirs):
        create_business(schema_name=schema, name="Isolation check", host=f"{schema.replace('_', '-')}.invalid")
    with public_scope():
        # Default privileges let our role read it; what it shows is for the rights of who looks.
        owner_connection().execute(
            sql.SQL("CREATE VIEW {} WITH (security_invoker = true) AS SELECT product_name FROM {}").format(
                sql.Identifier(ours, "isolation_view"), sql.Identifier(theirs, "house_branding")
            ),
            prepare=False,
        )


def _remove(schema: str) -> None:
    from django.db import connection, transaction  # noqa: PLC0415 - only with Django set up
    from psycopg import sql  # noqa: PLC0415

    from tenants.context import public_scope  # noqa: PLC0415
    from tenants.models import Tenant  # noqa: PLC0415
    from tenants.postgresql.roles import role_name  # noqa: PLC0415
    from tenants.schemas import owner_connection  # noqa: PLC0415

    with public_scope(), transaction.atomic():
        raw = owner_connection()
        # First the row: nobody looks for the business while it goes.
        Tenant.objects.filter(schema_name=schema).delete()
        raw.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))
        role = role_name(connection.settings_dict["NAME"], schema)
        if raw.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
            name = sql.Identifier(role)
            for text in ("GRANT {} TO CURRENT_USER", "DROP OWNED BY {}", "DROP ROLE {}"):
                raw.execute(sql.SQL(text).format(name), prepare=False)


if __name__ == "__main__":
    main()
