"""The browser hears its rep while the engine can not. Around the change from one to the other nothing is told twice."""

from __future__ import annotations

from dataclasses import replace

from calls.live.registry import registry
from calls.live.threads import in_thread
from calls.live.told import MOST_BY_BROWSER, Told
from calls.models import Gap as Gaps
from calls.speech.base import Gap
from calls.speech.browser import NAME as BROWSER
from calls.speech.spans import BROWSER_RESTS_MS, rest_of, span_of, spans_of
from coaching.types import Channel, Line, Word
from tenants.context import Business, business_scope
from tests.calls.conftest import Hears, MakeCaller
from tests.calls.talking import say_hello, speak
from tests.speech.fakes import ScriptedTurn

WORDS = ("we", "can", "send", "it", "over", "on", "Monday", "morning")
SAID = "we can send it over on Monday morning"
EARLIER = Line(Channel.REP, "well", 200, 400, 0.9, is_final=True, utterance=0, provider="engine")


def heard(start: int = 0, end: int = 8, *, by: str = "engine", channel: Channel = Channel.REP) -> Line:
    """Words `start` to `end` of a sentence that begins at 1 s, each of 100 ms."""
    words = tuple(
        Word(text, 1_000 + 100 * at, 1_100 + 100 * at, 0.9) for at, text in enumerate(WORDS) if start <= at < end
    )
    return Line(
        channel, " ".join(word.text for word in words), words[0].start_ms, words[-1].end_ms, 0.9, is_final=True,
        utterance=1, provider=by, words=words,
    )  # fmt: skip


def told(*lines: Line) -> Told:
    made = Told()
    for line in lines:
        made.add(line)
    return made


def text_of(line: Line | None) -> str:
    return line.text if line else ""


def test_what_one_ear_told_the_other_does_not_tell() -> None:
    assert told(heard(by=BROWSER)).rest_of(heard()) is None
    assert told(heard()).rest_of(heard(by=BROWSER)) is None


def test_a_sentence_of_which_the_engine_heard_the_end_keeps_its_beginning_once() -> None:
    browser = told(heard(6, 8)).rest_of(heard(by=BROWSER))
    assert text_of(browser) == "we can send it over on"
    assert told(heard(by=BROWSER)).rest_of(heard(6, 8)) is None


def test_what_the_browser_s_first_line_does_not_hold_is_the_engine_s_to_tell() -> None:
    """Asked in mid-sentence, it tells more than half of it: the words before that are nobody else's."""
    for made in (told(heard(3, 8, by=BROWSER)), told(EARLIER, heard(3, 8, by=BROWSER))):
        assert text_of(made.rest_of(heard())) == "we can send"
        assert text_of(made.rest_of(replace(heard(), recovered=True))) == "we can send"
        assert made.rest_of(heard(4, 8)) is None
        assert made.rest_of(replace(heard(), words=())) is None, "without times of its words it goes by its middle"


def test_a_browser_that_hears_already_tells_its_lines_late() -> None:
    """It names a line's begin when it has recognised the first words of it."""
    earlier = replace(EARLIER, provider=BROWSER)
    assert told(earlier, heard(3, 8, by=BROWSER)).rest_of(heard()) is None
    long_ago = replace(heard(3, 8, by=BROWSER), start_ms=1_300 + BROWSER_RESTS_MS, end_ms=1_800 + BROWSER_RESTS_MS)
    assert span_of(long_ago, earlier)[0] == long_ago.start_ms


def test_who_reads_the_log_later_says_the_same() -> None:
    spans = spans_of([heard(3, 8, by=BROWSER), EARLIER])
    assert text_of(rest_of(heard(), spans[Channel.REP])) == "we can send"
    recovered = replace(EARLIER, recovered=True, start_ms=900, end_ms=1_000)
    spans = spans_of([replace(EARLIER, provider=BROWSER), recovered, heard(3, 8, by=BROWSER)])
    assert rest_of(heard(), spans[Channel.REP]) is None, "what was recovered later says nothing of who heard then"


def test_the_same_ear_and_the_other_side_are_no_repetition() -> None:
    assert told(heard()).rest_of(heard()) == heard()
    assert told(heard(by=BROWSER)).rest_of(heard(channel=Channel.CUSTOMER)) is not None


