"""The industry packs, and a whole short call under them with the default budget."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from coaching.coach import Coach
from coaching.packs import BadPack, Pack, build_pack, load_pack, pack_names
from coaching.playbook import Playbook
from coaching.signals.text import normalise
from coaching.types import Channel, Material, Prompt, SignalKind, Trigger
from tests.coaching.fakes import Clock, Sink, line

REP, CUSTOMER = Channel.REP, Channel.CUSTOMER


def material_of(pack: Pack) -> Material:
    return Material(
        business_name="Acme",
        plays=pack.plays,
        knowledge=tuple(fact.value for fact in pack.book.facts),
        competitors=tuple(rival.name for rival in pack.book.competitors),
        keyterms=pack.book.keyterms,
        live_prompt=Prompt(0, pack.live_prompt),
        report_prompt=Prompt(0, pack.report_prompt),
    )


@pytest.mark.parametrize("name", pack_names())
def test_a_pack_is_whole(name: str) -> None:
    pack = load_pack(name)
    assert len(pack.plays) >= 15
    assert all(len(play.patterns) >= 8 for play in pack.plays if play.trigger is Trigger.SAID)
    kinds = {play.kind for play in pack.plays}
    assert {"objection", "buying_signal", "competitor", "next_step", "compliance"} <= kinds


@pytest.mark.parametrize("name", pack_names())
def test_every_phrase_of_a_pack_fires_its_own_play(name: str) -> None:

    material = material_of(load_pack(name))
    playbook = Playbook(material.plays)
    silent = []
    for play in material.plays:
        assert play.patterns or play.signals, play.key
        for phrase in play.patterns:
            even = normalise(line(phrase, channel=play.channel or CUSTOMER))
            if play.key not in {hit.play.key for hit in playbook.match(even, play.channel or CUSTOMER)}:
                silent.append((play.key, phrase))
    assert silent == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "joke"}, "“joke” is unknown: write one of objection"),
        ({"channel": "boss"}, "no speaker"),
        ({"say": "x" * 201}, "at most 160"),
        ({"patterns": ["one", "two"]}, "only 2 phrases"),
        ({"patterns": ["re:(a+)+b"] + ["phrase"] * 8}, "repeats a repetition"),
        ({"colour": "red"}, "“colour” is unknown here"),
    ],
)
def test_a_bad_play_is_refused_with_its_name_and_the_reason(change: dict[str, Any], words: str) -> None:
    good = {
        "key": "price",
        "title": "Price",
        "kind": "objection",
        "topic": "price",
        "say": "Why?",
        "why": "Because.",
        "patterns": [f"phrase {number}" for number in range(8)],
    }
    whole = {"title": "Test", "live_prompt": "a", "report_prompt": "b"}
    assert build_pack("test", {**whole, "plays": [good]}).plays[0].key == "price"
    with pytest.raises(BadPack, match="price") as caught:
        build_pack("test", {**whole, "plays": [{**good, **change}]})
    assert words in str(caught.value)


def test_an_unknown_pack_says_which_there_are() -> None:
    with pytest.raises(BadPack, match="b2b_software"):
        load_pack("../secrets")


CALL = (
    (0, REP, "Thanks for taking the time. How do you handle support requests today?"),
    (6, CUSTOMER, "Right now everything lands in a shared inbox, and we are also looking at SalesBeam for that."),
    (16, REP, "I see. What would you like to be different?"),
    (21, CUSTOMER, "Mostly faster answers. But honestly, your price is a bit steep for a team like ours."),
    (32, REP, "I understand. What does a late answer cost you today?"),
    (38, CUSTOMER, "Quite a lot actually. We lose a customer now and then because nobody replied."),
    (50, REP, "So one customer a year pays for it."),
    (56, CUSTOMER, "When you put it like that. How soon could we get started?"),
    (68, REP, "Two weeks is usual."),
    (78, CUSTOMER, "Good. Let's set up a call on Tuesday with my manager."),
)


async def test_a_short_call_gets_its_sensible_cards_within_the_default_budget() -> None:
    sink, clock = Sink(), Clock()
    coach = Coach(call_id="call", material=material_of(load_pack("b2b_software")), model=None, sink=sink, clock=clock)
    for number, (start_s, channel, text) in enumerate(CALL):
        coach.note_speaking(channel, True, start_s * 1_000)
        said = line(text, start_ms=start_s * 1_000, channel=channel, utterance=number)
        words = text.split()
        for count in range(2, len(words), 2):
            coach.hear(
                line(
                    " ".join(words[:count]), start_ms=start_s * 1_000, channel=channel, utterance=number, is_final=False
                )
            )
        coach.hear(said)
        coach.note_speaking(channel, False, said.end_ms)
    sources = [card.source.key for card in sink.cards if card.source]
    assert len(sources) >= 3
    assert "competitor-general" in sources
    assert {"buying-timeline", "price-too-high"} & set(sources)
    shown_at = [card.trigger_end_ms for card in sink.cards]
    assert all(later - earlier >= 15_000 for earlier, later in pairwise(shown_at))
    kinds = {moment.kind for moment in sink.moments}
    assert {SignalKind.OBJECTION, SignalKind.COMPETITOR, SignalKind.BUYING_SIGNAL, SignalKind.NEXT_STEP} <= kinds
    await coach.aclose()
