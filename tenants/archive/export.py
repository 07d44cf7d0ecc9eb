"""Taking a business out: all of its rows and files as they were at one moment, in one file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.utils import timezone

from tenants.archive import places, rows
from tenants.archive.errors import ArchiveNotWritten, first_line
from tenants.archive.heads import own_heads
from tenants.archive.manifest import Host, LeftBehind, Manifest, Origin
from tenants.archive.progress import Silent, Steps
from tenants.archive.tables import Table, tables
from tenants.archive.writing import ArchiveWriter, archive_at
from tenants.audit.models import Action, Via
from tenants.audit.services import record
from tenants.context import Business, business_scope
from tenants.files import FileArea, file_areas
from tenants.models import Domain, Tenant
from tenants.schemas import applied_in, migrations_on_disk, missing


@dataclass(frozen=True, slots=True)
class Exported:
    """`size` of the archive in bytes; `fingerprint` stands for all that is in it."""

    path: Path
    size: int
    fingerprint: str
    manifest: Manifest


def export_business(business: Business, *, to: Path | None = None, steps: Steps | None = None) -> Exported:
    """Writes the archive of `business` and leaves a line in its audit log. `to`: a new file, or a folder.

    Works as the application: Postgres itself lets the business's role read nothing of another business. One
    transaction sees all tables as they were when it began, and holds nobody up. Files are read as they are now; one
    that is gone by now is named in the manifest. Raises `ArchiveNotWritten`, and nothing is left then.
    """
    steps = steps or Silent()
    target = _target(business, to)
    try:
        with archive_at(target, name=business.schema_name) as writer, business_scope(business):
            with _one_moment():
                _check(business)
                manifest = _fill(writer, business, steps)
            fingerprint = writer.finish(manifest)
            _note(manifest)
            writer.publish()
    except (DatabaseError, InterfaceError, psycopg.Error) as error:
        raise ArchiveNotWritten(
            f"The database ended it: {first_line(error)}. Nothing is left; run it again."
        ) from error
    return Exported(target, target.stat().st_size, fingerprint, manifest)


def exports_folder(business: Business) -> Path:
    """Where archives of a business are kept that nobody took elsewhere: by its id, readable by this user only."""
    return Path(settings.EXPORTS_DIR) / str(business.id)


def _note(manifest: Manifest) -> None:
    """Before the archive has its name: there is none without its line."""
    counts = {"rows": manifest.rows, "files": len(manifest.files), "bytes": manifest.total_bytes}
    record(Action.EXPORTED, actor=None, via=Via.COMMAND, subject="business", detail=counts)


@contextmanager
def _one_moment() -> Iterator[None]:
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _target(business: Business, to: Path | None) -> Path:
    name = f"{business.schema_name}-{timezone.now():%Y%m%d-%H%M%S}.zip"
    if to is not None:
        return to / name if to.is_dir() else to
    folder = exports_folder(business)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise ArchiveNotWritten(f"{folder} can not be made: {error.strerror}. Name another place with --to.") from error
    return folder / name


def _check(business: Business) -> None:
    """Raises `ArchiveNotWritten` where the tables are not this code's, or a row names a file of somebody else."""
    connection.ensure_connection()
    applied, on_disk = applied_in(connection.connection, business.schema_name), migrations_on_disk()
    if missing(applied, on_disk):
        raise ArchiveNotWritten(f"{business.schema_name} is behind this version. Run migrate_behind first.")
    if applied - on_disk.keys():
        raise ArchiveNotWritten(f"{business.schema_name} was migrated by a newer version. Export it with that one.")
    for area in file_areas():
        for column, count in places.outsiders(area, business):
            raise ArchiveNotWritten(f"{count} rows name files outside the business's folder ({column}).")


def _fill(writer: ArchiveWriter, business: Business, steps: Steps) -> Manifest:
    made_at = timezone.now()
    found, areas = tables(), file_areas()
    steps.begin("Tables", len(found))
    for table in found:
        _add_table(writer, business.schema_name, table)
        steps.step()
    steps.begin("Files", sum(1 for area in areas for _ in area.paths()))
    gone = tuple(chain.from_iterable(_add_files(writer, business, area, steps) for area in areas))
    tenant = Tenant.objects.get(pk=business.id)
    return Manifest(
        product_version=_version(),
        made_at=made_at.isoformat(),
        business=Origin(business.id, business.schema_name, tenant.name, tenant.trade),
        hosts=tuple(
            Host(domain.domain, domain.verified_at is not None, domain.is_primary)
            for domain in Domain.objects.filter(tenant=tenant)
        ),
        heads=own_heads(),
        left_behind=tuple(_left_behind(business.schema_name, found)),
        missing=gone,
        entries=tuple(writer.entries),
    )


def _add_table(writer: ArchiveWriter, schema: str, table: Table) -> None:
    number = rows.next_id(schema, table)
    writer.add(table.data_path, rows.json_lines(schema, table), is_table=True, next_id=number)
    writer.add(table.csv_path, rows.csv_lines(schema, table))


def _add_files(writer: ArchiveWriter, business: Business, area: FileArea, steps: Steps) -> Iterator[str]:
    """Yields the entries that could not be made, because the file is gone."""
    root, added = area.root(), set[str]()
    for path in area.paths():
        steps.step()
        entry = places.entry_path(area, business, path)
        if entry in added:
            continue
        added.add(entry)
        try:
            file = (root / path).open("rb")
        except FileNotFoundError:
            yield entry
            continue
        except OSError as error:
            raise ArchiveNotWritten(
                f"{root / path} can not be read: {error.strerror}. Run this as the user that the web server has."
            ) from error
        with file:
            writer.add(entry, places.portions(file))


def _left_behind(schema: str, found: tuple[Table, ...]) -> Iterator[LeftBehind]:
    for table in found:
        if table.withheld and (count := rows.count_withheld(schema, table)):
            yield LeftBehind(table.withheld.what, count, table.withheld.then)


def _version() -> str:
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["project"]["version"])
