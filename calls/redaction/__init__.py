"""The second pass of redaction: secret numbers are taken out of every line before anybody but the ears has it. Pure."""

from calls.redaction.masks import Mask, holds_mask, is_masked
from calls.redaction.redactor import WITHHELD, CleanLine, Redacted, Redactor, redacted_text, withheld

__all__ = [
    "WITHHELD", "CleanLine", "Mask", "Redacted", "Redactor", "holds_mask", "is_masked", "redacted_text", "withheld",
]  # fmt: skip
