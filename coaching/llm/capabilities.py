"""What an OpenAI-compatible server understands: everything at first, less once it refused something. Pure.

Shared by all requests of a process, so that a server is asked about an unknown parameter once. What one request
was refused for counts for the others only after it was answered without: a bad prompt spoils nobody else's cards.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

OPTIONAL = (
    "reasoning_effort",
    "verbosity",
    "prompt_cache_key",
    "store",
    "temperature",
    "stream_options",
    "max_completion_tokens",
)
FORMATS = ("json_schema", "json_object", "text")
# Refusals that no dropped parameter mends.
ABOUT_CONTENT = frozenset(
    {
        "content_filter",
        "content_policy_violation",
        "invalid_prompt",
        "context_length_exceeded",
        "string_above_max_length",
    }
)
# Parameters that only newer OpenAI models know: dropped together when a refusal names none.
EXTRAS = ("reasoning_effort", "verbosity", "prompt_cache_key", "store")


@dataclass(slots=True)
class Capabilities:
    """`dropped` parameters and the answer format still believed in."""

    dropped: set[str] = field(default_factory=set)
    format: str = FORMATS[0]

    def fit(self, params: dict[str, Any]) -> dict[str, Any]:
        """The request with only what this server takes; `max_tokens` stands in for `max_completion_tokens`."""
        fitted = {name: value for name, value in params.items() if name not in self.dropped}
        if "max_completion_tokens" in self.dropped and "max_completion_tokens" in params:
            fitted["max_tokens"] = params["max_completion_tokens"]
        if "response_format" in fitted and self.format != FORMATS[0]:
            del fitted["response_format"]
            if self.format == "json_object":
                fitted["response_format"] = {"type": "json_object"}
        return fitted

    def copy(self) -> Capabilities:
        return Capabilities(set(self.dropped), self.format)

    def take(self, tried: Capabilities) -> None:
        """A request with less was answered: so it is the server that knows less, not the request that was bad."""
        self.dropped |= tried.dropped
        self.format = max(self.format, tried.format, key=FORMATS.index)

    def learn(self, message: str) -> bool:
        """Take a refusal's words; True when something was dropped and the request is worth another try."""
        lowered = message.lower()
        named = [name for name in OPTIONAL if name in lowered and name not in self.dropped]
        if named:
            self.dropped.update(named)
            return True
        if any(word in lowered for word in ("response_format", "json_schema", "json_object", "schema", "grammar")):
            return self._lower_format()
        extras = [name for name in EXTRAS if name not in self.dropped]
        if extras:
            self.dropped.update(extras)
            return True
        return self._lower_format()

    def _lower_format(self) -> bool:
        position = FORMATS.index(self.format)
        if position + 1 == len(FORMATS):
            return False
        self.format = FORMATS[position + 1]
        return True
