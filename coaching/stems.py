"""Words without their endings, and words that mean the same in a sales call as one. Pure."""

from __future__ import annotations

from functools import lru_cache

SHORTEST = 4
_ENDINGS = (
    "ations", "ation", "ments", "ment", "ities", "ings", "ions", "ing", "ion", "ers", "ed", "es", "er",
    "ly", "s",
)  # fmt: skip
_ALIKE = (
    "cost price pricing charge",
    "customer client buyer",
    "start begin beginning kick-off",
    "people employee staff person colleague",
    "seat user license licence",
    "house home property",
    "pilot trial",
    "year annual yearly",
    "document paper paperwork documentation",
    "send email mail sent",
    "buy bought purchase",
    "lose lost",
    "build built",
    "choose chose chosen",
    "lead led",
    "run ran",
    "grow grew grown",
    "export download",
    "role permission",
    "survey assessment inspection",
    "power electricity energy",
    "maker manufacturer",
    "bill invoice",
    "use usage consumption",
    "stay remain",
    "drawing sketch",
    "offer quote quotation",
    "promise commit",
    "calculate compute",
    "sell sold sale",
    "write written wrote",
    "pay paid payment",
    "agreement contract",
)


def listed(words: str) -> tuple[str, ...]:
    """The words of a list that is written as one text."""
    return tuple(words.split())


def _bare(word: str) -> str:
    word = word.lower().removesuffix("'s").removesuffix("'")
    if word.endswith(("ies", "ied")) and len(word) > SHORTEST:
        return word[:-2]
    for ending in _ENDINGS:
        if (
            word.endswith(ending)
            and len(word) - len(ending) >= (3 if ending == "s" else SHORTEST)
            and word[-2:] != "ss"
        ):
            word = word[: -len(ending)]
            break
    if len(word) > 3:
        word = word.removesuffix("e")
        word = f"{word[:-1]}i" if word[-1] == "y" else word
        if len(word) > 3 and word[-1] == word[-2]:
            word = word[:-1]
    return word


_SAME = {_bare(word): _bare(group.split()[0]) for group in _ALIKE for word in group.split()}


@lru_cache(maxsize=8_192)
def stem(word: str) -> str:
    """ "Encrypted" and "encryption" are one, and so are "price" and "cost"."""
    bare = _bare(word)
    return _SAME.get(bare, bare)
