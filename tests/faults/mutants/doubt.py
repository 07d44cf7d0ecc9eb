"""A mute service is doubted before it is dead."""

from __future__ import annotations

from tests.faults.mutants.mutant import Mutant

DOUBT = "tests/calls/test_doubt.py"

MUTANTS = (
    Mutant(
        name="doubt",
        mechanism="A mute service is doubted long before the verdict",
        prevents="the browser is only asked after four seconds without help",
        file="calls/live/watchdog.py",
        old="self._is_doubted = self._waited_s >= self._doubt_s",
        new="self._is_doubted = False",
        tests=(f"{DOUBT}::test_a_stream_is_in_doubt_long_before_the_verdict",),
        because="assert",
    ),
    Mutant(
        name="doubt-ever-later",
        mechanism="A service that is only slow is doubted ever later",
        prevents="the light and the browser's recogniser come and go with each slow answer",
        file="calls/live/watchdog.py",
        old="self._doubt_s = min(DEAF_S, self._doubt_s * 2)",
        new="self._doubt_s = DOUBT_S",
        tests=(f"{DOUBT}::test_a_service_that_is_only_slow_is_doubted_ever_later",),
        because="assert",
    ),
    Mutant(
        name="ear-in-doubt",
        mechanism="In doubt the second engine hears beside the first",
        prevents="four seconds of speech pass before the second engine is even opened",
        file="calls/live/speech_lane.py",
        old="stream.suspect(MUTE)",
        new="MUTE == ''",
        tests=(f"{DOUBT}::test_in_doubt_the_second_engine_hears_beside_the_first_and_stays_until_the_first_answers",),
        because="assert",
    ),
    Mutant(
        name="first-overdue",
        mechanism="A first engine that stays mute gets a new stream while the second hears",
        prevents="one broken connection keeps a call on the second engine until its end",
        file="calls/speech/side.py",
        old="return self.stream is not None and self.prove_by is not None and now >= self.prove_by",
        new="return False",
        tests=(
            f"{DOUBT}::test_a_first_engine_that_stays_mute_is_left_for_a_new_stream_while_the_second_hears",
            f"{DOUBT}::test_new_streams_of_a_mute_service_are_replaced_too",
        ),
        because="assert",
    ),
)
