"""Whisper's byte-pair tokens: text from ids, and ids from the short key terms we hint with."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

MAX_HINT_TOKENS = 96
MULTILINGUAL_END = 50257
"""The English-only vocabulary is one token shorter, which moves the special tokens down by one."""
_PIECES = re.compile(r" ?\w+| ?[^\s\w]+")


def _byte_characters() -> dict[int, str]:
    """GPT-2's printable stand-in for each byte."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + i) for i, byte in enumerate(others)}


class Tokens:
    """The tokeniser of one model folder (`tokenizer.json`)."""

    def __init__(self, model_dir: Path) -> None:
        content = json.loads((model_dir / "tokenizer.json").read_text(encoding="utf-8"))
        self._ids: dict[str, int] = content["model"]["vocab"]
        self._texts = {identity: text for text, identity in self._ids.items()}
        pairs = (merge.split(" ") if isinstance(merge, str) else merge for merge in content["model"]["merges"])
        self._ranks = {(first, second): rank for rank, (first, second) in enumerate(pairs)}
        self._characters = _byte_characters()
        self._bytes = {character: byte for byte, character in self._characters.items()}
        special = {token["content"]: token["id"] for token in content["added_tokens"]}
        self.end: int = special["<|endoftext|>"]
        self._previous: int = special["<|startofprev|>"]
        order = ["<|startoftranscript|>", "<|notimestamps|>"]
        if self.end == MULTILINGUAL_END:
            order[1:1] = ["<|en|>", "<|transcribe|>"]
        self._start = [special[name] for name in order]

    def prompt(self, keyterms: tuple[str, ...]) -> list[int]:
        """What decoding starts from. Key terms stand as earlier text, which the model then spells alike."""
        if not keyterms:
            return list(self._start)
        hint = self.encode(" " + ", ".join(keyterms) + ".")[:MAX_HINT_TOKENS]
        return [self._previous, *hint, *self._start]

    def text(self, ids: list[int]) -> str:
        joined = "".join(self._texts.get(identity, "") for identity in ids if identity < self.end)
        return bytes(self._bytes[character] for character in joined).decode("utf-8", "ignore").strip()

    def encode(self, text: str) -> list[int]:
        return [identity for piece in _PIECES.findall(text) for identity in self._encode_piece(piece)]

    def _encode_piece(self, piece: str) -> list[int]:
        parts = [self._characters[byte] for byte in piece.encode()]
        while len(parts) > 1:
            pairs = itertools.pairwise(parts)
            rank, i = min((self._ranks.get(pair, len(self._ranks)), i) for i, pair in enumerate(pairs))
            if rank == len(self._ranks):
                break
            parts[i : i + 2] = [parts[i] + parts[i + 1]]
        return [self._ids[part] for part in parts if part in self._ids]
