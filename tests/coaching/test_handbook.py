"""Playbook files: what is written is read again, and every mistake is told with its line and what to do."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from coaching import handbook, handbook_yaml
from coaching.handbook import Fact, Handbook, Rival
from coaching.handbook_yaml import BadFile
from coaching.packs import load_pack, pack_names
from coaching.types import FactKind, Knowledge, Match, Play, SignalKind, Subject, Trigger
from tests.data import shared

RICH = Handbook(
    plays=(
        Play(
            key="absent",
            kind=SignalKind.NEXT_STEP,
            topic="agenda",
            title="Set an agenda: 1, 2, 3",
            say="First: what we cover.\nThen: “yes” or no?",
            why="# not a comment",
            patterns=("agenda for today", "re:what (we|i) want"),
            channel=None,
            trigger=Trigger.NOT_SAID,
            signals=(Subject(SignalKind.OBJECTION, "price"),),
            since=Subject(SignalKind.PRICE),
            within_s=120,
            before=Subject(SignalKind.COMPETITOR),
            from_s=10,
            until_s=600,
            once_per_call=True,
            question="Fair?",
            source="seat-price",
            priority=3,
            cooldown_s=0,
        ),
        Play("both", SignalKind.PRICE, "pilot", "Yes", "no", "", ("pilot project",), match=Match.ALL),
    ),
    facts=(
        Fact(
            Knowledge(
                "seat-price", "Price", "49: per seat", FactKind.PRICE, "List", "https://a.example", date(2027, 1, 2)
            )
        ),
        Fact(Knowledge("open", "Open", "Not checked."), is_approved=False),
    ),
    competitors=(Rival("SalesBeam", ("sales beam",)), Rival("Null")),
    keyterms=("on", "42", "kilowatt"),
    off=frozenset({"both"}),
)


def problems(text: str) -> list[str]:
    with pytest.raises(BadFile) as caught:
        handbook_yaml.load(text.encode())
    return [str(problem) for problem in caught.value.problems]


def test_a_written_playbook_reads_back_the_same() -> None:
    assert handbook_yaml.load(handbook_yaml.dump(RICH).encode()) == RICH


def test_a_playbook_survives_json() -> None:
    assert handbook.read(json.loads(json.dumps(handbook.as_mapping(RICH)))) == RICH


@pytest.mark.parametrize("name", pack_names())
def test_packs_are_files_of_the_same_format(name: str) -> None:
    book = load_pack(name).book
    assert handbook_yaml.load(handbook_yaml.dump(book).encode()) == book


def test_an_empty_playbook_is_a_playbook() -> None:
    assert handbook_yaml.load(b"plays: []\n") == Handbook()


PLAY = """\
plays:
  - key: price
    title: Price
    kind: objection
    topic: price
    say: "Why?"
    patterns: [too expensive]
"""


def test_all_mistakes_are_told_at_once_with_their_lines() -> None:
    found = problems(
        PLAY.replace("objection", "joke")
        + """\
  - key: second one
    title: Second
    kind: price
    topic: x
    priority: high
    colour: red
    say: Hi
keyterms:
  - [a, b]
