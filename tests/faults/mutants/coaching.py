"""A model that fails costs its card: never the call, and never half a card."""

from __future__ import annotations

from tests.faults.mutants.mutant import Mutant

COACH = "tests/coaching/test_coach.py"
CIRCUITS = "tests/coaching/test_circuits.py"
TIPS = "tests/coaching/test_tips.py"

MUTANTS = (
    Mutant(
        name="model-deadline",
        mechanism="First words of the model have a deadline",
        prevents="a slow model keeps its place while the moment passes",
        file="coaching/llm/deadline.py",
        old="async with asyncio.timeout_at(deadline):",
        new="async with asyncio.timeout_at(None):",
        tests=(f"{TIPS}::test_no_first_words_in_time_is_slow_and_closes_the_request",),
        because="Timeout (>",
    ),
    Mutant(
        name="circuit",
        mechanism="A model that fails is spared for a while",
        prevents="every signal of every call waits for a model that is down",
        file="coaching/llm/circuit.py",
        old="self.failures >= FAILURES_TO_OPEN or error.retry_after_s",
        new="error.retry_after_s",
        tests=(f"{CIRCUITS}::test_the_refusals_of_one_business_rest_nobody_else",),
        because="'unwilling' == 'resting'",
    ),
    Mutant(
        name="one-voice",
        mechanism="Once words were given no other model goes on",
        prevents="a card that begins with one model's words and ends with another's",
        file="coaching/llm/fallback.py",
        old="                if has_words:\n                    raise\n",
        new="",
        tests=(f"{TIPS}::test_the_next_model_is_asked_only_before_the_first_words",),
        because="DID NOT RAISE",
    ),
    Mutant(
        name="words-withdrawn",
        mechanism="A card that breaks off leaves the screen",
        prevents="the rep reads half a sentence aloud",
        file="coaching/model_lane.py",
        old='                self._sink.card_text(answer.card_id, "")\n',
        new="                pass\n",
        tests=(f"{COACH}::test_a_model_that_breaks_midway_withdraws_its_words",),
        because="assert",
    ),
    Mutant(
        name="whole-answers-only",
        mechanism="An answer that was cut short is none",
        prevents="half an answer is kept as a finished card",
        file="coaching/llm/stream.py",
        old='        if self.finish != "stop":\n',
        new='        if self.finish == "never":\n',
        tests=("tests/coaching/test_openai_model.py::test_every_fault_of_the_vendor_is_one_model_error",),
        because="Error",
    ),
    Mutant(
        name="late-card",
        mechanism="A late model card is not shown",
        prevents="the rep gets an answer to what was said before the last three sentences",
        file="coaching/model_lane.py",
        old="asyncio.timeout_at(started + request.deadline_s + GRACE_S) as limit,",
        new="asyncio.timeout_at(started + 3_600) as limit,",
        tests=(f"{COACH}::test_a_late_model_card_is_not_shown_and_the_light_says_tips",),
        because="assert",
    ),
    Mutant(
        name="stale-card",
        mechanism="A card is shown only while its words still stand",
        prevents="the rep gets an answer to something the customer did not say in the end",
        file="coaching/model_lane.py",
        old="if not self._still_fits(answer.ask):",
        new="if answer.ask is None:",
        tests=(f"{COACH}::test_a_model_asked_on_an_interim_that_changed_is_discarded_and_metered_as_waste",),
        because="assert",
    ),
    Mutant(
        name="grounded",
        mechanism="A claim without ground is not shown",
        prevents="the rep promises a price that nobody has set",
        file="coaching/model_lane.py",
        old="if verdict.ruling is grounding.Ruling.UNGROUNDED:",
        new="if verdict.ruling is None:",
        tests=(f"{COACH}::test_an_invented_price_becomes_a_question_once_words_were_visible",),
        because="assert",
    ),
    Mutant(
        name="recovered-no-card",
        mechanism="Late text never makes a card",
        prevents="the rep gets a card for what was said minutes ago",
        file="coaching/coach.py",
        old="        if not line.recovered:\n            for cue in heard.cues:",
        new="        if line is not None:\n            for cue in heard.cues:",
        tests=(f"{COACH}::test_recovered_lines_are_remembered_and_make_no_card",),
        because="assert",
    ),
)
