"""Warns an installation that others can reach while its mails go nowhere."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks


@checks.register(deploy=True)
def check_mail(app_configs: Any, **_: Any) -> list[checks.CheckMessage]:  # noqa: ARG001 - Django's signature
    if not settings.EMAIL_BACKEND.startswith("tenants.mail_folder."):
        return []
    return [
        checks.Warning(
            "Mails are written to files: nobody receives an invitation or a new password.",
            hint="Set MAIL_URL to a mail server, see docs/settings.md.",
            id="tenants.W030",
        )
    ]
