"""Two tables: cards that are true to the business's material and must be shown, and cards that must not."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest
import yaml

from coaching.grounding import Ground, Ruling
from coaching.llm.base import CardText
from coaching.packs import load_pack
from coaching.types import Knowledge, Material
from tests.coaching.fakes import MATERIAL

BOUND_S = 0.002
DATA = Path(__file__).parent / "data"
PRICED = (
    *MATERIAL.knowledge,
    Knowledge("setup", "Setup", "Setup takes 3 weeks and one training day."),
    Knowledge("initech", "Initech", "Initech cut its reporting time by up to 40 percent in the first year."),
    Knowledge("free-month", "Free start", "The first 30 days are free for up to 10 seats."),
    Knowledge("iso", "Certificate", "Acme is certified under ISO 27001."),
    Knowledge("offices", "Offices", "Acme has 13 offices, all of them in Europe. The data stays in Frankfurt."),
)


@dataclass(frozen=True)
class Row:
    """A line of a table. `field` is the text that has no ground."""

    pack: str
    say: str
    heard: str = ""
    key: str = ""
    why: str = ""
    title: str = ""
    question: str = ""
    field: str = "say"

    @property
    def card(self) -> CardText:
        return CardText(
            self.say,
            why=self.why,
            title=self.title,
            source_key=self.key,
            question=self.question,
            is_complete=True,
        )


def rows(name: str) -> list[Row]:
    return [Row(**row) for row in yaml.safe_load((DATA / name).read_text())]


@cache
def ground(pack: str) -> Ground:
    if pack == "priced":
        return Ground(replace(MATERIAL, knowledge=PRICED))
    book = load_pack(pack).book
    return Ground(
        Material(
            business_name="Acme",
            plays=load_pack(pack).plays,
            knowledge=tuple(fact.value for fact in book.facts),
            competitors=tuple(rival.name for rival in book.competitors),
            keyterms=book.keyterms,
            live_prompt=replace(MATERIAL.live_prompt, system=load_pack(pack).live_prompt),
            report_prompt=MATERIAL.report_prompt,
        )
    )


HONEST, UNGROUNDED = rows("honest_cards.yaml"), rows("ungrounded_cards.yaml")


@pytest.mark.parametrize("row", HONEST, ids=[row.say[:60] for row in HONEST])
def test_an_honest_card_is_shown_whole(row: Row) -> None:
    verdict = ground(row.pack).judge(row.card, row.heard)
    assert (verdict.ruling, verdict.field, verdict.reason) == (Ruling.GROUNDED, "", "")


@pytest.mark.parametrize("row", UNGROUNDED, ids=[f"{row.field}-{getattr(row, row.field)[:60]}" for row in UNGROUNDED])
def test_what_nobody_wrote_is_refused_in_every_text(row: Row) -> None:
    verdict = ground(row.pack).judge(row.card, row.heard)
    assert (verdict.ruling, verdict.field) == (Ruling.UNGROUNDED, row.field)


def test_the_tables_are_long_enough_to_mean_something() -> None:
    assert len(HONEST) >= 60
    assert len(UNGROUNDED) >= 80
    assert {row.pack for row in HONEST} >= {"general", "b2b_software", "solar"}


def test_judging_a_card_after_a_long_call_takes_less_than_two_milliseconds() -> None:
    """CPU time at the median, with 300 plays and 500 facts; what was said is read ahead, as the model lane does."""
    facts = tuple(
        Knowledge(f"fact-{at}", f"Fact {at}", f"Module {at} costs ${at} per seat and keeps {at} records in Frankfurt.")
        for at in range(500)
    )
    plays = tuple(replace(MATERIAL.plays[0], key=f"play-{at}", title=f"Play {at}") for at in range(300))
    big = Ground(replace(MATERIAL, knowledge=facts, plays=plays))
    card = CardText("Module 250 costs $250 per seat. Who would use it first?", why="They asked.", is_complete=True)
    taken = []
    for at in range(40):
        heard = f"In {at} weeks we need about 40 seats, and our boss decides on the budget. " * 90
        big.listen(heard)
        started = time.process_time()
        verdict = big.judge(replace(card, source_key="fact-250" if at % 2 else ""), heard)
        taken.append(time.process_time() - started)
        assert verdict.ruling is Ruling.GROUNDED
    print(f"\njudging a card: {statistics.median(taken) * 1_000:.2f} ms")  # noqa: T201
    assert statistics.median(taken) < BOUND_S