def test_two_gaps_that_hold_the_same_audio_give_its_words_once() -> None:
    again = replace(heard(), recovered=True)
    assert told(replace(heard(), recovered=True)).rest_of(again) is None
    # Word by word: the engine's own times are exact, and the middle of a line says nothing of its ends.
    assert text_of(told(heard(3, 6)).rest_of(again)) == "we can send Monday morning"
    assert told(heard()).rest_of(heard()) == heard()


def test_a_live_line_that_reaches_over_a_gap_says_nothing_of_what_lies_in_it() -> None:
    made = Told()
    made.unheard(Channel.REP, 1_200, 1_600)
    made.unheard(Channel.CUSTOMER, 0, 9_000)
    made.add(replace(heard(), words=()))
    assert text_of(made.rest_of(replace(heard(), recovered=True))) == "send it over on"


def test_a_line_without_words_goes_by_its_middle() -> None:
    assert told(heard(by=BROWSER)).rest_of(replace(heard(), words=())) is None
    assert told(heard(6, 8, by=BROWSER)).rest_of(replace(heard(), words=())) is not None


def test_a_long_call_does_not_fill_the_memory() -> None:
    made = told(*[heard(by=BROWSER)] * (MOST_BY_BROWSER + 10))
    assert len(made._by_browser) == MOST_BY_BROWSER


async def test_a_sentence_that_both_hear_when_the_engine_comes_back_stands_once_in_the_log(
    live: None, hears: Hears, caller: MakeCaller
) -> None:
    engine = hears(ScriptedTurn(Channel.REP, 500, 1_200, "hello there"), ScriptedTurn(Channel.REP, 3_000, 3_800, SAID))
    assert engine is not None
    rep = await caller("rep")
    call_id = await rep.start_call()
    line = {
        "channel": "rep", "text": SAID, "start_ms": 3_050, "end_ms": 3_850, "confidence": 0.9, "is_final": True,
        "utterance": 1,
    }  # fmt: skip
    async with rep.events(call_id) as events, rep.audio(call_id) as audio:
        await say_hello(audio)
        end = speak(audio, 1.5)
        await events.until_kind("line")
        engine.streams[0].go_down()
        await events.until(lambda one: one.get("kind") == "state" and one["payload"]["wants_browser_speech"])
        end = speak(audio, 0.5, first_sample=end)
        assert (await rep.post(f"/api/calls/{call_id}/lines", {"lines": [line]}))[1] == {"taken": 1}
        await events.until_kind("line")
        engine.streams[0].go_up()
        end = speak(audio, 3, first_sample=end)
        # The browser did not know yet that it is not asked any more.
        assert (await rep.post(f"/api/calls/{call_id}/lines", {"lines": [{**line, "utterance": 2}]}))[0] == 200
        await audio.until(lambda message: message["type"] == "ack" and message["samples"] == end)
        await rep.post(f"/api/calls/{call_id}/end")
    lines = [row.payload for row in await rep.log(call_id) if row.kind == "line"]
    assert [(line["text"], line["provider"]) for line in lines] == [("hello there", "scripted"), (SAID, "browser")]


async def test_a_stretch_that_two_gaps_hold_is_written_once(live: None, hears: Hears, caller: MakeCaller) -> None:
    """The client's jump and the engine's loss tell of the same audio, each for itself."""
    engine = hears(ScriptedTurn(Channel.REP, 500, 1_200, SAID))
    assert engine is not None
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.events(call_id) as events, rep.audio(call_id) as audio:
        await say_hello(audio)
        engine.streams[0].script = ()
        end = speak(audio, 3)
        await audio.until(lambda message: message["type"] == "ack" and message["samples"] == end)
        [session] = registry.sessions.values()
        for _ in range(2):
            session._listening.missed(Gap(Channel.REP, 300, 2_000, "a reason of its own"))
            await events.until(lambda one: one.get("kind") == "gap")
        await rep.post(f"/api/calls/{call_id}/end")
        await events.until_kind("call_ended")
    log = await rep.log(call_id)
    assert [row.payload["text"] for row in log if row.kind == "line"] == [SAID]
    assert len([row for row in log if row.kind == "gap"]) == 2
    assert await in_thread(open_gaps)(rep.business, call_id) == 0


def open_gaps(business: Business, call_id: str) -> int:
    with business_scope(business):
        return Gaps.objects.filter(call_id=call_id, repaired_at=None).count()
