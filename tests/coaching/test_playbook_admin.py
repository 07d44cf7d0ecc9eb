"""From an empty playbook to a published one in the admin, there and back as a file, and the doors that stay shut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from coaching import handbook_yaml, playbook_versions, services, working_copy
from coaching.models import Play, PlaybookVersion
from tenants.audit.models import Action, AuditLine
from tenants.context import Business, business_scope
from tests.coaching.test_admin import FORM
from tests.conftest import ClientFor, MakeMember

pytestmark = pytest.mark.usefixtures("committed_db")

FILE = b"""\
plays:
  - key: from-file
    title: From a file
    kind: price
    topic: file
    say: Hello
    patterns: [a phrase of the file]
keyterms: [solar]
"""


def url(name: str, *args: object) -> str:
    return reverse(f"admin:coaching_{name}", args=args, urlconf="salespilot.urls")


@pytest.fixture
def client(member: MakeMember, client_for: ClientFor) -> Client:
    return client_for(member("admin"))


def page(client: Client, name: str, *args: object, **query: str) -> str:
    response = client.get(url(name, *args), query)
    assert response.status_code == 200, response.content[:1000]
    return str(response.content.decode())


def publish(client: Client, note: str = "") -> Any:
    shown = client.get(url("playbook_publish")).context
    seen = {"seen_number": shown["seen_number"], "seen_fingerprint": shown["seen_fingerprint"], "note": note}
    return client.post(url("playbook_publish"), seen, follow=True)


def used(business: Business) -> set[str]:
    with business_scope(business):
        return {play.key for play in services.load_material().plays}


def test_an_empty_playbook_says_what_calls_use_and_where_to_begin(client: Client, acme: Business) -> None:
    shown = page(client, "play_changelist")
    assert "Nothing is published yet" in shown
    assert "General sales" in shown
    response = client.post(url("playbook_pack"), {"pack": "solar"}, follow=True)
    assert "is in your playbook" in response.content.decode()
    with business_scope(acme):
        assert playbook_versions.published() is None
        assert Play.objects.filter(key="question-savings").exists()


def test_a_play_is_written_tried_and_published_in_the_admin(client: Client, acme: Business) -> None:
    assert client.post(url("play_add"), FORM).status_code == 302
    shown = page(client, "play_changelist")
    assert "New, not published yet" in shown
    assert "Price feels" not in page(client, "play_try", sentence="It is gold plated price for us.")
    assert "What are you comparing us with?" in page(client, "play_try", sentence="It is gold plated price for us.")
    response = publish(client, note="First")
    assert "Playbook v1: in use for calls" in response.content.decode()
    assert used(acme) == {"price-play"}
    assert "Calls use this." in page(client, "play_changelist")


def test_the_list_says_which_play_differs_and_the_page_how(client: Client, acme: Business) -> None:
    client.post(url("play_add"), FORM)
    publish(client)
    with business_scope(acme):
        play = Play.objects.get(key="price-play")
    client.post(url("play_change", play.pk), {**FORM, "say": "Another sentence?"})
    assert "Changed, not published yet" in page(client, "play_changelist")
    shown = page(client, "playbook_publish")
    assert "− What are you comparing us with?" in shown
    assert "+ Another sentence?" in shown


def test_an_earlier_version_is_used_again_or_edited_from(client: Client, acme: Business) -> None:
    client.post(url("play_add"), FORM)
    publish(client)
    client.post(url("play_add"), {**FORM, "key": "second", "title": "Second"})
    publish(client)
    with business_scope(acme):
        first = PlaybookVersion.objects.get(number=1)
    assert "Use v1 again" in page(client, "playbookversion_change", first.pk)
    response = client.post(url("playbook_use", 1), {"seen_number": "2"}, follow=True)
    assert "Back to Playbook v1, now Playbook v3" in response.content.decode()
    assert used(acme) == {"price-play"}
    client.post(url("playbook_take", 2))
    with business_scope(acme):
        assert Play.objects.filter(key="second").exists()


def test_who_publishes_what_somebody_else_changed_is_told(client: Client, acme: Business) -> None:
    client.post(url("play_add"), FORM)
    seen = client.get(url("playbook_publish")).context
    client.post(url("play_add"), {**FORM, "key": "second", "title": "Second"})
    data = {"seen_number": seen["seen_number"], "seen_fingerprint": seen["seen_fingerprint"]}
    response = client.post(url("playbook_publish"), data, follow=True)
    assert "since you opened this page" in response.content.decode()
    with business_scope(acme):
        assert playbook_versions.published() is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"title": "word " * 13}, "at most 12 words"),
        ({"say": "a\nb\nc"}, "At most 2 lines"),
        ({"trigger": "not_said"}, "Say after how many seconds"),
        ({"before": "price", "after": "price"}, "is never"),
        ({"key": ""}, "required"),
    ],
)
def test_a_form_says_what_to_do(client: Client, change: dict[str, str], words: str) -> None:
    response = client.post(url("play_add"), {**FORM, **change})
    assert response.status_code == 200
    assert words in response.content.decode()


def test_a_play_that_waits_is_written_with_choices(client: Client, acme: Business) -> None:
    form = {
        **FORM,
        "trigger": "not_said",
        "within_s": "120",
        "since": "price",
        "signals": ["next_step", "objection/timing"],
        "before": "competitor",
        "once_per_call": "on",
    }
    response = client.post(url("play_add"), form)
    assert response.status_code == 302, response.content[-3000:]
    with business_scope(acme):
        play = Play.objects.get(key="price-play")
    assert (play.signals, play.since, play.before) == ("next_step\nobjection/timing", "price", "competitor")
    shown = page(client, "play_change", play.pk)
    assert '<option value="price" selected>' in shown


def upload(client: Client, content: bytes, mode: str = "add") -> Any:
    file = SimpleUploadedFile("playbook.yaml", content)
    return client.post(url("playbook_import"), {"file": file, "mode": mode})


def test_a_file_is_shown_before_it_is_applied(client: Client, acme: Business) -> None:
    client.post(url("play_add"), FORM)
    response = upload(client, FILE)
    assert "2 added, 0 changed, 0 removed" in response.content.decode()
    with business_scope(acme):
        assert not Play.objects.filter(key="from-file").exists()
    shown = response.context
    data = {"text": shown["text"], "mode": "add", "seen": shown["preview"].fingerprint, "apply": "1"}
    assert "2 entries imported" in client.post(url("playbook_import"), data, follow=True).content.decode()
    with business_scope(acme):
        assert set(Play.objects.values_list("key", flat=True)) == {"from-file", "price-play"}
        assert AuditLine.objects.filter(action=Action.IMPORTED, subject="playbook").count() == 1


def test_a_file_that_replaces_says_what_goes(client: Client, acme: Business) -> None:
    client.post(url("play_add"), FORM)
    assert "2 added, 0 changed, 1 removed" in upload(client, FILE, "replace").content.decode()


def test_a_file_with_mistakes_saves_nothing_and_names_every_line(client: Client, acme: Business) -> None:
    response = upload(client, FILE.replace(b"price", b"joke").replace(b"say: Hello", b"say: "))
    shown = response.content.decode()
    assert "Nothing was imported" in shown
    assert "Line 4, play from-file, kind" in shown
    assert "Line 6, play from-file, say" in shown
    with business_scope(acme):
        assert not Play.objects.exists()


def test_a_file_looked_at_too_long_ago_is_not_applied(client: Client, acme: Business) -> None:
    shown = upload(client, FILE).context
    client.post(url("play_add"), FORM)
    data = {"text": shown["text"], "mode": "add", "seen": shown["preview"].fingerprint, "apply": "1"}
    assert "since you looked" in client.post(url("playbook_import"), data).content.decode()
    with business_scope(acme):
        assert not Play.objects.filter(key="from-file").exists()


def test_a_playbook_is_downloaded_as_it_is_uploaded(client: Client, acme: Business) -> None:
    client.post(url("playbook_pack"), {"pack": "general"})
    publish(client)
    with business_scope(acme):
        book = working_copy.read()
    for name, args in (("playbook_export", ()), ("playbook_file", (1,))):
        response = client.get(url(name, *args))
        assert "attachment" in response["Content-Disposition"]
        got = handbook_yaml.load(response.content)
        assert {play.key: play for play in got.plays} == {play.key: play for play in book.plays}
    with business_scope(acme):
        assert AuditLine.objects.filter(action=Action.EXPORTED, subject="playbook").count() == 2


def test_files_by_command(acme: Business, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "playbook.yaml"
    file.write_bytes(FILE)
    call_command("import_playbook", str(file), "--business", "acme")
    assert "Nothing is saved yet" in capsys.readouterr().out
    call_command("import_playbook", str(file), "--business", "acme", "--apply", "--publish")
    assert "Playbook v1 is in use" in capsys.readouterr().out
    assert used(acme) == {"from-file"}
    out = tmp_path / "out.yaml"
    call_command("export_playbook", "--business", "acme", "--file", str(out))
    with business_scope(acme):
        assert handbook_yaml.load(out.read_bytes()) == working_copy.read()
    file.write_bytes(FILE.replace(b"price", b"joke"))
    with pytest.raises(CommandError, match="Line 4"):
        call_command("import_playbook", str(file), "--business", "acme", "--apply")
    with pytest.raises(CommandError, match="no business"):
        call_command("export_playbook", "--business", "nobody")


@pytest.mark.parametrize("role", ["rep", "manager", "billing"])
def test_others_of_the_business_publish_and_import_nothing(
    member: MakeMember, client_for: ClientFor, role: str, acme: Business
) -> None:
    with business_scope(acme):
        services.apply_pack("general")
    client = client_for(member(role))
    for name, args in (("publish", ()), ("import", ()), ("export", ()), ("file", (1,))):
        assert client.get(url(f"playbook_{name}", *args)).status_code in (302, 403)
    for name, args in (("publish", ()), ("import", ()), ("pack", ()), ("use", (1,)), ("take", (1,))):
        assert client.post(url(f"playbook_{name}", *args), {"pack": "solar"}).status_code in (302, 403)
    with business_scope(acme):
        assert PlaybookVersion.objects.count() == 1


def test_a_stranger_finds_no_version_of_acme(
    acme: Business, globex: Business, member: MakeMember, client_for: ClientFor
) -> None:
    with business_scope(acme):
        Play.objects.create(key="secret", title="Secret", kind="price", topic="x", patterns="a b", say="Hush")
        version = playbook_versions.publish()
    client = client_for(member("admin", business=globex))
    assert client.get(url("playbookversion_change", version.pk)).status_code == 404
    for name in ("file",):
        assert client.get(url(f"playbook_{name}", 1)).status_code == 404
    for name in ("use", "take"):
        assert client.post(url(f"playbook_{name}", 1)).status_code == 404
    assert "Secret" not in page(client, "play_changelist")
    assert b"Hush" not in client.get(url("playbook_export")).content
