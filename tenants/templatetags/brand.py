"""Words of the brand in templates."""

from __future__ import annotations

from django import template

from tenants.branding import document_line as line

register = template.Library()


@register.simple_tag
def document_line(what: str) -> str:
    """`{% document_line "Call report" %}`: whose, what and when, for the head of what leaves the app."""
    return line(what)
