"""What may leave a process in an error report or a log line: ids and places in code, never words of people.

The message of a foreign exception can carry row contents, prompts or transcript, so only messages of our
own exceptions are kept: they are written to hold no personal data (`reason` of SpeechError, ModelError…).
"""

from __future__ import annotations

import traceback
from types import TracebackType

WITHHELD = "(message withheld: it may hold words of a call)"
OUR_PACKAGES = ("salespilot", "calls", "coaching", "billing", "tenants")


def is_ours(module: str | None) -> bool:
    return (module or "").split(".", maxsplit=1)[0] in OUR_PACKAGES


def safe_message(error: BaseException) -> str:
    return str(error) if is_ours(type(error).__module__) else WITHHELD


def safe_trace(error: BaseException) -> list[str]:
    """The error and its causes as `module.Type: message`, then `file:line function` of each frame, outermost first."""
    lines: list[str] = []
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        kind = type(link)
        lines.append(f"{kind.__module__}.{kind.__qualname__}: {safe_message(link)}")
        lines.extend(_frames(link.__traceback__))
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return lines


def _frames(trace: TracebackType | None) -> list[str]:
    return [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]
