"""The customer's turn ends, on a line or long after it: the coach is told, and asks about what no rule understood."""

from __future__ import annotations

from dataclasses import replace

import pytest

from calls.live import registry as registry_module
from coaching.llm.base import CardText
from coaching.types import Channel, Line
from tests.calls.conftest import Hears, MakeCaller
from tests.calls.talking import say_hello, speak, wait_until
from tests.coaching.fakes import ScriptedModel
from tests.speech.fakes import ScriptedTurn

TALK = "our people spend most of the morning on the phone with the old list"
TURNS = (ScriptedTurn(Channel.REP, 60_000, 61_000, "not heard here"),)
SAID = Line(Channel.CUSTOMER, TALK, 300, 2_000, 0.9, is_final=True, utterance=98, provider="scripted", ends_turn=False)
END = replace(SAID, text="", start_ms=2_600, end_ms=2_600, is_final=False, utterance=99, ends_turn=True)


async def test_the_end_of_a_turn_that_comes_without_words_reaches_the_coach(
    live: None, hears: Hears, caller: MakeCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, model = hears(*TURNS), ScriptedModel(CardText("What would you do with that time?", is_complete=True))
    assert engine is not None
    monkeypatch.setattr(registry_module, "get_card_model", lambda *_: model)
    rep = await caller("rep")
    call_id = await rep.start_call()

    def about_turns() -> list[str]:
        return [text for request in model.asked for _, text in request.messages if "has just finished" in text]

    async with rep.events(call_id) as events, rep.audio(call_id) as audio:
        await say_hello(audio)
        speak(audio, 3)
        engine.streams[-1].outbox.put(SAID)
        await events.until_kind("line")
        assert about_turns() == []
        engine.streams[-1].outbox.put(END)
        await wait_until(about_turns)
    assert TALK in about_turns()[0]
    await rep.post(f"/api/calls/{call_id}/end")
    assert "" not in [row.payload["text"] for row in await rep.log(call_id) if row.kind == "line"]
