"""Brings the database up to date, as its owner, in a process of its own; with `--demo` also the demo.

One process for all steps: setting Django up costs more than having nothing to do.
"""

from __future__ import annotations

import os
import sys


def main(arguments: list[str]) -> None:
    os.environ["SALESPILOT_AS_OWNER"] = "true"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salespilot.settings")
    import django  # noqa: PLC0415 -- reads the settings, which read what was just set

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    from tenants.context import public_scope  # noqa: PLC0415

    with public_scope():
        call_command("migrate_behind")
        if "--demo" in arguments:
            call_command("create_demo")


if __name__ == "__main__":
    main(sys.argv[1:])
