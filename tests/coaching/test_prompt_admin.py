"""Somebody who has never seen the product writes a version, publishes it and goes back, in the admin alone."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from coaching import prompt_versions
from coaching.models import Knowledge, PromptVersion
from coaching.prompt_versions import Wording
from coaching.types import Example
from tenants.audit.models import AuditLine
from tenants.context import Business, business_scope
from tests.conftest import ClientFor, MakeMember

pytestmark = pytest.mark.usefixtures("committed_db")

FORM: dict[str, Any] = {
    "purpose": "live",
    "system": "The new text.",
    "examples-0-heard": "Too dear.",
    "examples-0-say": "Compared with what?",
    "temperature": "0.2",
    "model": "",
    "max_output_tokens": "",
    "deadline_s": "1.2",
    "max_requests": "40",
    "note": "Shorter",
}
FACT = {
    "title": "Price per seat",
    "key": "seat-price",
    "kind": "price",
    "body": "A seat costs $49 a month.",
    "source": "Price list 2026",
    "source_url": "https://acme.example/prices",
    "valid_until": "",
    "is_active": "on",
    "is_approved": "on",
}


def url(name: str, *args: object) -> str:
    return reverse(f"admin:coaching_{name}", args=args, urlconf="salespilot.urls")


def publish_old(business: Business) -> PromptVersion:
    with business_scope(business):
        return prompt_versions.publish_text(
            Wording("live", "The old text.", examples=[Example("Hm.", "Tell me more.")])
        )


def test_a_new_version_starts_from_what_is_in_use(acme: Business, member: MakeMember, client_for: ClientFor) -> None:
    publish_old(acme)
    page = client_for(member("admin")).get(url("promptversion_add"), {"purpose": "live"}).content.decode()
    assert "The old text." in page
    assert "Tell me more." in page


def test_a_draft_is_written_compared_and_published(acme: Business, member: MakeMember, client_for: ClientFor) -> None:
    old = publish_old(acme)
    client = client_for(member("admin", name="Maya Admin"))
    answer = client.post(url("promptversion_add"), FORM)
    assert answer.status_code == 302, answer.content.decode()[:3000]
    with business_scope(acme):
        draft = PromptVersion.objects.get(system="The new text.")
        assert (draft.deadline_ms, draft.max_requests, draft.max_output_tokens) == (1_200, 40, None)
        assert draft.examples == [{"heard": "Too dear.", "say": "Compared with what?"}]
    page = client.get(answer["Location"]).content.decode()
    assert "− The old text." in page
    assert "+ The new text." in page
    assert 'name="system"' in page, "a draft can be edited"
    seen = {"seen_publication": "1", "seen_revision": "1", "note": "Less talk"}
    page = client.post(url("promptversion_publish", draft.pk), seen, follow=True).content.decode()
    assert "in use for calls that start from now on" in page
    assert "Less talk" in page
    assert "Maya Admin" in page
    assert 'name="system"' not in page, "what was published is only shown"
    page = client.post(url("promptversion_publish", old.pk), {"seen_publication": "2"}, follow=True).content.decode()
    assert "Back to Live cards v1" in page
    with business_scope(acme):
        assert prompt_versions.published_prompt("live").system == "The old text."
    listed = client.get(url("promptversion_changelist")).content.decode()
    assert "Rolled back" in listed
    assert "In use" in listed


def test_a_draft_is_edited_and_the_second_editor_is_told(
    acme: Business, member: MakeMember, client_for: ClientFor
) -> None:
    with business_scope(acme):
        draft = prompt_versions.save_draft(Wording("live", "First."))
    client = client_for(member("admin"))
    form = {**FORM, "seen_revision": "1"}
    assert client.post(url("promptversion_change", draft.pk), form).status_code == 302
    again = client.post(url("promptversion_change", draft.pk), {**form, "system": "Mine."})
    assert again.status_code == 200
    assert "Somebody else has edited this draft" in again.content.decode()
    with business_scope(acme):
        assert PromptVersion.objects.get(pk=draft.pk).system == "The new text."


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"examples-0-say": ""}, "Example 1: fill in both"),
        ({"examples-0-heard": "x" * 400}, "Example 1 is too long"),
        ({"temperature": "3"}, "less than or equal to 1"),
        ({"model": "two words"}, "no spaces"),
        ({"deadline_s": "60"}, "Choose between 0.5 and 2.5"),
        ({"max_output_tokens": "5"}, "Choose between 60 and 1000"),
        ({"system": ""}, "This field is required"),
    ],
)
def test_what_can_not_work_is_explained(
    member: MakeMember, client_for: ClientFor, change: dict[str, str], words: str
) -> None:
    answer = client_for(member("admin")).post(url("promptversion_add"), {**FORM, **change})
    assert answer.status_code == 200
    assert words in answer.content.decode()


def test_two_admins_publishing_the_second_reads_who_was_first(
    acme: Business, member: MakeMember, client_for: ClientFor
) -> None:
    with business_scope(acme):
        one, two = (prompt_versions.save_draft(Wording("live", text)) for text in ("One.", "Two."))
    first, second = client_for(member("admin", name="Ann")), client_for(member("admin"))
    first.post(url("promptversion_publish", one.pk), {"seen_publication": "0", "seen_revision": "1"})
    seen = {"seen_publication": "0", "seen_revision": "1"}
    page = second.post(url("promptversion_publish", two.pk), seen, follow=True).content.decode()
    assert "Ann has published Live cards v1 meanwhile" in page
    with business_scope(acme):
        assert prompt_versions.published_prompt("live").system == "One."


def test_a_draft_is_deleted_and_a_published_version_is_not(
    acme: Business, member: MakeMember, client_for: ClientFor
) -> None:
    old = publish_old(acme)
    with business_scope(acme):
        draft = prompt_versions.save_draft(Wording("live", "Draft."))
    client = client_for(member("admin"))
    assert client.post(url("promptversion_delete", draft.pk), {"post": "yes"}).status_code == 302
    assert client.post(url("promptversion_delete", old.pk), {"post": "yes"}).status_code == 403
    with business_scope(acme):
        assert list(PromptVersion.objects.all()) == [old]


def test_publishing_needs_a_post_and_an_admin(acme: Business, member: MakeMember, client_for: ClientFor) -> None:
    old = publish_old(acme)
    address = url("promptversion_publish", old.pk)
    assert client_for(member("admin")).get(address).status_code == 405
    for role in ("rep", "manager", "billing"):
        assert client_for(member(role)).post(address).status_code in (302, 403)
    with business_scope(acme):
        assert len(prompt_versions.published("live").version.publications.all()) == 1  # type: ignore[union-attr]


def test_a_stranger_can_not_publish_acme_s_version(
    acme: Business, globex: Business, member: MakeMember, client_for: ClientFor
) -> None:
    with business_scope(acme):
        draft = prompt_versions.save_draft(Wording("live", "Only acme's."))
    stranger = client_for(member("admin", business=globex))
    assert stranger.post(url("promptversion_publish", draft.pk)).status_code == 404
    page = stranger.get(url("promptversion_change", draft.pk), follow=True).content.decode()
    assert "Only acme's." not in page


def test_an_admin_adds_a_fact_and_vouches_for_it(acme: Business, member: MakeMember, client_for: ClientFor) -> None:
    client = client_for(member("admin", name="Maya Admin"))
    answer = client.post(url("knowledge_add"), FACT)
    assert answer.status_code == 302, answer.content.decode()[:3000]
    with business_scope(acme):
        fact = Knowledge.objects.get(key="seat-price")
        assert fact.approved_by is not None
        assert AuditLine.objects.filter(subject="fact", action="playbook_changed").count() == 1
    page = client.get(url("knowledge_changelist"), {"state": "in_use"}).content.decode()
    assert "Price per seat" in page
    client.post(url("knowledge_change", fact.pk), {**FACT, "is_approved": "", "body": "A seat costs $59 a month."})
    client.get(url("knowledge_changelist"))  # takes the message with the fact's name
    assert "Price per seat" not in client.get(url("knowledge_changelist"), {"state": "in_use"}).content.decode()
    assert "Price per seat" in client.get(url("knowledge_changelist"), {"state": "not_approved"}).content.decode()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"source": ""}, "This field is required"),
        ({"source_url": "http://acme.example/prices"}, "begins with https"),
        ({"source_url": "javascript:alert(1)"}, "begins with https"),
        ({"body": "word " * 200}, "at most 600"),
    ],
)
def test_a_fact_without_a_good_source_is_not_saved(
    acme: Business, member: MakeMember, client_for: ClientFor, change: dict[str, str], words: str
) -> None:
    answer = client_for(member("admin")).post(url("knowledge_add"), {**FACT, **change})
    assert answer.status_code == 200
    assert words in answer.content.decode()
    with business_scope(acme):
        assert not Knowledge.objects.exists()
