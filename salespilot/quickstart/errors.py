"""The one error of the quickstart: a sentence that says what happened and what to do."""

from __future__ import annotations


class QuickstartError(RuntimeError):
    """Starting can not go on. The message is shown to the person at the terminal as it is."""
