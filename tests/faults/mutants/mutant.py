"""One mechanism, and what removes it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutant:
    """The smallest change that takes one mechanism away.

    `old` stands exactly once in `file` and becomes `new`. Each of `tests` fails then, and its failure says `because`:
    a test that fails for another reason proves nothing. A test is `path.py::test_name`, with all its parameters at
    once, or `path.test.js::title`.
    """

    name: str
    mechanism: str
    prevents: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    because: str
    within_s: int = 60
    """What each test may take; a browser needs longer."""

    def apply(self, text: str) -> str:
        """Raises `ValueError` when `old` is not found exactly once."""
        found = text.count(self.old)
        if found != 1:
            raise ValueError(f"{self.name}: its text stands {found} times in {self.file}.")
        return text.replace(self.old, self.new)


def is_script(test: str) -> bool:
    """Whether `test` is one of the browser's, which node runs."""
    return ".test.js::" in test
