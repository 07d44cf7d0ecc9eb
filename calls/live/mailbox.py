"""What other processes left for a call whose session lives here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from calls.live import opening
from calls.live.opening import Mail
from calls.live.threads import in_thread
from tenants.context import Business, business_scope

logger = logging.getLogger(__name__)


class Mailbox:
    """Reads each message once. `apply(mail)` runs on the loop, in the order in which they were left."""

    def __init__(self, business: Business, call: opening.OpenedCall, apply: Callable[[Mail], None]) -> None:
        self._business = business
        self._call = call
        self._apply = apply
        self._last_id = 0
        self._turn = asyncio.Lock()

    async def read(self) -> None:
        """Never raises for a database that is away: the next look finds what this one missed."""
        async with self._turn:
            with business_scope(self._business):
                try:
                    mails = await in_thread(opening.read_inbox)(self._call.id, self._last_id)
                except Exception as error:  # noqa: BLE001 - looked at again later
                    logger.warning("A call's inbox was not read: %s", type(error).__name__)
                    return
            for mail in mails:
                self._last_id = mail.id
                self._apply(mail)
