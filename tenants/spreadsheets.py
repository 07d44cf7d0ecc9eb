"""Lines of CSV for people who open them in a spreadsheet. No file and no database here."""

from __future__ import annotations

import csv
from collections.abc import Iterable

_STARTS_A_FORMULA = {"=", "+", "-", "@", "\t", "\r"}


class _Echo:
    """A file for csv that hands each line back instead of keeping it."""

    def write(self, value: str) -> str:
        return value


_writer = csv.writer(_Echo())


def csv_line(values: Iterable[object]) -> str:
    """One line with its end. Texts that people wrote belong through `inert` first."""
    return str(_writer.writerow(values))


def inert(text: str) -> str:
    """A text that starts like a formula must not run in a spreadsheet."""
    return f"'{text}" if text[:1] in _STARTS_A_FORMULA else text
