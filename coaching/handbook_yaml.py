"""Playbook files: YAML to a handbook and back. Reads text from strangers, so nothing but plain values. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from coaching import handbook
from coaching.handbook import BadHandbook, Handbook
from coaching.handbook_fields import Place

MAX_BYTES = 1_000_000
MAX_DEPTH = 6
DEEP = "It is nested too deeply."
_TAGS = frozenset(
    f"tag:yaml.org,2002:{kind}" for kind in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp")
)
HEAD = """\
# A playbook of Sales Pilot. What each entry means: docs/playbook.md
"""


@dataclass(frozen=True, slots=True)
class FileProblem:
    """A mistake in a file. `line` counts from 1, 0 when it is the whole file's. `what` names the entry."""

    line: int
    what: str
    words: str

    def __str__(self) -> str:
        where = f"Line {self.line}" if self.line else "The file"
        return f"{where}{f', {self.what}' if self.what else ''}: {self.words}"


class BadFile(ValueError):
    """A file that can not be read. `problems` holds every mistake, in the order of the file."""

    def __init__(self, *problems: FileProblem) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def dump(book: Handbook) -> str:
    """The file's text. Reading it gives the same handbook."""
    body = yaml.dump(handbook.as_mapping(book), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110)
    return HEAD + body


def load(content: bytes) -> Handbook:
    """Raises `BadFile`. At most 1 MB; anchors and aliases, which can blow a small file up, are refused."""
    raw, lines = _plain(_node(_text(content)))
    try:
        return handbook.read(raw)
    except BadHandbook as error:
        problems = (
            FileProblem(_line(lines, problem.place), _named(raw, problem.place), problem.words)
            for problem in error.problems
        )
        raise BadFile(*sorted(problems, key=lambda problem: problem.line)) from error


def _text(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise BadFile(FileProblem(0, "", f"It has {len(content):,} bytes: at most {MAX_BYTES:,} can be read."))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        words = "It is not text in UTF-8. Save it again as UTF-8, or export a playbook to see how one looks."
        raise BadFile(FileProblem(0, "", words)) from error


def _node(text: str) -> yaml.Node:
    try:
        depth = 0
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            line = event.start_mark.line + 1 if event.start_mark else 0
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise BadFile(FileProblem(line, "", "Anchors (&) and aliases (*) are not allowed: write it out."))
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH + 1:  # the reader's work grows with the square of the depth
                raise BadFile(FileProblem(line, "", DEEP))
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "a character that YAML does not allow"
        line = mark.line + 1 if mark is not None else 0
        words = f"This is no YAML: {problem}. Often a text with a colon or a quote needs “double quotes” around it."
        raise BadFile(FileProblem(line, "", words)) from error
    if node is None:
        raise BadFile(FileProblem(0, "", "It is empty. Export a playbook to see how one looks."))
    return node


def _plain(root: yaml.Node) -> tuple[Any, dict[Place, int]]:
    """Plain values, and the line of each place. Raises `BadFile` for tags, deep nesting and keys that come twice."""
    walk = _Walk()
    raw = walk.value(root, ())
    if walk.problems:
        raise BadFile(*walk.problems)
    return raw, walk.lines


class _Walk:
    def __init__(self) -> None:
        self.lines: dict[Place, int] = {}
        self.problems: list[FileProblem] = []
        self._scalars = yaml.constructor.SafeConstructor()

    def value(self, node: yaml.Node, place: Place) -> Any:
        line = node.start_mark.line + 1
        self.lines.setdefault(place, line)
        if node.tag not in _TAGS:
            raise BadFile(FileProblem(line, "", "Types (!…) are not allowed: write plain texts, numbers and lists."))
        if isinstance(node, yaml.MappingNode):
            return dict(self._pairs(node, place))
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*place, number)) for number, child in enumerate(node.value)]
        return self._scalar(node, line)

    def _scalar(self, node: yaml.Node, line: int) -> Any:
        if node.tag == "tag:yaml.org,2002:timestamp":
            return node.value
        try:
            return self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError, OverflowError):
            words = f"“{str(node.value)[:40]}” can not be read: put it in quotes."
            self.problems.append(FileProblem(line, "", words))
            return None

    def _pairs(self, node: yaml.MappingNode, place: Place) -> Iterator[tuple[str, Any]]:
        seen = set()
        for key_node, value_node in node.value:
            key = str(key_node.value)[:80]
            line = key_node.start_mark.line + 1
            self.lines[(*place, key)] = line
            if key in seen:
                self.problems.append(FileProblem(line, "", f"“{key}” stands here twice in one entry."))
            seen.add(key)
            yield key, self.value(value_node, (*place, key))


def _line(lines: dict[Place, int], place: Place) -> int:
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)


def _named(raw: Any, place: Place) -> str:
    """“play price-too-high, say”: what a person would look for."""
    if len(place) < 2 or not isinstance(place[1], int):
        return ""
    part = str(place[0])
    entry = raw[part][place[1]]
    own = entry.get("key") or entry.get("name") if isinstance(entry, dict) else entry
    kind = {"plays": "play", "knowledge": "fact", "competitors": "competitor", "keyterms": "keyterm"}.get(part, part)
    name = str(own)[:50] if own and not isinstance(own, (dict, list)) else f"number {place[1] + 1}"
    field = f", {place[2]}" if len(place) > 2 else ""
    return f"{kind} {name}{field}"


class _Dumper(yaml.SafeDumper):
    """Lists stand below their name, indented; one value is never written as a reference to another."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True
