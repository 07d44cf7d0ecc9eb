"""Makes tenants/template/template.sql from the migrations: python -m salespilot.quickstart.template

In an embedded Postgres of its own that is thrown away; needs no settings and touches no database of yours.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from salespilot.quickstart.errors import QuickstartError
from salespilot.quickstart.plan import ROOT
from salespilot.quickstart.postgres import EmbeddedPostgres, binaries
from salespilot.quickstart.screen import Screen
from tenants.postgresql.roles import prepare_database

DATABASE, OWNER, APP, PASSWORD = "template_maker", "template_owner", "template_app", "thrown-away"


def main() -> int:
    screen = Screen()
    work = ROOT / "var"
    work.mkdir(exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix="template-", dir=work) as folder:
            Path(folder).chmod(0o755)  # as root, the server runs as another user
            server = EmbeddedPostgres(Path(folder) / "pg", is_test=True)
            try:
                written = _make(server.start(), Path(folder))
            finally:
                server.stop()
                server.remove()
    except QuickstartError as error:
        screen.fail(str(error))
        return 1
    screen.say(f"{written.relative_to(ROOT)} is up to date with the migrations.")
    return 0


def _make(admin_url: str, folder: Path) -> Path:
    prepare_database(admin_url, database=DATABASE, owner=OWNER, owner_password=PASSWORD, app=APP, app_password=PASSWORD)
    address = admin_url.rpartition("@")[2].partition("/")[0]
    owner_url = f"postgresql://{OWNER}:{PASSWORD}@{address}/{DATABASE}"
    os.environ.update(
        DATABASE_OWNER_URL=owner_url,
        DATABASE_URL=f"postgresql://{APP}:{PASSWORD}@{address}/{DATABASE}",
        SALESPILOT_AS_OWNER="true",
        SALESPILOT_VAR=str(folder),
        DJANGO_SETTINGS_MODULE="salespilot.settings",
    )
    import django  # noqa: PLC0415 -- reads the settings, which read what was just set

    django.setup()
    from tenants.template import disk, making, text  # noqa: PLC0415

    applied = making.migrate_fresh(text.DUMPED_SCHEMA)
    template = text.from_dump(
        dump(owner_url, text.DUMPED_SCHEMA, "--no-privileges", "--exclude-table-data=*.django_migrations"),
        apps=disk.tenant_apps(),
        migrations=disk.migrations(),
        applied=applied,
    )
    path = disk.template_path()
    path.write_text(template.render(), encoding="utf-8")
    return path


def dump(url: str, schema: str, *options: str) -> str:
    """What pg_dump says of one schema: tables and rows as statements."""
    made = subprocess.run(
        [
            str(binaries() / "pg_dump"), "--dbname", url, f"--schema={schema}", "--no-owner", "--inserts",
            "--rows-per-insert=500", "--no-tablespaces", "--no-table-access-method", *options,
        ],
        capture_output=True,
        text=True,
        check=False,
        env={name: value for name, value in os.environ.items() if not name.startswith("PG")},
    )  # fmt: skip
    if made.returncode:
        raise QuickstartError(f"pg_dump failed: {made.stderr.strip()[-1000:]}")
    return made.stdout


if __name__ == "__main__":
    sys.exit(main())
