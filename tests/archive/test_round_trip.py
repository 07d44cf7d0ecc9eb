"""A business taken out here and brought in there is the same business, and works."""

from __future__ import annotations

import io
import re
import urllib.request
import wave
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.utils.html import escape
from psycopg import sql

from calls.live.recording import relative_path
from calls.models import Recording
from tenants.archive.export import export_business
from tenants.archive.tables import LEFT_OUT
from tenants.context import business_scope
from tenants.members.models import Member
from tests import owner
from tests.archive.elsewhere import Installation
from tests.archive.full import ODD, PCM, Full
from tests.archive.tampering import contents, manifest_of
from tests.conftest import PASSWORD, MakeMember
from tests.server import Server
from tests.stranger.planted import plant
from tests.stranger.values import CANARY, SPECIAL

pytestmark = pytest.mark.processes

Rows = dict[str, list[str]]


def rows_of(connection: psycopg.Connection[Any], schema: str) -> Rows:
    """Every table of a business as texts of Postgres, by its name."""
    return {
        name: [
            text
            for (text,) in connection.execute(
                sql.SQL("SELECT t::text FROM {} t ORDER BY 1").format(sql.Identifier(schema, name))
            )
        ]
        for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema]).fetchall()
    }


def one(connection: psycopg.Connection[Any], query: str, *values: object) -> Any:
    row = connection.execute(query, values).fetchone()
    return row[0] if row else None


