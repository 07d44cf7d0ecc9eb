"""Figures of real calls against numbers that a service stated or people labelled; each tolerance says why."""

from __future__ import annotations

import pytest

from calls.analysis import flow, questions, talk
from calls.analysis.speech import Speech, speech_of
from coaching.types import Channel
from tests.analysis import recorded

REP, CUSTOMER = Channel.REP, Channel.CUSTOMER

pytestmark = pytest.mark.skipif(not recorded.TIMING.exists(), reason="outside data is not here")


@pytest.fixture(scope="module")
def aws() -> Speech:
    return speech_of(recorded.aws_words())


@pytest.fixture(scope="module")
def stated() -> dict[str, int]:
    numbers: dict[str, int] = recorded.read("references.json")["aws-example-call.json"]["stated_by_the_service"]
    return numbers


def test_talk_time_is_the_services_within_ten_percent(aws: Speech, stated: dict[str, int]) -> None:
    """The service does not say how it treats pauses inside a turn; its own turns add up to 10 % more than it states."""
    assert talk.talk_ms(aws, REP) == pytest.approx(stated["talk_agent_ms"], rel=0.10)
    assert talk.talk_ms(aws, CUSTOMER) == pytest.approx(stated["talk_customer_ms"], rel=0.10)


def test_talk_ratio_is_the_services_within_three_points(aws: Speech, stated: dict[str, int]) -> None:
    share = stated["talk_agent_ms"] / (stated["talk_agent_ms"] + stated["talk_customer_ms"])
    assert talk.talk_ratio_speech(aws).value == pytest.approx(share, abs=0.03)


def test_talk_speed_is_the_services_within_six_percent(aws: Speech, stated: dict[str, int]) -> None:
    """Redacted words count as one word here and in the service's file."""
    assert talk.talk_speed(aws, REP).value == pytest.approx(stated["wpm_agent"], rel=0.06)
    assert talk.talk_speed(aws, CUSTOMER).value == pytest.approx(stated["wpm_customer"], rel=0.06)


def test_interruptions_are_exactly_the_two_the_service_states(aws: Speech) -> None:
    """Same by, same begin. "Yeah. Mhm." and "Thank you for letting me know." are in the call and do not count."""
    assert [(each.by, each.start_ms) for each in flow.interruptions(aws)] == [(REP, 18_740), (REP, 166_440)]
    # The service lets the second last 2,220 ms, as we do; for the first it adds the pause after the word.
    assert flow.interruptions(aws)[1].end_ms - 166_440 == pytest.approx(2_220, abs=10)


def test_non_talk_time_is_the_services(aws: Speech, stated: dict[str, int]) -> None:
    assert flow.non_talk(aws).value == stated["non_talk_ms"]


def test_the_agents_acknowledgements_are_active_listening(aws: Speech) -> None:
    heard = [(piece.channel, piece.text) for piece in aws.back_channels]
    assert (REP, "Yeah.") in heard
    assert (REP, "Mhm.") in heard


CONSULTATIONS = ["day2_consultation01", "day3_consultation06", "day5_consultation12"]


@pytest.mark.parametrize("call", CONSULTATIONS)
def test_figures_of_a_labelled_consultation(call: str) -> None:
    """Human labels of utterances. Talk time within 8 %: ours joins pauses inside turns (more), and leaves out labels
    that hold only a mark such as <UNSURE/> (less). Words and the absence of long silences are exact."""
    labelled = recorded.read("references.json")["primock57"]["calls"][call]
    speech = speech_of(recorded.primock_words(call))
    assert talk.talk_ms(speech, REP) == pytest.approx(labelled["talk_doctor_s"] * 1000, rel=0.08)
    assert talk.talk_ms(speech, CUSTOMER) == pytest.approx(labelled["talk_patient_s"] * 1000, rel=0.08)
    assert talk.talk_ratio_speech(speech).value == pytest.approx(labelled["share_doctor"], abs=0.03)
    assert sum(len(piece.words) for piece in speech.of(REP)) == labelled["words_doctor"]
    assert sum(len(piece.words) for piece in speech.of(CUSTOMER)) == labelled["words_patient"]
    assert flow.non_talk(speech).value == labelled["silence_over_3s_s"]
    assert speech.start_ms == pytest.approx(labelled["first_start"] * 1000, abs=10)


@pytest.mark.parametrize("call", CONSULTATIONS)
def test_overtalk_of_a_labelled_consultation(call: str) -> None:
    """At most the labels' overlap, whose bounds run 0.1-0.3 s wide on each side, and at least half of it."""
    labelled = recorded.read("references.json")["primock57"]["calls"][call]
    total, count, longest = flow.overtalk(speech_of(recorded.primock_words(call)))
    assert labelled["overlap_s"] * 500 <= (total.value or 0) <= labelled["overlap_s"] * 1000 + 10
    assert (count.value or 0) <= labelled["overlap_n"]
    assert (longest.value or 0) <= 2_000


@pytest.mark.parametrize("call", CONSULTATIONS)
def test_turns_and_questions_of_a_labelled_consultation(call: str) -> None:
    """Fewer turns than alternations in the labels, because back-channels are none. Questions within 5: the labels
    count utterances with a question mark, we count sentences of 3 words or more."""
    labelled = recorded.read("references.json")["primock57"]["calls"][call]
    speech = speech_of(recorded.primock_words(call))
    assert labelled["turns"] * 0.6 <= len(speech.turns) <= labelled["turns"]
    asked = questions.questions(speech, REP)
    assert len(asked) == pytest.approx(labelled["questions_doctor"], abs=5)
    longest = talk.longest_turn(speech, REP, "longest_monologue").value or 0
    assert longest >= labelled["longest_utt_doctor_s"] * 1000


def test_a_call_centre_call_read_by_a_machine_without_punctuation() -> None:
    """Ten turns that alternate; human labels give the same order. No figure needs the missing punctuation to exist."""
    speech = speech_of(recorded.harper_words())
    assert [turn.channel for turn in speech.turns] == [REP, CUSTOMER] * 5
    assert flow.interruptions(speech) == []
    assert [(span.start_ms, span.end_ms) for span in flow.non_talk(speech).spans] == [(9_750, 12_890), (20_000, 23_590)]
    # The pauses before the rep's turns: 3,590, 1,810, 2,100 and 1,370 ms; the median lies between the middle two.
    assert flow.patience(speech)[0].value == pytest.approx((1_810 + 2_100) / 2)
