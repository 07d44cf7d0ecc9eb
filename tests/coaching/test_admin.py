"""The playbook in the admin, and the doors that stay shut."""

from __future__ import annotations

import pytest
from django.urls import reverse

from coaching import services
from coaching.models import Play
from tenants.context import Business, business_scope
from tests.conftest import ClientFor, MakeMember

pytestmark = pytest.mark.usefixtures("committed_db")

FORM = {
    "title": "Price",
    "key": "price-play",
    "kind": "objection",
    "topic": "price",
    "channel": "customer",
    "say": "What are you comparing us with?",
    "why": "Find the frame.",
    "patterns": "gold plated price\nre:cost(s|ing) too",
    "unless": "",
    "trigger": "said",
    "match": "any",
    "within_s": "0",
    "from_s": "0",
    "until_s": "0",
    "priority": "80",
    "cooldown_s": "60",
    "is_active": "on",
}


def url(name: str, *args: object) -> str:
    return reverse(f"admin:coaching_{name}", args=args, urlconf="salespilot.urls")


def test_an_admin_adds_a_play_and_sees_it_previewed(acme: Business, member: MakeMember, client_for: ClientFor) -> None:
    client = client_for(member("admin"))
    response = client.post(url("play_add"), FORM)
    assert response.status_code == 302, response.content[:2000]
    with business_scope(acme):
        play = Play.objects.get(key="price-play")
    page = client.get(url("play_change", play.pk)).content.decode()
    assert "What are you comparing us with?" in page
    listed = client.get(url("play_changelist")).content.decode()
    assert "Try a sentence" in listed


@pytest.mark.parametrize(
    ("pattern", "words"),
    [("re:(unclosed", "not a regular expression"), ("re:(a+)+", "repeats a repetition"), ("re:a*", "always fire")],
)
def test_a_bad_pattern_is_explained(member: MakeMember, client_for: ClientFor, pattern: str, words: str) -> None:
    response = client_for(member("admin")).post(url("play_add"), {**FORM, "patterns": f"fine\n{pattern}"})
    assert response.status_code == 200
    assert words in response.content.decode()


def test_a_sentence_can_be_tried(acme: Business, member: MakeMember, client_for: ClientFor) -> None:
    with business_scope(acme):
        services.apply_pack("general")
    client = client_for(member("admin"))
    page = client.get(url("play_try"), {"sentence": "Honestly, that's a bit steep for us."}).content.decode()
    assert "objection: price" in page
    assert "Price feels too high" in page
    by_rep = client.get(url("play_try"), {"sentence": "That's a bit steep for us.", "by_rep": "1"}).content.decode()
    assert "No card" in by_rep
    harmless = client.get(url("play_try"), {"sentence": "<script>alert(1)</script>"}).content.decode()
    assert "<script>alert(1)" not in harmless


@pytest.mark.parametrize("role", ["rep", "manager", "billing"])
def test_others_of_the_business_do_not_get_in(member: MakeMember, client_for: ClientFor, role: str) -> None:
    client = client_for(member(role))
    assert client.get(url("play_changelist")).status_code in (302, 403)
    assert client.get(url("play_try"), {"sentence": "too expensive"}).status_code in (302, 403)


def test_a_stranger_finds_no_play_of_acme(
    acme: Business, globex: Business, member: MakeMember, client_for: ClientFor
) -> None:
    with business_scope(acme):
        play = Play.objects.create(
            key="secret", title="Secret of Acme", kind="objection", topic="price", patterns="x", say="Hi?"
        )
    client = client_for(member("admin", business=globex))
    assert "Secret of Acme" not in client.get(url("play_changelist")).content.decode()
    page = client.get(url("play_change", play.pk), follow=True).content.decode()
    assert "Secret of Acme" not in page
