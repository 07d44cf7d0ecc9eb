"""Plays, competitors and keyterms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import action

from coaching import services, working_copy
from coaching.models import Competitor, Keyterm, Play
from coaching.phrases import BadPattern, check_patterns
from coaching.tryout import MAX_SENTENCE, try_sentence
from coaching.types import Channel

if TYPE_CHECKING:
    BasePlayForm = forms.ModelForm[Play]
else:
    BasePlayForm = forms.ModelForm


class PlayForm(BasePlayForm):
    """Phrases are checked by the code that will match them."""

    class Meta:
        model = Play
        fields = (
            "title",
            "key",
            "kind",
            "topic",
            "channel",
            "say",
            "why",
            "patterns",
            "unless",
            "priority",
            "cooldown_s",
            "is_active",
        )

    def clean_patterns(self) -> str:
        return _checked(self.cleaned_data["patterns"])

    def clean_unless(self) -> str:
        return _checked(self.cleaned_data["unless"])


@admin.register(Play)
class PlayAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    form = PlayForm
    list_display = ("title", "kind", "topic", "channel", "phrases", "priority", "is_active")
    list_filter = ("kind", "channel", "is_active")
    search_fields = ("title", "key", "topic", "say", "patterns")
    readonly_fields = ("preview",)
    prepopulated_fields = {"key": ("title",)}
    actions_list = ["try_a_sentence"]
    fieldsets = (
        ("What the rep sees", {"fields": ("title", "say", "why", "preview")}),
        ("When", {"fields": ("kind", "topic", "channel", "patterns", "unless")}),
        ("How often", {"fields": ("priority", "cooldown_s", "is_active", "key")}),
    )

    @admin.display(description="phrases")
    def phrases(self, play: Play) -> int:
        return len(working_copy.as_value(play).patterns)

    @admin.display(description="preview")
    def preview(self, play: Play) -> SafeString | str:
        if not play.say:
            return "The card appears here when the play is saved."
        return format_html(
            '<div class="border border-base-200 dark:border-base-700 rounded-default p-4 max-w-xl">'
            '<p class="text-sm">{}</p><p class="text-lg font-semibold">{}</p><p class="text-sm">{}</p></div>',
            play.title,
            play.say,
            play.why,
        )

    @action(description="Try a sentence", url_path="try-link", permissions=["view"])  # type: ignore[untyped-decorator]
    def try_a_sentence(self, request: HttpRequest) -> HttpResponse:  # noqa: ARG002 - unfold's signature
        return HttpResponseRedirect(reverse(f"{self.admin_site.name}:coaching_play_try"))

    def get_urls(self) -> list[URLPattern]:
        own = path("try/", self.admin_site.admin_view(self.try_view), name="coaching_play_try")
        return [own, *super().get_urls()]

    def try_view(self, request: HttpRequest) -> TemplateResponse:
        """Type a sentence, see which plays and signals it fires. Changes nothing, keeps nothing."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        sentence = request.GET.get("sentence", "").strip()[:MAX_SENTENCE]
        by_rep = request.GET.get("by_rep") == "1"
        channel = Channel.REP if by_rep else Channel.CUSTOMER
        tried = try_sentence(services.load_material(), sentence, channel) if sentence else None
        context = {
            **self.admin_site.each_context(request),
            "title": "Try a sentence",
            "sentence": sentence,
            "by_rep": by_rep,
            "tried": tried,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/coaching/play/try_sentence.html", context)


@admin.register(Competitor)
class CompetitorAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ("name", "also_known_as")
    search_fields = ("name", "also_known_as")


@admin.register(Keyterm)
class KeytermAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ("text",)
    search_fields = ("text",)


def _checked(text: str) -> str:
    try:
        return "\n".join(check_patterns(text))
    except BadPattern as error:
        raise ValidationError(str(error)) from error
