"""A row of every model in a business, each text of it a canary: whoever reads one has looked where they may not.

The models come from the apps of a business, so a new one is planted without being listed. Where a field can not hold
just any value, tests/stranger/values.py says what stands there.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models.fields import NOT_PROVIDED
from django.utils import timezone

from calls.live.recording import relative_path, storage_root
from calls.models import Recording
from tenants.context import Business, business_scope
from tenants.members.models import ApiKey, Member, Scope
from tests.stranger.values import CANARY, SPECIAL

# Django's own bookkeeping: names of our models, nothing of a business.
NOT_PLANTED = {"contenttypes.contenttype", "auth.permission", "auth.group", "sessions.session"}


# Numbers of rows that stand without a relation, because the row may be gone or is another app's.
LOOSE = {"call_id": "calls.call", "member_id": "members.member"}


class Planted:
    """What stands in a business: `rows` by model label, `values` for the parameters of addresses."""

    def __init__(self, business: Business, rep: Member) -> None:
        self.business = business
        self.rep = rep
        self.rows: dict[str, models.Model] = {"members.member": rep}
        for model in business_models():
            self._row_of(model)
        self.call_id = str(self.rows["calls.call"].pk)

    def values(self, model_label: str = "") -> dict[str, object]:
        """For `Route.at`: everything names a thing of this business."""
        row = self.rows.get(model_label)
        return {
            "call_id": self.call_id,
            "table": "calls",
            "object_id": row.pk if row is not None else self.call_id,
            "content_type_id": 1,
            "app_label": "calls",
            "url": "nowhere",
            "number": 1,
            "pk": row.pk if row is not None else 1,
            "key": "a-key-of-nobody",
            # Tests of prompts and of plays, and what a page of a prompt is of.
            "test_id": row.pk if row is not None else 1,
            "version_id": self.rows["coaching.promptversion"].pk,
            "uidb36": "1",
            "provider_id": CANARY,
            "organization_slug": CANARY,
            "kind": "logo",
            "size": 32,
        }

    def form(self, model_label: str = "") -> dict[str, object]:
        """For a POST to an admin page of a model: what its buttons and its actions would send."""
        chosen = self.values(model_label)["object_id"]
        return {
            "post": "yes",
            "action": "delete_selected",
            "_selected_action": chosen,
            "hit": self.rows["calls.playtesthit"].pk,
            "mark": "right",
            "version": self.rows["coaching.promptversion"].pk,
            "call": self.call_id,
        }

    def _row_of(self, model: type[models.Model]) -> models.Model:
        label = model._meta.label_lower
        if label not in self.rows:
            values = dict(self._values(model))
            existing = model._default_manager.filter(pk=1).first() if _is_single(model) else None
            if existing is not None:
                for name, value in values.items():
                    setattr(existing, name, value)
                existing.save()
            row = existing or model._default_manager.create(**({"pk": 1} if _is_single(model) else {}), **values)
            self.rows[label] = row
        return self.rows[label]

    def _values(self, model: type[models.Model]) -> Iterator[tuple[str, Any]]:
        for field in model._meta.concrete_fields:
            special = SPECIAL.get(f"{model._meta.label_lower}.{field.name}")
            if special is not None:
                yield field.name, special()
            elif isinstance(field, models.ForeignKey | models.OneToOneField):
                yield from self._relation(field)
            elif field.name in LOOSE:
                yield field.name, self._row_of(apps.get_model(LOOSE[field.name])).pk
            elif not field.primary_key:
                yield from _plain(field)

    def _relation(self, field: Any) -> Iterator[tuple[str, Any]]:
        target = field.related_model
        if target._meta.label_lower == "contenttypes.contenttype":
            yield field.name, None if field.null else target.objects.first()
        elif target._meta.label_lower in NOT_PLANTED or (field.null and target is field.model):
            return
        else:
            yield field.name, self._row_of(target)


def business_models() -> list[type[models.Model]]:
    """Every table of a business that holds something of it."""
    names = {config.name for config in apps.get_app_configs()} & {_app(entry) for entry in settings.TENANT_APPS}
    return [
        model
        for config in apps.get_app_configs()
        if config.name in names
        for model in config.get_models()
        if model._meta.managed and not model._meta.proxy and model._meta.label_lower not in NOT_PLANTED
    ]


def plant(business: Business, rep: Member) -> Planted:
    with business_scope(business):
        return Planted(business, rep)


def record_sound(planted: Planted) -> None:
    """Gives the planted call a recording: canaries from beginning to end. The settings say where it is stored."""
    path = relative_path(planted.business.id, planted.rows["calls.call"].pk)
    sound = CANARY.encode() * 1_000
    file = storage_root() / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(sound)
    with business_scope(planted.business):
        Recording.objects.update(path=path, stored_samples=len(sound) // 2)


def digest_of(business: Business) -> dict[str, str]:
    """A fingerprint of every table of a business."""
    with business_scope(business), connection.cursor() as cursor:
        found = {}
        for model in business_models():
            cursor.execute(f'SELECT t::text FROM "{model._meta.db_table}" t ORDER BY 1')
            found[model._meta.label] = hashlib.sha256(repr(cursor.fetchall()).encode()).hexdigest()
    return found


def key_of(member: Member, business: Business, *scopes: str) -> str:
    """A key with these scopes; none named: all."""
    with business_scope(business):
        _, secret = ApiKey.issue(member=member, name="stranger", scopes=scopes or tuple(Scope))
    return secret


def _app(entry: str) -> str:
    """An app's name from its place in the settings, which may name its configuration."""
    known = {f"{type(config).__module__}.{type(config).__qualname__}": config.name for config in apps.get_app_configs()}
    return known.get(entry, entry)


