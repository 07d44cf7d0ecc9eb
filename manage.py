#!/usr/bin/env python
"""Django's command line. Commands that change schemas connect as the owner; everything else as the application."""

from __future__ import annotations

import os
import sys

OWNER_COMMANDS = {
    "makemigrations",
    "migrate",
    "migrate_behind",
    "migrate_schemas",
    "sqlmigrate",
    "showmigrations",
    "build_businesses",
    "create_business",
    "create_demo",
    "erase_business",
    "erase_person",
    "import_business",
}


def main() -> None:
    if len(sys.argv) > 1 and sys.argv[1] in OWNER_COMMANDS:
        os.environ["SALESPILOT_AS_OWNER"] = "true"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salespilot.settings")
    from django.core.management import execute_from_command_line

    from tenants.context import public_scope

    # Django's own commands know no businesses; ours enter the scope of theirs.
    with public_scope():
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