"""
    )
    assert [each.partition(":")[0] for each in found] == [
        "Line 4, play price, kind",
        "Line 8, play second one, key",
        "Line 12, play second one, priority",
        "Line 13, play second one, colour",
        "Line 16, keyterm number 1",
    ]
    assert "“joke” is unknown: write one of objection, buying_signal" in found[0]
    assert found[1].endswith("“second one” can not be a key: letters, digits, - and _, at most 50.")
    assert found[2].endswith("“priority” is a whole number from 0 to 100.")
    assert "“colour” is unknown here. Known are: key, title" in found[3]
    assert found[4].endswith("This is one text: put it in quotes.")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("title: " + "word " * 13, "at most 12 words"),
        ('say: ["a", "b", "c"]', "3 entries are too many: at most 2"),
        ("say: " + "x" * 161, "at most 160"),
        ("trigger: not_said", "Say after how many seconds"),
        ("trigger: elapsed\n    within_s: 60", "Time alone listens to nothing"),
        ("within_s: 60", "belong to the other two triggers"),
        ("before: price\n    after: price", "is never"),
        ("from_s: 60\n    until_s: 30", "must come after the first"),
        ("after: weather", "is no kind of signal"),
        ("channel: boss", "no speaker"),
        ('unless: ["re:(a+)+b"]', "repeats a repetition"),
        ("once_per_call: maybe", "true or false"),
        ("match: all\n    patterns: []", "needs a phrase as well"),
        ("trigger: not_said\n    within_s: 60\n    patterns: []", "what should have been said"),
    ],
)
def test_a_play_that_makes_no_sense_is_told_what_to_change(line: str, words: str) -> None:
    name = line.partition(":")[0]
    lines = [each for each in PLAY.splitlines() if not each.strip().startswith(f"{name}:")]
    if "patterns: []" in line:
        lines = [each for each in lines if "patterns:" not in each]
    found = problems("\n".join([*lines, f"    {line}"]) + "\n")
    assert any(words in each for each in found), found
    assert all(each.startswith("Line ") for each in found)


def test_two_plays_of_one_key_are_one_too_many() -> None:
    found = problems(PLAY + PLAY.partition("\n")[2])
    assert found == ["Line 8, play price: “price” stands here twice: remove one, or rename it."]


def test_a_name_twice_in_one_entry_is_refused() -> None:
    assert problems(PLAY + "    say: Other\n") == ["Line 8: “say” stands here twice in one entry."]


def test_broken_yaml_says_where() -> None:
    found = problems(PLAY + '    why: "open\n')
    assert found[0].startswith("Line ")
    assert "This is no YAML" in found[0]


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x]\nplays: [*a, *a]\n",
        "plays: &p []\n",
    ],
)
def test_anchors_and_aliases_are_refused(text: str) -> None:
    assert "not allowed" in problems(text)[0]


def test_no_tag_makes_an_object() -> None:
    found = problems("plays: !!python/object/apply:os.system ['true']\n")
    assert found == ["Line 1: Types (!…) are not allowed: write plain texts, numbers and lists."]


def test_deep_nesting_is_refused() -> None:
    assert "nested too deeply" in problems("plays: " + "[" * 400_000 + "\n")[0]


def test_a_file_that_is_too_large_is_refused_before_it_is_read() -> None:
    assert "at most 1,000,000" in problems("#" * 1_000_001)[0]


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(BadFile, match="UTF-8"):
        handbook_yaml.load(b"\xff\xfe\x00")


@pytest.mark.parametrize("text", ["", "- a\n", "just words\n", "~\n"])
def test_what_is_no_playbook_says_how_one_begins(text: str) -> None:
    assert "Export a playbook" in problems(text)[0] or "begins with one of plays" in problems(text)[0]


def test_a_handbook_of_another_trade_fits_and_is_read_in_a_moment() -> None:
    """55 procedures of a support centre, as plays and facts."""
    raw: dict[str, Any] = json.loads(shared("playbook", "abcd_guidelines.json").read_text())
    plays, facts = [], []
    for flow, content in raw.items():
        for number, (name, steps) in enumerate(content["subflows"].items()):
            key = f"{flow}-{number}".lower().replace(" ", "-")
            patterns = [name, *(action["button"] for action in steps["actions"] if action["button"] != "N/A")]
            say = " ".join(steps["actions"][0]["text"].split())[:150].strip()
            plays.append(
                Play(key, SignalKind.QUESTION, key[:40], name, say, "", tuple(dict.fromkeys(patterns)), channel=None)
            )
            for step, action in enumerate(steps["actions"]):
                body = " ".join((action["text"], *action["subtext"])).split()
                value = Knowledge(f"{key}-{step}", action["button"], " ".join(body)[:600].strip())
                facts.append(Fact(replace(value, source="Guidelines")))
    book = Handbook(plays=tuple(plays), facts=tuple(facts[: handbook.MAX_FACTS]))
    assert len(book.plays) >= 50
    assert len(book.facts) >= 200
    text = handbook_yaml.dump(book)
    assert handbook_yaml.load(text.encode()) == book
