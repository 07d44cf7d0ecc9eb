"""Mails as files, for trying things out: each opens in a mail program."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone


class FolderBackend(BaseEmailBackend):
    """Writes into EMAIL_FILE_PATH, readable by this user only: mails hold links that open accounts."""

    def __init__(self, fail_silently: bool = False, **_: Any) -> None:
        super().__init__(fail_silently=fail_silently)
        self._folder = Path(settings.EMAIL_FILE_PATH)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for message in email_messages:
            now = timezone.now()
            file = self._folder / f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(4)}.eml"
            file.touch(mode=0o600, exist_ok=False)
            file.write_bytes(message.message().as_bytes())
        return len(email_messages)
