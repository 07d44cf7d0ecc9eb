"""Makes one schema by running every migration and others by replaying the template, as the owner: for comparison."""

from __future__ import annotations

import sys
from pathlib import Path

import django
from django.db import transaction


def main(migrated: str, *replayed: str) -> None:
    django.setup()
    from tenants.context import public_scope
    from tenants.schemas import bring_up_to_date, lay_out
    from tenants.template import disk

    for schema in replayed:
        with public_scope(), transaction.atomic():
            assert lay_out(schema), "the template is not up to date"
    disk._usable.cache_clear()
    disk.template_path = lambda: Path("/nowhere/template.sql")
    bring_up_to_date(migrated)


if __name__ == "__main__":
    main(*sys.argv[1:])
