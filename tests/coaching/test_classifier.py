"""The classifier: probabilities that add up, weighing of the rules' hits, training that can be repeated."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coaching.ears import Ears
from coaching.signals import corpus, train
from coaching.signals.classifier import WEIGHTS_FILE, shipped
from coaching.signals.features import BUCKETS, features
from coaching.signals.labels import LABELS, SHOWN, Label, threshold_name
from coaching.signals.text import words_of
from coaching.signals.training import Table, fit, softmax
from coaching.types import Channel
from tests.coaching.fakes import MATERIAL, line
from tests.coaching.scoring import heard

TEST_SPLIT = Path(__file__).parent / "data" / "signals_test.jsonl"
RIVAL = "we are already under contract with another company and happy with them"


def said(text: str) -> dict[Label, float]:
    return shipped().probabilities(list(words_of(text)), ())


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_probabilities_of_any_text_add_up_to_one(text: str) -> None:
    found = said(text)
    assert sum(found.values()) == pytest.approx(1, abs=1e-4)
    assert min(found.values()) >= 0


def test_an_objection_that_no_rule_knows_is_found_with_a_quote() -> None:
    found = [each.signal for each in Ears(MATERIAL).hear(line(f"Hi there. {RIVAL}.")).found]
    rival = next(signal for signal in found if signal.topic == "competitor")
    assert rival.quote.startswith("we are already under contract")
    assert 0.5 < rival.confidence <= 1


def test_a_rule_is_taken_back_where_the_words_are_not_meant() -> None:
    assert "objection:price" in heard(MATERIAL, "honestly that is too expensive for us")
    assert "objection:price" not in heard(MATERIAL, "our customers always tell us we're too expensive so i get it")


def test_a_rep_is_never_weighed() -> None:
    assert heard(MATERIAL, RIVAL, Channel.REP) == set()


def test_an_interim_shows_what_only_the_classifier_found_when_it_stands_twice() -> None:
    ears = Ears(MATERIAL)
    assert not [each for each in ears.hear(line(RIVAL, is_final=False)).found if each.signal.topic == "competitor"]
    assert [each for each in ears.hear(line(RIVAL, is_final=False)).found if each.signal.topic == "competitor"]


def test_a_business_that_wants_to_be_surer_sees_less() -> None:
    strict = replace(MATERIAL, settings={**MATERIAL.settings, threshold_name(Label.COMPETITOR): 100})
    assert "objection:competitor" in heard(MATERIAL, RIVAL)
    assert "objection:competitor" not in heard(strict, RIVAL)


def test_hearing_costs_less_than_five_milliseconds_of_processor_time() -> None:
    ears = Ears(MATERIAL)
    texts = [json.loads(row)["text"] for row in TEST_SPLIT.read_text("utf-8").splitlines()[:200]]
    ears.hear(line(texts[0]))
    started_s = time.process_time()
    for number, text in enumerate(texts):
        ears.hear(line(text, start_ms=number * 5_000, utterance=number))
    assert (time.process_time() - started_s) / len(texts) < 0.005


def test_features_of_a_line_are_distinct_places_within_the_buckets() -> None:
    places, weights = features(list(words_of("that is too expensive")), ["r:price:True"])
    assert len(set(places.tolist())) == len(places) == len(weights)
    assert places.min() >= 0
    assert places.max() < BUCKETS


def test_fitting_learns_and_gives_the_same_again() -> None:
    texts = ["too expensive for us", "way too expensive", "ask my boss first", "i must ask my boss"]
    table = Table.of([features(list(words_of(text)), ()) for text in texts])
    labels = np.array([0, 0, 2, 2])
    weights, bias = fit(table, labels, np.ones(4, np.float32), shrink=1e-5)
    again, _ = fit(table, labels, np.ones(4, np.float32), shrink=1e-5)
    assert softmax(table.times(weights) + bias).argmax(axis=1).tolist() == labels.tolist()
    assert np.array_equal(weights, again)


def test_a_threshold_is_where_nine_of_ten_are_right_from() -> None:
    sure = np.linspace(0.99, 0.5, 50, dtype=np.float32)
    assert train.threshold(sure, np.arange(50) < 36) == pytest.approx(float(sure[39]), abs=1e-3)
    assert train.threshold(sure, np.zeros(50, bool)) == train.HIGHEST


def test_the_temperature_takes_boasting_back() -> None:
    boasting = np.tile(np.array([[8.0, 0, 0, 0, 0, 0, 0, 0]], np.float32), (10, 1))
    assert train.best_temperature(boasting, np.array([0] * 6 + [1] * 4)) > 2


def test_the_shipped_classifier_is_small_and_complete() -> None:
    assert WEIGHTS_FILE.stat().st_size <= 3_000_000
    assert shipped().weights.shape == (BUCKETS, len(LABELS))
    assert set(shipped().thresholds) == set(SHOWN)


def test_nothing_of_the_test_split_is_learnt_from() -> None:
    learnt = {" ".join(words_of(example.text)) for example in (*corpus.written(), *corpus.by_pattern(8, 1.0, 5))}
    tested = [json.loads(row) for row in TEST_SPLIT.read_text("utf-8").splitlines()]
    assert not learnt & {" ".join(words_of(row["text"])) for row in tested}
    assert {row["split"] for row in tested} == {"test"}
    assert not {row["writer"] for row in tested} & {example.writer for example in corpus.written()}


def test_the_lines_are_many_and_many_of_them_hard() -> None:
    examples = list(corpus.written())
    tested = [json.loads(row) for row in TEST_SPLIT.read_text("utf-8").splitlines()]
    assert len(examples) + len(tested) >= 1_500
    negatives = [example for example in examples if example.label is Label.NONE and example.writer]
    assert sum(example.is_hard for example in negatives) >= 0.25 * len(negatives)
