"""What people type about a call, without the numbers that their business's policy takes out."""

from __future__ import annotations

from collections.abc import Collection

from calls import metrics
from calls.redaction import redacted_text


def without_secrets(text: str, kinds: Collection[str], *, at_most: int) -> str:
    """`text` as it may be kept, of at most so many characters; `kinds` of the policy."""
    clean, masks = redacted_text(text, kinds)
    metrics.count_redactions(masks)
    return clean[:at_most]
