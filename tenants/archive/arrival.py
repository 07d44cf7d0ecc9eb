"""Bringing a business in: from an archive into an installation that does not have it, all of it or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psycopg
from django.db import DatabaseError, InterfaceError, connection, transaction
from psycopg import sql

from tenants import provisioning, schemas
from tenants.archive import heads, loading, placing
from tenants.archive.errors import ArchiveRefused, first_line
from tenants.archive.manifest import Manifest
from tenants.archive.progress import Silent, Steps
from tenants.archive.reading import ArchiveReader, open_archive
from tenants.audit.models import Action, Via
from tenants.audit.services import record
from tenants.context import Business, business_scope, public_scope
from tenants.models import Domain, Tenant
from tenants.selectors import business_of, hosts


@dataclass(frozen=True, slots=True)
class Imported:
    business: Business
    fingerprint: str
    manifest: Manifest


def import_business(path: Path, *, schema: str = "", host: str = "", steps: Steps | None = None) -> Imported:
    """The business in the archive at `path`, under the short name `schema` or its own, reached at `host` at once.

    Runs as the owner. Reads all of the archive and compares it before anything is written. Files come first, then one
    transaction makes schema, role, tables and rows; whatever fails or is killed, no business is left, and the next
    attempt removes what else there is. Two attempts at the same name take turns.

    Raises `ArchiveRefused`, `ImproperlyConfigured` when not run as the owner, `ValidationError` for a name that can be
    no schema or a host of another business, and `SchemaBusy`.
    """
    steps = steps or Silent()
    with open_archive(path) as reader:
        schema = schema or reader.manifest.business.schema
        provisioning.check_may_make(schema)
        heads.compare(reader.manifest.heads)
        _refuse_taken(schema, host)
        reader.verify(steps)
        with schemas.schema_lock(schema):
            provisioning.refuse_half_erased(schema)
            _refuse_taken(schema, host)
            placing.clear(schema)
            business = Business(id=_new_number(), schema_name=schema, name=reader.manifest.business.name)
            try:
                with placing.placed(reader, business, steps):
                    _make(reader, business, host, steps)
            except (DatabaseError, InterfaceError, psycopg.Error) as error:
                raise ArchiveRefused(f"The database ended it: {first_line(error)}. Run it again.") from error
    hosts.forget()
    return Imported(business, reader.fingerprint, reader.manifest)


def _refuse_taken(schema: str, host: str) -> None:
    with public_scope(), connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = %s)", [schema])
        (is_there,) = cursor.fetchone()
        if is_there or Tenant.objects.filter(schema_name=schema).exists():
            raise ArchiveRefused(
                f"There is a business {schema} here already. Give this one another name with --schema."
            )
        if host and Domain.objects.filter(domain=host.lower(), verified_at__isnull=False).exists():
            raise ArchiveRefused(f"{host} leads to another business here. Name another with --host.")


def _new_number() -> int:
    """A number for the business that nobody ever gets again, also when this attempt fails.

    Committed by itself: after a crash of the server, too, it is gone.
    """
    table = Tenant._meta.db_table  # noqa: SLF001 - Django's public way to ask a model
    with public_scope(), transaction.atomic(durable=True), connection.cursor() as cursor:
        name = sql.Identifier("public", table).as_string(cursor.connection)
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [name])
        (number,) = cursor.fetchone()
    return int(number)


def _make(reader: ArchiveReader, business: Business, host: str, steps: Steps) -> None:
    origin = reader.manifest.business
    with public_scope(), transaction.atomic(durable=True):
        tenant = Tenant(pk=business.id, schema_name=business.schema_name, name=origin.name, trade=origin.trade)
        tenant.full_clean(validate_unique=False)
        tenant.save(force_insert=True)
        if host:
            provisioning.claim_host(tenant, host)
        if not schemas.lay_out(business.schema_name):
            raise ArchiveRefused("template.sql is behind the migrations of this code, so tables would differ.")
        with business_scope(business_of(tenant)):
            loading.load(reader, business, steps)
            _note(reader)


def _note(reader: ArchiveReader) -> None:
    """The audit log goes on where it was, with this line."""
    manifest = reader.manifest
    detail = {
        "rows": manifest.rows,
        "files": len(manifest.files),
        "exported_at": manifest.made_at,
        "fingerprint": reader.fingerprint,
    }
    record(Action.IMPORTED, actor=None, via=Via.COMMAND, subject="business", detail=detail)
