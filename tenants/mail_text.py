"""From the plain text of a mail to the pieces of its HTML. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ADDRESS = re.compile(r"https?://[^\s<>\"]+")


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines of text, or an address that stood alone on its line: one of the two."""

    lines: tuple[str, ...] = ()
    address: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    pieces: tuple[Piece, ...]


def paragraphs(text: str) -> tuple[Paragraph, ...]:
    """Paragraphs are parted by empty lines. Nothing is escaped here: templates do."""
    blocks = re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip())
    return tuple(Paragraph(_pieces(block.split("\n"))) for block in blocks if block.strip())


def _pieces(lines: list[str]) -> tuple[Piece, ...]:
    found: list[Piece] = []
    plain: list[str] = []
    for line in (line.strip() for line in lines):
        if not _ADDRESS.fullmatch(line):
            plain.append(line)
            continue
        if plain:
            found.append(Piece(lines=tuple(plain)))
            plain = []
        found.append(Piece(address=line))
    if plain:
        found.append(Piece(lines=tuple(plain)))
    return tuple(found)
