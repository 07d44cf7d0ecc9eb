"""A playbook is edited, published, rolled back: what calls use, who may overtake whom, and what never changes."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from coaching import handbook_changes, playbook_versions, services, working_copy
from coaching.handbook import Handbook
from coaching.handbook_changes import Mode, What
from coaching.models import Competitor, Keyterm, Knowledge, PlaybookVersion
from coaching.models import Play as PlayRow
from coaching.packs import BUILT_IN, load_pack
from coaching.playbook_versions import PlaybookConflict
from coaching.types import Play, SignalKind
from tenants.audit.models import Action, AuditLine
from tenants.context import Business, business_scope
from tests.conftest import MakeMember

pytestmark = pytest.mark.usefixtures("rolled_back")


def add(key: str = "mine", **given: Any) -> PlayRow:
    usual = {"title": key.capitalize(), "kind": "objection", "topic": "price", "patterns": "my phrase", "say": "Hi?"}
    return PlayRow.objects.create(key=key, **(usual | given))


def used() -> set[str]:
    return {play.key for play in services.load_material().plays}


def test_before_anything_is_published_calls_use_the_plays_that_come_with_the_product() -> None:
    add()
    material = services.load_material()
    assert used() == {play.key for play in load_pack(BUILT_IN).plays}
    assert material.playbook_version == 0


def test_calls_use_the_working_copy_only_once_it_is_published() -> None:
    add()
    version = playbook_versions.publish()
    assert used() == {"mine"}
    add("second")
    assert used() == {"mine"}
    assert services.load_material().playbook_version == version.number == 1
    assert [(change.key, change.what) for change in playbook_versions.unpublished()] == [("second", What.ADDED)]
    playbook_versions.publish()
    assert used() == {"mine", "second"}
    assert playbook_versions.unpublished() == ()


def test_a_switched_off_play_is_published_as_switched_off() -> None:
    add()
    add("off", is_active=False)
    playbook_versions.publish()
    assert used() == {"mine"}
    assert not playbook_versions.unpublished()


def test_rolling_back_publishes_an_earlier_one_again_and_keeps_the_working_copy() -> None:
    add()
    first = playbook_versions.publish()
    add("second")
    playbook_versions.publish()
    third = playbook_versions.roll_back(first)
    assert (third.number, third.restored) == (3, 1)
    assert used() == {"mine"}
    assert PlayRow.objects.filter(key="second").exists()
    playbook_versions.take_over(first)
    assert not PlayRow.objects.filter(key="second").exists()
    assert playbook_versions.unpublished() == ()


def test_the_version_in_use_is_not_rolled_back_to() -> None:
    add()
    with pytest.raises(PlaybookConflict, match="in use already"):
        playbook_versions.roll_back(playbook_versions.publish())


def test_nothing_new_is_not_published() -> None:
    add()
    playbook_versions.publish()
    with pytest.raises(PlaybookConflict, match="nothing to publish"):
        playbook_versions.publish()


def test_whoever_publishes_second_is_told_who_was_first(member: MakeMember) -> None:
    add()
    playbook_versions.publish(by=member("admin", name="Ada"))
    add("second")
    with pytest.raises(PlaybookConflict, match="Ada has published Playbook v1"):
        playbook_versions.publish(seen_number=0)


def test_nobody_publishes_another_text_than_they_read() -> None:
    add()
    seen = handbook_changes.fingerprint(working_copy.read())
    add("second")
    with pytest.raises(PlaybookConflict, match="since you opened"):
        playbook_versions.publish(seen_fingerprint=seen)
    assert playbook_versions.published() is None


def test_a_playbook_that_makes_no_sense_is_not_published() -> None:
    add(trigger="not_said")
    with pytest.raises(PlaybookConflict, match="Play “Mine”: Say after how many seconds"):
        playbook_versions.publish()


def test_a_published_playbook_never_changes() -> None:
    add()
    version = playbook_versions.publish()
    version.note = "other"
    with pytest.raises(ValidationError):
        version.save()
    for change in (
        lambda: PlaybookVersion.objects.filter(pk=version.pk).update(content={}),
        lambda: PlaybookVersion.objects.filter(pk=version.pk).delete(),
    ):
        with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
            change()
    PlaybookVersion.objects.filter(pk=version.pk).update(published_by=None)


def test_publishing_and_rolling_back_leave_audit_lines_without_words(member: MakeMember) -> None:
    admin = member("admin")
    add(say="A secret sentence")
    first = playbook_versions.publish(by=admin, note="A secret note")
    add("second")
    playbook_versions.publish(by=admin)
    playbook_versions.roll_back(first, by=admin)
    found = list(AuditLine.objects.filter(action=Action.PLAYBOOK_CHANGED).order_by("id"))
    assert [line.detail["did"] for line in found] == ["published", "published", "rolled_back"]
    assert [line.subject_id for line in found] == ["1", "2", "3"]
    assert all(line.actor_id == admin.pk for line in found)
    assert "secret" not in str([line.detail for line in found])


def test_a_fact_that_is_withdrawn_is_not_claimed_any_more_though_it_is_published() -> None:
    services.apply_pack("b2b_software")
    keys = {fact.key for fact in services.load_material().knowledge}
    gone = min(keys)
    Knowledge.objects.filter(key=gone).update(is_active=False)
    assert {fact.key for fact in services.load_material().knowledge} == keys - {gone}


def test_seeding_publishes_version_1_once() -> None:
    services.apply_pack("general")
    services.apply_pack("general")
    assert list(PlaybookVersion.objects.values_list("number", flat=True)) == [1]
    assert playbook_versions.unpublished() == ()


FILE = Handbook(plays=(Play("new", SignalKind.PRICE, "x", "New", "Say", "", ("a phrase",)),), keyterms=("solar",))


def test_a_file_is_added_to_what_is_there_or_takes_its_place() -> None:
    add()
    Competitor.objects.create(name="SalesBeam")
    Keyterm.objects.create(text="battery")
    added = working_copy.lay_over(FILE, Mode.ADD)
    assert {(change.kind, change.key, change.what) for change in added} == {
        ("Play", "new", What.ADDED),
        ("Keyterm", "solar", What.ADDED),
    }
    replaced = working_copy.lay_over(FILE, Mode.REPLACE)
    assert {(change.key, change.what) for change in replaced} == {
        ("mine", What.REMOVED),
        ("SalesBeam", What.REMOVED),
        ("battery", What.REMOVED),
    }
    assert working_copy.read() == FILE


def test_a_fact_that_stays_the_same_keeps_who_approved_it(member: MakeMember) -> None:
    services.apply_pack("b2b_software")
    before = dict(Knowledge.objects.values_list("key", "approved_at"))
    admin = member("admin")
    book = working_copy.read()
    working_copy.lay_over(book, Mode.ADD, by=admin)
    assert dict(Knowledge.objects.values_list("key", "approved_at")) == before


def test_another_business_has_its_own_versions(globex: Business) -> None:
    add()
    playbook_versions.publish()
    with business_scope(globex):
        assert playbook_versions.published() is None
        assert "mine" not in used()


def test_the_same_number_in_two_businesses_is_two_playbooks(globex: Business) -> None:
    add()
    playbook_versions.publish()
    with business_scope(globex):
        add("theirs")
        playbook_versions.publish()
        assert used() == {"theirs"}
    assert used() == {"mine"}