def _is_single(model: type[models.Model]) -> bool:
    return any(constraint.name.endswith("single_row") for constraint in model._meta.constraints)


def _plain(field: Any) -> Iterator[tuple[str, Any]]:
    """A canary where a text fits, the default where there is one, else the smallest value that passes."""
    if isinstance(field, models.JSONField):
        yield field.name, {"text": f"{CANARY} {field.name}"} if field.default is not list else [{"text": CANARY}]
    elif field.choices:
        yield field.name, field.get_default() if field.has_default() else field.choices[0][0]
    elif isinstance(field, ArrayField):
        yield field.name, field.get_default() if field.has_default() else []
    elif isinstance(field, models.FileField):
        return
    elif isinstance(field, models.CharField | models.TextField):
        yield from _text(field)
    elif field.has_default() or field.null:
        return
    else:
        yield field.name, _smallest(field)


def _text(field: Any) -> Iterator[tuple[str, Any]]:
    length = field.max_length or 100
    if isinstance(field, models.EmailField):
        yield field.name, f"{CANARY}-{uuid.uuid4().hex[:8]}@example.com"
    elif isinstance(field, models.SlugField) or field.unique:
        yield field.name, f"{CANARY}-{uuid.uuid4().hex[:8]}"[:length]
    elif isinstance(field, models.URLField):
        yield field.name, f"https://{CANARY}.example/"
    elif length < len(CANARY) or (field.has_default() and field.default not in ("", NOT_PROVIDED)):
        return
    else:
        yield field.name, f"{CANARY} {field.name}"[:length]


def _smallest(field: Any) -> Any:
    if isinstance(field, models.DateTimeField):
        return timezone.now() + timedelta(hours=1)
    if isinstance(field, models.DateField):
        return timezone.now().date()
    if isinstance(field, models.BooleanField):
        return False
    if isinstance(field, models.UUIDField):
        return uuid.uuid4()
    if isinstance(field, models.BinaryField):
        return b""
    if isinstance(field, models.GenericIPAddressField):
        return "192.0.2.1"
    return 1
