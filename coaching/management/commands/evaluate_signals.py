"""How well signals are found in a file of labelled lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from coaching.evaluation.judging import judge
from coaching.evaluation.report import as_json, as_text
from coaching.evaluation.rows import BadRows, Row, read_rows
from coaching.evaluation.scores import score


class Command(BaseCommand):
    help = (
        "Judge the detection of signals by a file of JSON lines with “text”, “label” and perhaps “hard”. "
        "Needs no business and no database."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="JSON lines; docs/signal-labels.md explains the labels.")
        parser.add_argument("--json", action="store_true", help="Print one line of JSON instead of tables.")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        scores = score(judge(_rows(options["file"])))
        self.stdout.write(as_json(scores) if options["json"] else as_text(scores))


def _rows(file: Path) -> tuple[Row, ...]:
    try:
        return read_rows(file.read_text(encoding="utf-8-sig").split("\n"))
    except BadRows as error:
        raise CommandError(f"{file}: {error}") from None
    except UnicodeDecodeError:
        raise CommandError(f"{file} is not UTF-8 text.") from None
    except OSError as error:
        raise CommandError(f"{file} can not be read: {error.strerror}.") from None
