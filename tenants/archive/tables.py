"""Which tables of a business go into an archive: every one of its apps, but for a short list with reasons.

Collected from the models, so that a new one is taken along without being listed.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.apps import apps
from django.db import models
from psycopg import sql

from tenants.template.disk import tenant_apps

LEFT_OUT = {
    "django_migrations": "says which migrations made the tables; they are made anew by the same ones",
    "django_session": "who is signed in, under the other installation's secret key; members sign in again",
    "usersessions_usersession": "the list of these sessions",
    "account_emailconfirmation": "keys of mailed links; they lead to the other installation",
    "socialaccount_socialtoken": "keys to accounts at identity providers; none are kept",
}
"""Tables that stay behind, and why."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """A secret sealed with a key of the installation (`tenants.sealing`), or one that stands open in the table.

    `having` is the SQL condition of rows that hold it. With `columns` these are emptied, else the row is left out.
    """

    what: str
    having: str
    then: str
    columns: tuple[str, ...] = ()


WITHHELD = {
    "mfa.authenticator": Withheld(
        "codes of authenticator apps and recovery codes",
        having="type <> 'webauthn'",
        then="These members set one up anew; whoever must have one is asked to at the next sign-in.",
    ),
    "signin.provider": Withheld(
        "secrets of identity providers",
        having="secret_sealed <> ''",
        columns=("secret_sealed",),
        then="An admin enters them again under Sign-in, Identity providers.",
    ),
    "house.vendorkeys": Withheld(
        "keys of its own at the vendors of speech and models",
        having="speech_sealed <> '' OR model_sealed <> ''",
        columns=("speech_sealed", "speech_ending", "model_sealed", "model_ending"),
        then="An admin enters them again under Brand and policies, Vendor keys. Until then the new home's are used.",
    ),
    "socialaccount.socialapp": Withheld(
        "secrets of sign-in apps", having="secret <> ''", columns=("secret",), then="Nothing here uses them."
    ),
}


@dataclass(frozen=True, slots=True)
class Table:
    """`label` is the model's (`calls.call`), `name` the table's. Rows go in the order of `key`."""

    label: str
    name: str
    key: str
    has_text_key: bool

    @property
    def data_path(self) -> str:
        return f"data/{self.label}.jsonl"

    @property
    def csv_path(self) -> str:
        return f"csv/{self.label}.csv"

    @property
    def withheld(self) -> Withheld | None:
        return WITHHELD.get(self.label)

    def within(self, schema: str) -> sql.Identifier:
        """Never by search path, which would find a table of the shared schema where this one is missing."""
        return sql.Identifier(schema, self.name)


def tables() -> tuple[Table, ...]:
    """In the order of the installed apps. Tables of relations between models are among them."""
    found = {
        model._meta.db_table: _table(model)  # noqa: SLF001 - Django's public way to ask a model
        for label in tenant_apps()
        for model in apps.get_app_config(label).get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy  # noqa: SLF001
    }
    return tuple(table for name, table in found.items() if name not in LEFT_OUT)


def _table(model: type[models.Model]) -> Table:
    meta = model._meta  # noqa: SLF001
    key = meta.pk
    if key.column is None:
        raise TypeError(f"{meta.label} has a key of several columns, by which no order is known.")
    return Table(
        label=meta.label_lower,
        name=meta.db_table,
        key=key.column,
        has_text_key=isinstance(key, models.CharField | models.TextField),
    )
