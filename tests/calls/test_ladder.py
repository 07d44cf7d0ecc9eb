"""The ladder: the lowest part speaks, and the words always say what happens to the audio."""

from __future__ import annotations

import re
from pathlib import Path

from calls.live.ladder import WORDS, AudioFate, Ladder, Part, Rung

TYPES = Path(__file__).resolve().parents[2] / "static" / "js" / "types.d.ts"


def test_every_rung_has_words_and_is_on_the_wire() -> None:
    assert set(WORDS) == set(Rung)
    declared = re.search(r"export type Rung =(.*?);", TYPES.read_text(encoding="utf-8"), re.DOTALL)
    assert declared is not None
    assert set(re.findall(r'"(\w+)"', declared[1])) == {rung.value for rung in Rung}


def test_the_lowest_part_speaks_for_the_call() -> None:
    ladder = Ladder(is_recorded=True)
    assert ladder.state().rung is Rung.FULL
    assert ladder.put(Part.COACH, Rung.TIPS)
    assert ladder.put(Part.SPEECH, Rung.RECORDING)
    state = ladder.state()
    assert state.rung is Rung.RECORDING
    assert state.words == WORDS[Rung.RECORDING]
    assert state.parts == {
        "speech": "recording", "coach": "tips", "link": "full", "saving": "full", "storage": "full",
        "fanout": "full",
    }  # fmt: skip


def test_the_same_again_is_no_news_but_other_words_are() -> None:
    ladder = Ladder(is_recorded=True)
    assert ladder.put(Part.SPEECH, Rung.BROWSER_SPEECH, "one")
    assert not ladder.put(Part.SPEECH, Rung.BROWSER_SPEECH, "one")
    assert ladder.put(Part.SPEECH, Rung.BROWSER_SPEECH, "two")
    assert ladder.state().words == "two"


def test_people_read_what_happens_to_the_audio() -> None:
    kept, not_kept = Ladder(is_recorded=True), Ladder(is_recorded=False)
    assert kept.state().audio == AudioFate.TRANSCRIBED_AND_KEPT.value
    assert not_kept.state().audio == AudioFate.TRANSCRIBED.value
    for ladder in (kept, not_kept):
        ladder.put(Part.SPEECH, Rung.RECORDING)
    assert kept.state().audio == AudioFate.KEPT_HERE.value
    assert not_kept.state().audio == AudioFate.KEPT_IN_BROWSER.value
    kept.put(Part.LINK, Rung.OFFLINE)
    assert kept.state().audio == AudioFate.KEPT_IN_BROWSER.value


def test_a_disk_that_refuses_is_not_called_kept() -> None:
    ladder = Ladder(is_recorded=True)
    ladder.put(Part.STORAGE, Rung.SAVING_LATE)
    assert ladder.state().audio == AudioFate.TRANSCRIBED_NOT_KEPT.value
    ladder.put(Part.SPEECH, Rung.RECORDING)
    assert ladder.state().audio == AudioFate.KEPT_IN_BROWSER.value


def test_the_database_that_is_back_says_nothing_about_the_disk() -> None:
    ladder = Ladder(is_recorded=True)
    ladder.put(Part.STORAGE, Rung.SAVING_LATE)
    ladder.put(Part.SAVING, Rung.SAVING_LATE)
    ladder.put(Part.SAVING, Rung.FULL)
    assert ladder.state().rung is Rung.SAVING_LATE


def test_each_part_says_since_when_it_stands_where_it_does() -> None:
    now = [100.0]
    ladder = Ladder(is_recorded=True, clock=lambda: now[0])
    now[0] = 200.0
    ladder.put(Part.COACH, Rung.TIPS)
    now[0] = 300.0
    ladder.put(Part.COACH, Rung.TIPS, "other words")
    since = ladder.state().since
    assert (since["coach"], since["speech"]) == (200_000, 100_000)
