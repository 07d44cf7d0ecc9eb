"""Approved facts."""

from __future__ import annotations

from django.contrib import admin
from unfold.admin import ModelAdmin

from coaching.models import Knowledge


@admin.register(Knowledge)
class KnowledgeAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ("title", "key", "is_active")
    list_filter = ("is_active",)
    search_fields = ("title", "key", "body")
    prepopulated_fields = {"key": ("title",)}
