"""Whatever becomes of an archive's bytes, reading it ends with all of its content or in words."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tenants.archive.errors import ArchiveRefused
from tenants.archive.progress import Silent
from tenants.archive.reading import open_archive
from tests.archive.tampering import contents

ROUNDS = 300


def read(archive: Path) -> dict[str, bytes]:
    with open_archive(archive) as reader:
        reader.verify(Silent())
        return {entry.path: b"".join(reader.portions(entry)) for entry in reader.manifest.entries}


@pytest.mark.parametrize("part", ["anywhere", "directory"])
def test_damage_is_refused_or_changes_nothing(archive: Path, part: str) -> None:
    chance = random.Random(7)
    whole, before = archive.read_bytes(), contents(archive)
    del before["manifest.json"]
    start = 0 if part == "anywhere" else whole.index(b"PK\x01\x02")
    refused = 0
    for _ in range(ROUNDS):
        spoiled = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            spoiled[chance.randrange(start, len(spoiled))] = chance.randrange(256)
        archive.write_bytes(spoiled)
        try:
            assert read(archive) == before
        except ArchiveRefused:
            refused += 1
    assert refused > ROUNDS // 4


def test_a_cut_anywhere_is_refused(archive: Path) -> None:
    chance = random.Random(7)
    whole = archive.read_bytes()
    for _ in range(50):
        archive.write_bytes(whole[: chance.randrange(len(whole))])
        with pytest.raises(ArchiveRefused):
            read(archive)
