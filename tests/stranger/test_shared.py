"""What businesses share, by its registries: tasks, cache keys, channel groups, stored files."""

from __future__ import annotations

import inspect
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import current_app
from django.conf import settings
from django.core.files.base import ContentFile
from django.db import models
from django.utils import timezone

from calls.models import Call, PlayTest, PromptTest, ReportState, TrialState
from tenants.archive.export import exports_folder
from tenants.context import Business, NoBusiness, business_scope
from tenants.files import file_areas
from tenants.house.models import Branding
from tenants.jobs import BusinessTask, PublicTask
from tenants.storage import business_folder
from tests.stranger.conftest import Visitor
from tests.stranger.planted import Planted, business_models, digest_of
from tests.stranger.routes import BUSINESS, routes
from tests.stranger.test_routes import knock

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def tasks() -> dict[str, Any]:
    """Every task of ours in Celery's registry, with the object that made it."""
    current_app.loader.import_default_modules()
    ours = {name: task for name, task in current_app.tasks.items() if not name.startswith(("celery.", "tests."))}
    return {name: getattr(task.run, "__self__", None) for name, task in ours.items()}


def test_every_task_says_whether_it_is_of_a_business() -> None:
    made = tasks()
    assert made
    assert {name for name, maker in made.items() if not isinstance(maker, BusinessTask | PublicTask)} == set()


def test_a_business_task_without_a_business_does_nothing(committed_db: None) -> None:
    for name, maker in tasks().items():
        if isinstance(maker, BusinessTask):
            with pytest.raises(NoBusiness):
                maker._run()
            assert name


# What a task's number is a number of, where its name alone does not say.
WORKS_ON = {"calls.run_prompt_test": "calls.prompttest", "calls.run_play_test": "calls.playtest"}


def run_every_task(business: Business, planted: Planted) -> set[str]:
    """All tasks of a business with the ids of what is planted; returns those that changed the planted business."""
    changed, before = set(), digest_of(planted.business)
    for name, maker in tasks().items():
        if not isinstance(maker, BusinessTask):
            continue
        values = planted.values(WORKS_ON.get(name, ""))
        wanted = list(inspect.signature(maker._body).parameters)[1:]
        # Any refusal will do; what counts is what it left behind.
        with suppress(Exception):
            maker._run(business_id=business.id, **{each: values[each] for each in wanted})
        after = digest_of(planted.business)
        if after != before:
            changed.add(name)
        before = after
    return changed


def test_a_task_of_another_business_with_our_ids_changes_nothing_of_ours(
    planted: Planted, acme: Business, globex: Business
) -> None:
    changed = set()
    now = timezone.now()
    # What is still to be written is not deleted yet; of what is deleted nothing can be repaired.
    for report_state, ended_at in (
        (ReportState.DUE, LONG_AGO),
        (ReportState.READY, now),
        (ReportState.READY, LONG_AGO),
    ):
        with business_scope(acme):
            Call.objects.update(report_state=report_state, report_due_at=now, started_at=now, ended_at=ended_at)
            for model in (PromptTest, PlayTest):
                model.objects.update(state=TrialState.DUE, due_at=timezone.now())
        assert run_every_task(globex, planted) == set()
        changed |= run_every_task(acme, planted)
    # With the business's own name each had something to do here, so any could have been seen above.
    assert changed == {name for name, maker in tasks().items() if isinstance(maker, BusinessTask)}


def test_every_cache_key_names_its_business(
    planted: Planted, acme: Business, globex: Business, visitor: Visitor
) -> None:
    store = redis.Redis.from_url(settings.REDIS_URL)
    for business in (acme, globex):
        client = visitor(business)
        for route in routes(BUSINESS):
            if not route.is_admin:
                knock(client, "get", route.at(planted.values()))
    keys = sorted(key.decode() for key in store.scan_iter("*"))
    nameless = [key for key in keys if not any(f":{name}:" in key for name in ("acme", "globex", "public"))]
    # Celery's queues carry each task's business as an argument; the layer keeps nothing.
    assert [key for key in nameless if not key.startswith(("sp:", "_kombu", "sp_"))] == []
    assert any(":acme:" in key for key in keys)


def test_every_stored_file_lies_under_its_business(acme: Business, globex: Business) -> None:
    fields = [
        field
        for model in business_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.FileField)
    ]
    assert fields
    for field in fields:
        places = []
        for business in (acme, globex):
            with business_scope(business):
                places.append(field.generate_filename(field.model(), "same-name.png"))
        assert places[0] != places[1]
        assert f"/{acme.id}/" in f"/{places[0]}"
        assert f"/{globex.id}/" in f"/{places[1]}"


def test_every_area_of_files_and_every_archive_lies_under_its_business(acme: Business, globex: Business) -> None:
    areas = file_areas()
    assert {area.name for area in areas} >= {"pictures", "recordings"}
    for own, other in ((acme, globex), (globex, acme)):
        folders = [area.root() / area.folder(own.id) for area in areas] + [exports_folder(own)]
        others = [area.root() / area.folder(other.id) for area in areas] + [exports_folder(other)]
        assert not any(mine.is_relative_to(theirs) for mine in folders for theirs in others)
    with business_scope(acme):
        field = next(field for field in Branding._meta.concrete_fields if isinstance(field, models.FileField))
        place = Path(settings.MEDIA_ROOT) / field.generate_filename(Branding(), "logo.png")
        assert place.is_relative_to(Path(settings.MEDIA_ROOT) / business_folder(acme.id))


def test_a_stored_file_of_another_business_is_not_served(
    planted: Planted, acme: Business, globex: Business, visitor: Visitor
) -> None:
    with business_scope(acme):
        brand = Branding.objects.get(pk=1)
        brand.logo.save("logo.png", ContentFile(b"canary picture"))
        brand.save()
        name = brand.logo.name
    stranger = visitor(globex)
    for path in ("/brand/logo", f"/media/{name}", f"/static/{name}", f"/brand/logo?{name}"):
        answer = stranger.get(path)
        assert b"canary picture" not in b"".join(getattr(answer, "streaming_content", [answer.content])), path
    with business_scope(acme):
        brand.logo.delete()
