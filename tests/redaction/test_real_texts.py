"""Outside texts: where nobody gives a secret number nothing is taken out, where customers do give them they go."""

from __future__ import annotations

import csv
import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from calls.redaction import Redactor
from tests.data import shared
from tests.redaction.talks import CUSTOMER, REP, line

ALL = ("pci", "ssn")
Said = tuple[bool, str]


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts_in(each)


def read_json(*parts: str) -> Any:
    return json.loads(shared(*parts).read_text(encoding="utf-8"))


def taken_out(talks: Iterator[list[Said]]) -> tuple[int, list[str]]:
    """How many lines there are, and those that lost something."""
    count, found = 0, []
    for talk in talks:
        redactor = Redactor(ALL)
        for number, (is_customer, text) in enumerate(talk):
            count += 1
            spoken = line(text[:2_000], channel=CUSTOMER if is_customer else REP, start_ms=number * 4_000)
            if redactor.hear(spoken).masks:
                found.append(text)
    return count, found


def casino() -> Iterator[list[Said]]:
    for name in ("casino_test.json", "casino_valid.json"):
        for talk in read_json("labelled", name):
            yield [(at % 2 == 1, said["text"]) for at, said in enumerate(talk["chat_logs"])]


def schema_guided() -> Iterator[list[Said]]:
    for talk in read_json("labelled", "sgd_dev_dialogues_007.json"):
        yield [(turn["speaker"] == "USER", turn["utterance"]) for turn in talk["turns"]]


def bank_questions() -> Iterator[list[Said]]:
    for row in csv.reader(shared("labelled", "banking77_test.csv").open(encoding="utf-8")):
        yield [(True, row[0])]
    for name in ("nlupp_banking_fold0.json", "nlupp_hotels_fold0.json"):
        for said in read_json("labelled", name):
            yield [(True, said["text"])]


def meetings() -> Iterator[list[Said]]:
    for name in ("qmsum-product-val-TS3010a.json", "qmsum-product-val-ES2006a.json"):
        yield [(True, said["content"]) for said in read_json("summaries", name)["meeting_transcripts"]]


def consultations() -> Iterator[list[Said]]:
    for path in sorted(shared("timing").glob("*.TextGrid")):
        yield [(True, text) for text in re.findall(r'text = "(.*?)"', path.read_text(encoding="utf-8"))]


def calls() -> Iterator[list[Said]]:
    for name in ("aws-example-call.json", "harpervalley-0002f70f7386445b.json", "aws-bda-standard.json"):
        yield [(True, text) for text in texts_in(read_json("timing", name)) if " " in text]
    yield [(True, text) for text in texts_in(read_json("audio", "references.json")) if " " in text]
    for talk in read_json("labelled", "abcd_sample.json"):
        yield [(who != "agent", text) for who, text in talk["original"]]


@pytest.mark.parametrize("talks", [casino, schema_guided, bank_questions, meetings, consultations, calls])
def test_ordinary_talk_loses_nothing(talks: Any) -> None:
    count, found = taken_out(talks())
    assert count > 100
    assert found == []


def given_numbers() -> Iterator[list[Said]]:
    """Customers of a bank in chat: they give card numbers and the last four digits of their social security number."""
    rows: dict[str, list[Said]] = {}
    with shared("labelled", "multidogo_finance_dev.tsv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            rows.setdefault(row["conversationId"], []).append((True, row["utterance"]))
    yield from rows.values()


def test_customers_who_give_their_numbers_are_heard_without_them() -> None:
    named = re.compile(r"\b(?:ssn|social)\D{0,12}(\d{4,9})\b|\bcard (?:number|no)\D{0,8}((?:\d ?){13,19})\b")
    asked, kept = 0, []
    for talk in given_numbers():
        redactor = Redactor(ALL)
        for number, (_, text) in enumerate(talk):
            clean = redactor.hear(line(text[:2_000], start_ms=number * 4_000)).line.text
            for match in named.finditer(text):
                asked += 1
                if (match[1] or match[2]).strip() in clean:
                    kept.append(text)
    assert asked > 100
    assert kept == []


def test_a_line_costs_less_than_a_millisecond() -> None:
    talks = [*schema_guided(), *given_numbers(), *consultations()]
    count = sum(map(len, talks))
    began = time.process_time()
    taken_out(iter(talks))
    assert (time.process_time() - began) / count < 0.001
