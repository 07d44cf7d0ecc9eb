"""What the lanes of speech hear in their tests."""

from __future__ import annotations

from calls.speech.base import StreamSpec
from coaching.types import Channel
from tests.speech.fakes import ScriptedTurn

SPEC = StreamSpec(call_id="c", business="acme", channels=2)
TURNS = (
    ScriptedTurn(Channel.REP, 500, 1_500, "how do you do this today"),
    ScriptedTurn(Channel.CUSTOMER, 4_000, 6_000, "that is too expensive for us"),
    ScriptedTurn(Channel.CUSTOMER, 12_000, 13_000, "send me the contract"),
)
