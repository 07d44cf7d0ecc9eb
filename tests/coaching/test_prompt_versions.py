"""A version's life: a draft changes, what was tested or published never does, and the newest publication is in use."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction

from coaching import prompt_versions, services
from coaching.models import PromptPublication, PromptPurpose, PromptVersion
from coaching.prompt_versions import PromptConflict, Wording
from coaching.types import LIVE_LIMITS, REPORT_LIMITS, Example
from tenants.audit.models import AuditLine
from tenants.context import Business, business_scope
from tests.conftest import MakeMember

LIVE = PromptPurpose.LIVE.value
ONE = Wording(LIVE, "One.")
TWO = Wording(LIVE, "Two.", examples=(Example("Too dear", "Compared with what?"),), temperature=0.1, model="small-1")

in_acme = pytest.mark.usefixtures("rolled_back")


def in_use() -> str:
    return prompt_versions.published_prompt(LIVE).system


@in_acme
def test_without_a_publication_the_built_in_text_is_in_use() -> None:
    prompt_versions.save_draft(ONE)
    assert prompt_versions.published_prompt(LIVE).number == 0
    assert prompt_versions.published_prompt(LIVE).limits == LIVE_LIMITS
    assert prompt_versions.published_prompt(PromptPurpose.REPORT.value).limits == REPORT_LIMITS


@in_acme
def test_a_published_version_gives_calls_its_examples_settings_and_limits() -> None:
    version = prompt_versions.publish_text(TWO)
    prompt = services.load_material().live_prompt
    assert (prompt.system, prompt.temperature, prompt.model, prompt.number) == ("Two.", 0.1, "small-1", version.number)
    assert prompt.examples == TWO.examples


@in_acme
def test_a_draft_may_be_edited_until_it_is_tested() -> None:
    draft = prompt_versions.save_draft(ONE)
    prompt_versions.change_draft(draft, TWO, seen_revision=1)
    draft.refresh_from_db()
    assert (draft.system, draft.revision) == ("Two.", 2)
    prompt_versions.freeze(draft)
    with pytest.raises(PromptConflict, match="no longer changes"):
        prompt_versions.change_draft(draft, ONE, seen_revision=2)


@in_acme
def test_two_people_at_one_draft_notice_each_other() -> None:
    draft = prompt_versions.save_draft(ONE)
    prompt_versions.change_draft(draft, TWO, seen_revision=1)
    with pytest.raises(PromptConflict, match="edited this draft"):
        prompt_versions.change_draft(draft, ONE, seen_revision=1)
    with pytest.raises(PromptConflict, match="Read it again"):
        prompt_versions.publish(draft, seen_revision=1)


@in_acme
def test_a_model_instance_can_not_be_saved_over() -> None:
    draft = prompt_versions.save_draft(ONE)
    draft.system = "Other."
    with pytest.raises(ValidationError, match="never changes"):
        draft.save()


@in_acme
@pytest.mark.parametrize(
    "change",
    [
        lambda: PromptVersion.objects.update(system="Other."),
        lambda: PromptVersion.objects.update(temperature=0.9),
        lambda: PromptVersion.objects.update(frozen_at=None),
        lambda: PromptVersion.objects.update(examples=[]),
        lambda: PromptPublication.objects.update(note="Other."),
        lambda: PromptPublication.objects.all()._raw_delete("default"),
        lambda: connection.cursor().execute("DELETE FROM coaching_promptversion"),
    ],
    ids=["text", "temperature", "thaw", "examples", "note", "delete publication", "delete version"],
)
def test_postgres_refuses_to_change_what_was_published(change: Callable[[], object]) -> None:
    prompt_versions.publish_text(TWO)
    with pytest.raises(DatabaseError), transaction.atomic():
        change()
    assert in_use() == "Two."


@in_acme
def test_postgres_lets_a_member_be_forgotten(member: MakeMember) -> None:
    admin = member("admin")
    prompt_versions.publish_text(TWO, by=admin)
    PromptVersion.objects.update(created_by=None)
    PromptPublication.objects.update(published_by=None)
    assert in_use() == "Two."


@in_acme
def test_going_back_publishes_an_earlier_version_again() -> None:
    first = prompt_versions.publish_text(ONE)
    second = prompt_versions.publish_text(TWO)
    assert in_use() == "Two."
    assert prompt_versions.publish(first).is_rollback
    assert in_use() == "One."
    assert prompt_versions.published_version(LIVE) != second
    assert PromptPublication.objects.filter(purpose=LIVE).count() == 3


@in_acme
def test_who_publishes_second_is_told_who_was_first(member: MakeMember) -> None:
    maya = member("admin", name="Maya")
    mine, theirs = prompt_versions.save_draft(ONE), prompt_versions.save_draft(TWO)
    prompt_versions.publish(theirs, by=maya, seen_publication=0)
    with pytest.raises(PromptConflict, match="Maya has published Live cards v2"):
        prompt_versions.publish(mine, seen_publication=0)
    assert in_use() == "Two."


@pytest.mark.usefixtures("committed_db")
def test_of_two_admins_at_the_same_moment_one_publishes(acme: Business) -> None:
    with business_scope(acme):
        drafts = [prompt_versions.save_draft(Wording(LIVE, f"Text {number}.")) for number in range(2)]
    barrier, outcomes = threading.Barrier(2), list[str]()

    def publish(draft: PromptVersion) -> None:
        with business_scope(acme):
            barrier.wait(10)
            try:
                prompt_versions.publish(draft, seen_publication=0)
                outcomes.append("published")
            except PromptConflict:
                outcomes.append("refused")
            finally:
                connection.close()

    threads = [threading.Thread(target=publish, args=[draft]) for draft in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["published", "refused"]
    with business_scope(acme):
        assert PromptPublication.objects.count() == 1


@in_acme
def test_publishing_and_going_back_leave_audit_lines_without_texts(member: MakeMember) -> None:
    admin = member("admin")
    first = prompt_versions.publish_text(Wording(LIVE, "A secret text."), by=admin)
    prompt_versions.publish_text(TWO, by=admin)
    prompt_versions.publish(first, by=admin, note="The new one talked too much.")
    lines = list(AuditLine.objects.filter(action="prompt_changed").order_by("id"))
    assert [line.detail["did"] for line in lines] == ["published", "published", "rolled_back"]
    assert lines[-1].detail == {"did": "rolled_back", "version": 1, "before": 2}
    assert {line.actor_id for line in lines} == {admin.pk}
    assert "secret" not in str([line.detail for line in lines])
    assert "talked" not in str([line.detail for line in lines])


@in_acme
def test_a_draft_can_be_discarded_and_a_published_version_not() -> None:
    prompt_versions.discard_draft(prompt_versions.save_draft(ONE))
    assert not PromptVersion.objects.exists()
    with pytest.raises(PromptConflict, match="stays in the history"):
        prompt_versions.discard_draft(prompt_versions.publish_text(ONE))


@pytest.mark.usefixtures("committed_db")
def test_a_stranger_has_other_prompts(acme: Business, globex: Business) -> None:
    with business_scope(acme):
        prompt_versions.publish_text(ONE)
    with business_scope(globex):
        assert prompt_versions.published(LIVE) is None
        assert not PromptVersion.objects.exists()
