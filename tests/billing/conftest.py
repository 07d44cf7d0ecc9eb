"""Usage of a business, as the ledger takes it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from billing.ledger import Metered

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
Meter = Callable[..., Metered]


@pytest.fixture
def metered() -> Meter:
    """`metered(call_id, seq, ...)`: a minute of one channel of Deepgram's streaming unless told otherwise."""

    def make(call_id: uuid.UUID, seq: int, **changes: object) -> Metered:
        usual: dict[str, object] = {
            "member_id": None,
            "at": NOON,
            "component": "speech",
            "provider": "deepgram",
            "model": "nova-3",
            "unit": "audio_ms",
            "quantity": 60_000,
        }
        return Metered(call_id=call_id, call_seq=seq, **{**usual, **changes})  # type: ignore[arg-type]

    return make