class Browser:
    """Speaks HTTP with a host of the other installation; keeps its cookies."""

    def __init__(self, server: Server, host: str) -> None:
        self._server = server
        self._host = host
        self._cookies = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._cookies))

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        return self._send(path, None, headers)

    def sign_in(self, email: str) -> bool:
        """Whether the home page is there afterwards."""
        page = self.get("/sign-in/")[1].decode()
        token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[0]
        form = {"csrfmiddlewaretoken": token, "email": email, "password": PASSWORD}
        self._send("/sign-in/", urlencode(form).encode(), {})
        return b'name="password"' not in self.get("/")[1]

    def _send(self, path: str, data: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        host, port = self._server.address
        request = urllib.request.Request(f"http://{host}:{port}{path}", data, {**headers, "Host": self._host})
        try:
            with self._opener.open(request, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


def give_everything(full: Full, rep: Member) -> None:
    """A row in every table, also in those that no page of ours fills."""
    plant(full.business, rep)
    with business_scope(full.business):
        unheard = Recording.objects.get(path__startswith=CANARY)
        unheard.path = relative_path(full.business.id, unheard.call_id)
        unheard.save()
        kind = ContentType.objects.get_for_model(Member)
        permission, _ = Permission.objects.get_or_create(codename="x", content_type=kind, defaults={"name": "x"})
        Group.objects.create(name="group").permissions.add(permission)


def test_every_table_is_there_row_by_row(
    full: Full, member: MakeMember, elsewhere: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    for label in ("promptversion", "promptpublication", "playbookversion"):
        monkeypatch.setitem(SPECIAL, f"coaching.{label}.number", lambda: 99)
    give_everything(full, member("rep", "manager", name="Rep with everything"))
    with owner.connect() as here:
        before = rows_of(here, "acme")
    assert {name for name, rows in before.items() if not rows} <= LEFT_OUT.keys()
    exported = export_business(full.business)
    ran = elsewhere.run("import_business", str(exported.path))
    assert ran.status == 0, ran.err
    with elsewhere.connect() as there:
        number = one(there, "SELECT id FROM tenants_tenant WHERE schema_name = 'acme'")
        after = rows_of(there, "acme")
    assert number != full.business.id
    assert {name for name in before.keys() - LEFT_OUT.keys() if before[name] != after[name]} == {
        *("mfa_authenticator", "signin_provider", "socialaccount_socialapp", "house_vendorkeys"),  # secrets
        *("house_branding", "calls_recording"),  # where files lie
        "audit_auditline",
    }
    folders = f"{full.business.id}/", f"{number}/"
    for name in ("house_branding", "calls_recording"):
        assert [row.replace(*folders) for row in before[name]] == after[name]
    assert set(before["audit_auditline"]) < set(after["audit_auditline"])
    (line,) = set(after["audit_auditline"]) - set(before["audit_auditline"])
    assert ",command,imported,business," in line
    assert all(not after[name] for name in LEFT_OUT if name != "django_migrations")


def test_secrets_stay_and_that_is_said(archive: Path, full: Full, elsewhere: Installation) -> None:
    assert all(b"hunter2" not in content and b"gAAAA" not in content for content in contents(archive).values())
    assert [(each["count"], each["what"]) for each in manifest_of(archive)["left_behind"]] == [
        (1, "codes of authenticator apps and recovery codes"),
        (1, "secrets of identity providers"),
    ]
    ran = elsewhere.run("import_business", str(archive))
    assert "Left behind: secrets of identity providers (1). An admin enters them again" in ran.out
    with elsewhere.connect() as there:
        assert there.execute("SELECT type FROM acme.mfa_authenticator").fetchall() == [("webauthn",)]
        assert there.execute("SELECT name, secret_sealed FROM acme.signin_provider").fetchall() == [("Login", "")]


def test_numbers_are_never_given_twice(full: Full, member: MakeMember, elsewhere: Installation) -> None:
    gone = member("rep")
    number = gone.pk
    with business_scope(full.business):
        gone.delete()
    assert elsewhere.run("import_business", str(export_business(full.business).path)).status == 0
    made = elsewhere.run("create_member", "new@example.com", "--business", "acme", "--name", "New")
    assert made.status == 0, made.err
    with elsewhere.connect() as there:
        assert one(there, "SELECT id FROM acme.members_member WHERE email = 'new@example.com'") == number + 1


def test_it_may_have_another_name_and_none_of_its_hosts(archive: Path, full: Full, elsewhere: Installation) -> None:
    ran = elsewhere.run("import_business", str(archive), "--schema", "moved")
    assert ran.status == 0, ran.err
    assert "No host leads to it yet" in ran.out
    assert "it had acme.localhost: hosts are verified anew here" in ran.out
    with elsewhere.connect() as there:
        assert one(there, "SELECT count(*) FROM tenants_domain WHERE domain <> 'decoy.localhost'") == 0
        assert one(there, "SELECT summary FROM moved.calls_report")


def test_files_are_the_same_and_of_the_new_number(
    archive: Path, full: Full, folders: Path, elsewhere: Installation
) -> None:
    assert elsewhere.run("import_business", str(archive)).status == 0
    with elsewhere.connect() as there:
        number = one(there, "SELECT id FROM tenants_tenant WHERE schema_name = 'acme'")
    before = {name: files_in(folders / name) for name in ("audio", "media")}
    after = {name: files_in(elsewhere.var / name) for name in ("audio", "media")}
    assert len(before["audio"]) == 1
    assert len(before["media"]) == 6
    assert after["audio"] == {f"b{number}/{full.call.pk.hex}.pcm": PCM}
    own, former = f"businesses/{number}/", f"businesses/{full.business.id}/"
    assert after["media"] == {path.replace(former, own): content for path, content in before["media"].items()}


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.sockets
def test_the_business_works_there_and_nobody_else_gets_in(archive: Path, full: Full, elsewhere: Installation) -> None:
    assert elsewhere.run("import_business", str(archive), "--host", "acme.localhost").status == 0
    with Server(environment=elsewhere.environment) as server:
        admin = Browser(server, "acme.localhost")
        assert admin.sign_in(full.admin.email)
        status, page = admin.get(f"/calls/{full.call.pk}/report/")
        assert status == 200
        assert escape(ODD).encode() in page
        status, sound = admin.get(f"/calls/{full.call.pk}/recording.wav")
        with wave.open(io.BytesIO(sound)) as file:
            assert (status, file.readframes(len(PCM))) == (200, PCM)
        assert admin.get("/brand/logo")[1].startswith(b"\x89PNG")
        status, _ = Browser(server, "acme.localhost").get(
            f"/api/calls/{full.call.pk}", Authorization=f"Bearer {full.key}"
        )
        assert status == 200
        stranger = Browser(server, "decoy.localhost")
        assert not stranger.sign_in(full.admin.email)
        assert stranger.get(f"/api/calls/{full.call.pk}", Authorization=f"Bearer {full.key}")[0] == 401
