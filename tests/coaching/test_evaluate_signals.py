"""`manage.py evaluate_signals`: any file of labelled lines, figures that can be checked by hand, and no database."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from coaching.evaluation.judging import Judged
from coaching.evaluation.report import as_json, as_text
from coaching.evaluation.rows import BadRows, Row, read_rows
from coaching.evaluation.scores import score
from coaching.signals.labels import LABELS, SHOWN, Label, label_of, subject_of

ROOT = Path(__file__).resolve().parents[2]
PRICE = {"text": "that is too expensive for us", "label": "price_objection"}
QUIET = {"text": "good morning this is dana", "label": "none"}


def lines(*rows: Any) -> list[str]:
    return [row if isinstance(row, str) else json.dumps(row) for row in rows]


def judged(*outcomes: tuple[Label, Label, float], hard: bool = False) -> list[Judged]:
    return [Judged(Row("x", meant, hard), found, sure, 2.0) for meant, found, sure in outcomes]


def run(tmp_path: Path, *rows: Any, json_line: bool = True) -> str:
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(lines(*rows)), encoding="utf-8")
    out = io.StringIO()
    call_command("evaluate_signals", str(file), json=json_line, stdout=out)
    return out.getvalue()


def test_the_last_line_of_json_has_what_programs_read(tmp_path: Path) -> None:
    told = json.loads(run(tmp_path, PRICE, QUIET).splitlines()[-1])
    assert told["macro_f1"] == 1.0
    assert set(told["per_class"]) == {label.value for label in LABELS}
    assert set(told["per_class"]["price_objection"]) >= {"precision", "recall", "f1"}
    assert told["hard_false_alarm_rate"] == 0
    assert 0 < told["cpu_ms_per_row"] < 50
    assert sum(bin_["rows"] for bin_ in told["reliability"]) == 2


def test_other_keys_blank_lines_and_missing_classes_do_not_matter(tmp_path: Path) -> None:
    odd = {**PRICE, "hard": None, "industry": "solar", "nested": {"a": [1]}}
    table = run(tmp_path, odd, "", "   ", {**QUIET, "hard": 1}, json_line=False)
    assert "0 of 1 hard rows of none" in table
    assert all(label.value in table for label in LABELS)


def test_windows_line_ends_and_a_byte_order_mark_do_not_matter(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines(PRICE, QUIET)).encode())
    out = io.StringIO()
    call_command("evaluate_signals", str(file), json=True, stdout=out)
    assert json.loads(out.getvalue())["rows"] == 2


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ('{"text": "x"', "Line 3 is not JSON"),
        ("[1, 2]", "Line 3 is no object"),
        ({"text": "x", "label": "prize_objection"}, "Line 3 has the label 'prize_objection'"),
        ({"text": "x"}, "Line 3 has the label None"),
        ({"text": "x", "label": ["none"]}, "Line 3 has the label"),
        ({"text": " ", "label": "none"}, "Line 3 has no “text”"),
        ({"text": 5, "label": "none"}, "Line 3 has no “text”"),
        ({**QUIET, "hard": "yes"}, "Line 3: “hard” is 'yes'"),
    ],
)
def test_a_row_that_can_not_be_judged_is_named_by_its_line(row: Any, words: str) -> None:
    with pytest.raises(BadRows, match="Line 3") as refused:
        read_rows(lines(PRICE, "", row))
    assert words in str(refused.value)


def test_files_that_can_not_be_read_end_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="can not be read"):
        call_command("evaluate_signals", str(tmp_path / "absent.jsonl"))
    with pytest.raises(CommandError, match="holds no rows"):
        run(tmp_path, "", " ")
    (tmp_path / "latin.jsonl").write_bytes(b'{"text": "caf\xe9", "label": "none"}')
    with pytest.raises(CommandError, match="not UTF-8"):
        call_command("evaluate_signals", str(tmp_path / "latin.jsonl"))


def test_it_runs_as_a_program_where_no_database_answers(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(lines(PRICE, QUIET)), encoding="utf-8")
    nowhere = {**os.environ, "DATABASE_URL": "postgresql://nobody:nothing@127.0.0.1:1/none"}
    command = [sys.executable, "manage.py", "evaluate_signals", str(file), "--json"]
    done = subprocess.run(command, cwd=ROOT, env=nowhere, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["rows"] == 2


def test_figures_are_those_of_the_definitions() -> None:
    scores = score(
        judged(
            (Label.PRICE, Label.PRICE, 0.95),
            (Label.PRICE, Label.NONE, 0.65),
            (Label.NONE, Label.PRICE, 0.85),
            (Label.NONE, Label.NONE, 0.95),
        )
    )
    price = scores.per_class[Label.PRICE]
    assert (price.precision, price.recall, price.f1) == (0.5, 0.5, 0.5)
    assert scores.macro_f1 == 0.5, "only labels that the file has rows of count"
    assert scores.accuracy == 0.5
    assert scores.ece == pytest.approx(0.5 * 0.05 + 0.25 * 0.65 + 0.25 * 0.85)
    assert scores.cpu_ms_per_row == 2.0


def test_only_hard_rows_of_none_can_be_hard_false_alarms() -> None:
    hard = judged((Label.NONE, Label.BUYING, 0.9), (Label.NONE, Label.NONE, 0.9), hard=True)
    others = judged((Label.NONE, Label.PRICE, 0.9)) + judged((Label.TRUST, Label.PRICE, 0.9), hard=True)
    scores = score(hard + others)
    assert (scores.hard_false_alarms, scores.hard_none_rows, scores.hard_rows) == (1, 2, 3)
    assert scores.hard_false_alarm_rate == 0.5


def test_a_file_of_one_class_has_figures_too() -> None:
    scores = score(judged((Label.NONE, Label.NONE, 1.0)))
    assert (scores.macro_f1, scores.macro_f1_of_signals, scores.hard_false_alarm_rate) == (1.0, 0.0, 0.0)
    assert json.loads(as_json(scores))["confusion"]["none"]["none"] == 1
    assert max(map(len, as_text(scores).splitlines())) <= 100


def test_every_shown_label_is_a_signal_and_back() -> None:
    assert [label_of(*subject_of(label)) for label in SHOWN] == list(SHOWN)
    with pytest.raises(ValueError, match="no signal"):
        subject_of(Label.NONE)
