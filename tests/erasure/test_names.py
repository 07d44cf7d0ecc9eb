"""Names in texts and lines, and silence in raw audio."""

from __future__ import annotations

from array import array
from pathlib import Path

import pytest

from calls.erasing import audio
from calls.erasing.lines import without_names
from calls.erasing.names import ERASED, Names, NameTooShort
from coaching.types import Channel
from tests.erasure.people import spoken

ADA = Names(["Ada Lovelace", "ada@example.com"])


@pytest.mark.parametrize(
    ("text", "erased"),
    [
        ("I met ada  LOVELACE's team", f"I met {ERASED}'s team"),
        ("Ada-Lovelace, ada_lovelace", f"{ERASED}, {ERASED}"),
        ("Write to ada@example.com.", f"Write to {ERASED}."),
        ("ada@example.com.au and ada@example.community", "ada@example.com.au and ada@example.community"),
        ("Canada Lovelace, Ada Lovelaces, Ada", "Canada Lovelace, Ada Lovelaces, Ada"),
    ],
)
def test_whole_names_in_any_case_are_found(text: str, erased: str) -> None:
    assert ADA.erased(text) == erased


def test_json_is_treated_as_deep_as_it_goes_but_not_its_keys() -> None:
    value = {"Ada Lovelace": ["Ada Lovelace", {"a": "x Ada Lovelace", "n": 1}]}
    assert ADA.erased_json(value) == {"Ada Lovelace": [ERASED, {"a": f"x {ERASED}", "n": 1}]}


def test_a_name_that_would_be_everywhere_is_refused() -> None:
    with pytest.raises(NameTooShort):
        Names(["A."])


def test_the_words_of_a_name_become_one_that_takes_their_time() -> None:
    found = without_names(spoken(Channel.REP, "So Ada Lovelace, and Ada Lovelace", 0), ADA)
    assert found is not None
    assert found.spans == ((500, 1_500), (2_000, 3_000))
    assert [word[0] for word in found.payload["words"]] == ["So", ERASED, "and", ERASED]


def test_where_text_and_words_disagree_the_whole_line_is_meant() -> None:
    payload = {**spoken(Channel.CUSTOMER, "eight a love lace", 1_000), "text": "Ada Lovelace"}
    found = without_names(payload, ADA)
    assert found is not None
    assert (found.payload["text"], found.payload["words"], found.spans) == (ERASED, [], ((1_000, 3_000),))


def test_silence_is_written_on_one_channel_only_and_not_beyond_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.pcm"
    path.write_bytes(array("h", [7, 9] * 1_600).tobytes())
    assert audio.silence(path, 2, 1, [(50, 10_000)]) == 50
    samples = array("h", path.read_bytes())
    assert samples[0::2] == array("h", [7] * 1_600)
    assert samples[1::2] == array("h", [9] * 800 + [0] * 800)
    assert not audio.is_silent(path, 2, 1)
    audio.silence_all(path, 2, 1)
    assert audio.is_silent(path, 2, 1)
    assert not audio.is_silent(path, 2, None)
    assert audio.silence_all(tmp_path / "none.pcm", 2, 1) == 0
