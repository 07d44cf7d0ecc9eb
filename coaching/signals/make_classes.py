"""Makes the word classes from the word vectors of a sentence encoder: python -m coaching.signals.make_classes FOLDER

FOLDER holds `model.safetensors` and `vocab.txt` of all-MiniLM-L6-v2 (Apache-2.0). Needed only to make the file anew.
"""

from __future__ import annotations

import json
import re
import struct
import sys
from pathlib import Path

import numpy as np

from coaching.signals.features import CLASSES_FILE, Floats, Ints

TABLE = "embeddings.word_embeddings.weight"
FREQUENT = 12_000
SIZES = (300, 1_000)
ROUNDS = 15
HEAD = """\
# Frequent English words, each with its class among 300 and among 1,000: words of like meaning share one.
# Made by coaching/signals/make_classes.py from the word vectors of all-MiniLM-L6-v2 (Apache-2.0).
"""


def main() -> None:
    folder = Path(sys.argv[1])
    vocabulary = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
    numbers = {word: number for number, word in enumerate(vocabulary)}
    whole = [word for word in vocabulary if re.fullmatch(r"[a-z]{2,}", word)]
    words = [*whole[:FREQUENT], "i", "a"]
    vectors = _vectors(folder / "model.safetensors")[[numbers[word] for word in words]]
    vectors = vectors - vectors.mean(axis=0)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    columns = [_classes(vectors, size).tolist() for size in SIZES]
    rows = sorted(zip(words, *columns, strict=True))
    CLASSES_FILE.write_text(HEAD + "".join(f"{' '.join(map(str, row))}\n" for row in rows), encoding="utf-8")


def _vectors(file: Path) -> Floats:
    """The table of word vectors (words × 384): eight bytes of length, a JSON head, then the numbers."""
    raw = file.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    entry = json.loads(raw[8 : 8 + length])[TABLE]
    first, last = (8 + length + offset for offset in entry["data_offsets"])
    return np.frombuffer(raw[first:last], np.float32).reshape(entry["shape"])


def _classes(vectors: Floats, count: int) -> Ints:
    """k-means by cosine, from words drawn with a fixed seed."""
    centres = vectors[np.random.default_rng(0).choice(len(vectors), count, replace=False)]
    nearest = np.zeros(len(vectors), np.int64)
    for _ in range(ROUNDS):
        nearest = (vectors @ centres.T).argmax(axis=1)
        centres = np.zeros_like(centres)
        np.add.at(centres, nearest, vectors)
        centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-6)
    return nearest


if __name__ == "__main__":
    main()
