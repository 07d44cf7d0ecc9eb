"""The other side of `OwnerProcess`: a command per line of JSON, answered in one."""

from __future__ import annotations

import json
import os
import sys
from io import StringIO
from typing import Any

import django


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    django.setup()
    for line in sys.stdin:
        print(json.dumps(run(**json.loads(line))), file=answers, flush=True)


def run(command: list[str], is_upgraded: bool) -> dict[str, Any]:
    from django.conf import settings
    from django.core.management import CommandError, call_command
    from django.test import override_settings

    from tenants.context import public_scope

    out, err, status = StringIO(), StringIO(), 0
    modules = settings.MIGRATION_MODULES if is_upgraded else {}
    with override_settings(MIGRATION_MODULES=modules), public_scope():
        try:
            call_command(*command, stdout=out, stderr=err)
        except SystemExit as stopped:
            status = int(stopped.code or 0)
        except Exception as error:  # noqa: BLE001 - it is the answer
            status = 1
            kind = "" if isinstance(error, CommandError) else f"{type(error).__name__}: "
            err.write(f"{kind}{error}")
    return {"status": status, "out": out.getvalue(), "err": err.getvalue()}


if __name__ == "__main__":
    main()
