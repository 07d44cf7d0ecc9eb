"""What the overview of a business's admin says about its speech services."""

from __future__ import annotations

from django import template

from calls import refusals

register = template.Library()


@register.simple_tag
def speech_refusals() -> list[str]:
    return refusals.reasons()
