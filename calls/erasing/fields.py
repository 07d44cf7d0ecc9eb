"""What every text column of a business's tables may hold of a person. The one place; a column missing here fails the
tests, so that no new one is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models


class Holds(StrEnum):
    """CODE: kinds, keys, hashes, addresses of machines, secrets: never a person's name. WORDS: said or written, may
    name anybody. PERSON: the name or address of one person whom the row knows by an id: it goes with that person
    (`calls.erasing.member`) and stays when somebody else of the same name is erased.
    """

    CODE = "code"
    WORDS = "words"
    PERSON = "person"


def _fields(table: str, *, code: str = "", words: str = "", person: str = "") -> dict[str, Holds]:
    named = ((code, Holds.CODE), (words, Holds.WORDS), (person, Holds.PERSON))
    return {f"{table}.{field}": holds for fields, holds in named for field in fields.split()}


FIELDS: dict[str, Holds] = {
    **_fields("members.member", code="password roles", person="email name"),
    **_fields("members.team", words="name"),
    **_fields("members.apikey", code="hint digest scopes", words="name"),
    **_fields("account.emailaddress", person="email"),
    **_fields("account.emailconfirmation", code="key"),
    **_fields("socialaccount.socialapp", code="provider provider_id client_id secret key settings", words="name"),
    **_fields("socialaccount.socialaccount", code="provider uid", words="extra_data"),
    **_fields("socialaccount.socialtoken", code="token token_secret"),
    **_fields("mfa.authenticator", code="type", words="data"),
    **_fields("usersessions.usersession", code="ip session_key user_agent data"),
    **_fields("sessions.session", code="session_key session_data"),
    **_fields("contenttypes.contenttype", code="app_label model"),
    **_fields("auth.permission", code="name codename"),
    **_fields("auth.group", words="name"),
    **_fields("admin.logentry", code="object_id", words="object_repr change_message"),
    **_fields(
        "house.branding",
        code="logo logo_dark icon colour accent",
        words="product_name tagline mail_sender mail_footer imprint_url privacy_url terms_url support_email "
        "mail_reply_to",
    ),
    **_fields("house.policy", code="home_place customers_place recordings_heard_by redact"),
    **_fields("house.consentoverride", code="place mode", words="wording basis"),
    **_fields("house.vendorkeys", code="speech_sealed speech_ending model_sealed model_ending"),
    **_fields(
        "audit.auditline", code="via action subject subject_id", words="detail subject_name", person="actor_name"
    ),
    **_fields("signin.invitation", code="roles digest", person="email name"),
    **_fields("signin.signinpolicy", code="second_factor"),
    **_fields(
        "signin.provider",
        code="kind slug issuer client_id secret_sealed joining domains",
        words="name saml_metadata",
    ),
    **_fields(
        "coaching.play",
        code="kind trigger match channel signals since before after",
        words="key title topic patterns unless say question why source",
    ),
    **_fields("coaching.knowledge", code="kind", words="key title body source source_url"),
    **_fields("coaching.competitor", words="name also_known_as"),
    **_fields("coaching.keyterm", words="text"),
    **_fields("coaching.promptversion", code="purpose model", words="system examples note"),
    **_fields("coaching.promptpublication", code="purpose", words="note"),
    **_fields("coaching.playbookversion", words="content note"),
    **_fields(
        "calls.call",
        code="source state end_reason report_state report_error place consent_mode consent_language consent_answer",
        words="consent_wording customer",
    ),
    **_fields("calls.callevent", code="kind", words="payload"),
    **_fields(
        "calls.callconsent", code="mode answer language place given_by", words="wording", person="recorded_by_name"
    ),
    **_fields("calls.recording", code="path"),
    **_fields("calls.gap", words="reason"),
    **_fields("calls.report", code="origin model", words="summary key_points next_steps moments figures cards"),
    **_fields("calls.callinbox", words="message", person="member_name"),
    **_fields("calls.prompttest", code="state error"),
    **_fields("calls.prompttestmoment", code="kind", words="signal_id topic before after"),
    **_fields("calls.playtest", code="state error", words="key title play"),
    **_fields("billing.usageentry", code="component provider model unit purpose price_source"),
}

ONLY_KEYS: dict[str, frozenset[str]] = {"mfa.authenticator.data": frozenset({"name"})}
"""Of these JSON columns only so much is for people; the rest are secrets that a short name might meet by chance."""

_TEXT = (
    models.CharField,
    models.TextField,
    models.JSONField,
    ArrayField,
    models.FileField,
    models.GenericIPAddressField,
)


def business_models() -> Iterator[type[models.Model]]:
    """Every table that stands in a business's schema."""
    wanted = set(settings.TENANT_APPS)
    for config in apps.get_app_configs():
        if {config.name, f"{type(config).__module__}.{type(config).__qualname__}"} & wanted:
            yield from (model for model in config.get_models(include_auto_created=True) if model._meta.managed)  # noqa: SLF001


def text_columns(model: type[models.Model]) -> list[Any]:
    """The columns that can hold a text, as Django's fields."""
    return [field for field in model._meta.local_concrete_fields if isinstance(field, _TEXT)]  # noqa: SLF001


def label(field: Any) -> str:
    return f"{field.model._meta.label_lower}.{field.name}"  # noqa: SLF001


def with_words(model: type[models.Model]) -> list[Any]:
    """Those of its columns that may name anybody."""
    return [field for field in text_columns(model) if FIELDS.get(label(field)) is Holds.WORDS]


def unclassified() -> Iterable[str]:
    known = {label(field) for model in business_models() for field in text_columns(model) if not model._meta.proxy}  # noqa: SLF001
    return sorted(known ^ set(FIELDS))
