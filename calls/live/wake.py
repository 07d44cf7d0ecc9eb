"""Wake-ups: the only thing that goes through the channel layer. Our own ids and numbers, never any text.

One group per business. `wake` says "call C has N": whoever shows C reads the log after its own cursor.
`inbox` says "call C has mail": its owner drains `CallInbox`. A lost wake-up costs a poll, nothing else.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Mapping
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from calls import metrics

SEND_WITHIN_S = 1.0

logger = logging.getLogger(__name__)


def group(business_id: int) -> str:
    """The layer knows no businesses, so the name does."""
    return f"b{business_id}.calls"


def wake_message(business_id: int, last_seqs: Mapping[uuid.UUID, int]) -> dict[str, Any]:
    calls = {call_id.hex: last for call_id, last in last_seqs.items()}
    return {"type": "wake", "business": business_id, "calls": calls}


def inbox_message(business_id: int, call_id: uuid.UUID) -> dict[str, Any]:
    return {"type": "inbox", "business": business_id, "call": call_id.hex}


def send(business_id: int, call_id: uuid.UUID, last_seq: int) -> None:
    """From synchronous code, after a commit. Never raises: whoever misses it polls."""
    _send(business_id, wake_message(business_id, {call_id: last_seq}))


def send_inbox(business_id: int, call_id: uuid.UUID) -> None:
    """As `send`: the owner also looks by itself now and then."""
    _send(business_id, inbox_message(business_id, call_id))


def _send(business_id: int, message: dict[str, Any]) -> None:
    layer = get_channel_layer()
    if layer is None:
        return

    async def within_time() -> None:
        async with asyncio.timeout(SEND_WITHIN_S):
            await layer.group_send(group(business_id), message)

    try:
        async_to_sync(within_time)()
    except Exception as error:  # noqa: BLE001 - the layer raises whatever its client library raises
        metrics.errors.labels("cache").inc()
        logger.warning("A wake-up was not sent: %s", type(error).__name__)
