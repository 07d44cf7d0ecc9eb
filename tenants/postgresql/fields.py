"""The column that says to which business a row of the shared schema belongs."""

from __future__ import annotations

from typing import Any

from django.db import connection, models

from tenants.postgresql.roles import MAX_NAME_BYTES, role_name


class RoleOfSession(models.Func):
    """Who Postgres takes the current statement to come from: a business's role, or a login role."""

    template = "CURRENT_USER"
    output_field = models.CharField()


class OwnerRoleField(models.CharField):  # type: ignore[type-arg]  # not subscriptable at run time
    """The database role of the business that a row of the shared schema belongs to.

    Policies compare it with `current_user`; see tenants/migrations/0002_row_level_security.py. Filled in by the
    model's `save`; rows that come past it belong to whoever adds them.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": MAX_NAME_BYTES, "editable": False, "db_default": RoleOfSession(), **options})


def owner_role(schema_name: str) -> str:
    return role_name(connection.settings_dict["NAME"], schema_name)
