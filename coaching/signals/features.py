"""What the classifier sees of a line: hashed words, pieces of words, word classes and what the rules say. Pure.

A feature is a string, its place `crc32 mod BUCKETS`, so no list of them is kept and any text has features. Each group
is scaled to length one, so that a long line does not speak louder than a short one.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from coaching.signals.text import STOPS

BUCKETS = 1 << 17
CLASSES_FILE = Path(__file__).parent / "data" / "word_classes.txt"

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Classes = Mapping[str, tuple[str, ...]]


@lru_cache(maxsize=1)
def word_classes() -> Classes:
    """The classes that each frequent English word belongs to, one for each of the file's columns."""
    rows = (line.split() for line in CLASSES_FILE.read_text(encoding="utf-8").splitlines() if line[:1] != "#")
    return {word: tuple(numbers) for word, *numbers in rows}


def features(words: Sequence[str], rules: Iterable[str]) -> tuple[Ints, Floats]:
    """Places and weights of a line's even words; `rules` names what the rules found. Places are distinct."""
    said = [word for word in words if word not in STOPS]
    groups = (_grams("w", said), _pieces(said), *_of_classes(said), _skipping(said), list(rules))
    weights: dict[int, float] = {}
    for group in groups:
        places = {_place(name) for name in group}
        for place in places:
            weights[place] = weights.get(place, 0.0) + len(places) ** -0.5
    return np.fromiter(weights, np.int64, len(weights)), np.fromiter(weights.values(), np.float32, len(weights))


def _place(name: str) -> int:
    return zlib.crc32(name.encode()) % BUCKETS


def _grams(kind: str, words: Sequence[str]) -> list[str]:
    """One to three words in a row, the line's beginning and end included."""
    padded = ["<", *words, ">"]
    return [
        f"{kind}{count}:{' '.join(padded[first : first + count])}"
        for count in (1, 2, 3)
        for first in range(len(padded) - count + 1)
    ]


def _pieces(words: Sequence[str]) -> list[str]:
    """Three to five characters in a row: they carry over misspelt and inflected words."""
    text = f" {' '.join(words)} "
    return ["c:" + text[first : first + count] for count in (3, 4, 5) for first in range(max(len(text) - count + 1, 0))]


def _of_classes(words: Sequence[str]) -> Iterator[list[str]]:
    """The same as words, with each word replaced by its class: they carry over words that training never saw."""
    classes = word_classes()
    width = len(next(iter(classes.values())))
    for column in range(width):
        named = [classes[word][column] if word in classes else word for word in words]
        yield _grams(f"k{column}", named)


def _skipping(words: Sequence[str]) -> list[str]:
    """Two words with one between them."""
    return [f"s:{first} {second}" for first, second in pairwise(words[::2])] + [
        f"s:{first} {second}" for first, second in pairwise(words[1::2])
    ]
