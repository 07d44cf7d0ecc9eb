"""How well signals are found: on lines we wrote and labelled, and on outside texts that hold no sales talk."""

from __future__ import annotations

import csv
import json

import pytest

from coaching.types import Channel
from tests.coaching.fakes import MATERIAL
from tests.coaching.scoring import OWN_SET, heard, score_own
from tests.data import shared


def test_the_own_set_is_large_and_has_hard_negatives() -> None:
    rows = [json.loads(row) for row in OWN_SET.read_text(encoding="utf-8").splitlines()]
    assert len(rows) >= 250
    assert sum(not row["labels"] for row in rows) >= 80
    assert {row["channel"] for row in rows} == {"customer", "rep"}


def test_precision_and_f1_on_the_own_set() -> None:
    score = score_own(MATERIAL)
    assert score.precision >= 0.90, "\n".join(score.wrong)
    assert score.f1 >= 0.89, "\n".join(score.wrong)
    assert score.right_topics >= 0.9 * score.hits, "\n".join(score.wrong)


@pytest.mark.parametrize(("kind", "limit"), [("objection", 0.02), ("buying_signal", 0.02), ("compliance", 0.002)])
def test_bank_customers_questions_about_fees_are_no_sales_talk(kind: str, limit: float) -> None:
    with shared("labelled", "banking77_test.csv").open(encoding="utf-8") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    false = [text for text in texts if any(one.startswith(f"{kind}:") for one in heard(MATERIAL, text))]
    assert len(false) <= limit * len(texts), false[:10]


def test_service_chats_and_small_talk_raise_few_objections() -> None:
    rows = [json.loads(row) for row in shared("labelled", "nearest_labels.jsonl").read_text("utf-8").splitlines()]
    texts = [row["text"] for row in rows if row["source"] != "sgd" and row["text"].strip()]
    false = [text for text in texts if any(one.startswith("objection:") for one in heard(MATERIAL, text))]
    assert len(false) <= 0.01 * len(texts), false[:10]


@pytest.mark.parametrize(
    "text",
    [
        "its a bit steep for us",
        "IT'S A BIT STEEP FOR US",
        "it’s a bit, uh, steep for us",
        "it's it's a bit steep for for us",
        "It is a bit steep... for us!",
    ],
)
def test_spelling_casing_fillers_and_repeats_change_nothing(text: str) -> None:
    assert "objection:price" in heard(MATERIAL, text)


def test_a_rival_is_found_in_every_spelling() -> None:
    for text in ("we use SalesBeam", "we use sales beam today", "we use salesbeam", "we use sales bim"):
        assert "competitor:salesbeam" in heard(MATERIAL, text)


def test_objections_belong_to_the_customer() -> None:
    assert heard(MATERIAL, "That is too expensive for us.", Channel.REP) == set()
    assert "competitor:salesbeam" in heard(MATERIAL, "How do you like SalesBeam?", Channel.REP)
