"""The working copy of the playbook: plays, competitors and keyterms."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Case, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import action

from coaching import playbook_versions, services, working_copy
from coaching.admin.banner import WithBanner
from coaching.admin.play_form import PlayForm
from coaching.handbook_changes import What
from coaching.models import Competitor, Keyterm, Play
from coaching.tryout import MAX_SENTENCE, try_sentence
from coaching.types import Channel, Material

# Sections of the form, and the fields that have a value where a play uses them.
SELDOM = {
    "How long it waits": ("within_s", "since"),
    "Only at this point of the call": ("before", "after", "from_s", "until_s"),
}
STATES = {What.ADDED: "New, not published yet", What.CHANGED: "Changed, not published yet"}


@admin.register(Play)
class PlayAdmin(WithBanner, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    add_words = "Write a play"
    form = PlayForm
    list_display = ("title", "state", "trigger", "kind", "topic", "channel", "priority", "is_active")
    list_filter = ("trigger", "kind", "channel", "is_active")
    search_fields = ("title", "key", "topic", "say", "patterns")
    readonly_fields = ("preview",)
    prepopulated_fields = {"key": ("title",)}
    actions_list = ["try_a_sentence"]
    change_form_outer_before_template = "admin/coaching/play/test.html"
    fieldsets = (
        ("What the rep sees", {"fields": ("title", "say", "question", "why", "source", "preview")}),
        (
            "When it shows",
            {
                "fields": ("trigger", "channel", "patterns", "unless", "kind", "topic", "signals", "match"),
                "description": "Something is said: write how people say it. Not said in time: write what should have "
                "been said. Time has passed: leave phrases and signals empty.",
            },
        ),
        (
            "How long it waits",
            {
                "fields": ("within_s", "since"),
                "description": "Only for “not said in time” and “time has passed”: after how many seconds, counted "
                "from what.",
            },
        ),
        (
            "Only at this point of the call",
            {
                "fields": ("before", "after", "from_s", "until_s"),
                "description": "Leave it as it is for a play that may show at any time.",
            },
        ),
        ("How often", {"fields": ("priority", "cooldown_s", "once_per_call", "is_active", "key")}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Play | None = None) -> Any:  # noqa: ARG002 - Django's signature
        """What a play does not use is folded up: most plays need neither seconds nor a point of the call."""
        play = obj or Play()
        return [
            (title, {**options, "classes": ["collapse"]} if _is_unused(play, title) else options)
            for title, options in self.fieldsets
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Play]:
        changes = [change for change in playbook_versions.unpublished() if change.part == "plays"]
        cases = [
            When(key__in=[change.key for change in changes if change.what is what], then=Value(words))
            for what, words in STATES.items()
        ]
        rows = cast("QuerySet[Play]", super().get_queryset(request))
        return rows.annotate(publication=Case(*cases, default=Value("Published")))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        context = {**(extra_context or {}), "test_url": self._test_url(object_id), "playbook_play": object_id}
        response: HttpResponse = super().changeform_view(request, object_id, form_url, context)
        return response

    @admin.display(description="state", ordering="publication")
    def state(self, play: Play) -> str:
        return str(getattr(play, "publication", ""))

    @admin.display(description="preview")
    def preview(self, play: Play) -> SafeString | str:
        if not play.say:
            return "The card appears here when the play is saved."
        lines = format_html_join(
            "", '<p class="text-lg font-semibold">{}</p>', ((line,) for line in play.say.split("\n"))
        )
        return format_html(
            '<div class="border border-base-200 dark:border-base-700 rounded-default p-4 max-w-xl">'
            '<p class="text-sm">{}</p>{}<p class="font-semibold">{}</p><p class="text-sm">{}</p></div>',
            play.title,
            lines,
            play.question,
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
        published = request.GET.get("published") == "1"
        channel = Channel.REP if by_rep else Channel.CUSTOMER
        tried = try_sentence(_material(published=published), sentence, channel) if sentence else None
        context = {
            **self.admin_site.each_context(request),
            "title": "Try a sentence",
            "sentence": sentence,
            "by_rep": by_rep,
            "published": published,
            "tried": tried,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/coaching/play/try_sentence.html", context)

    def _test_url(self, object_id: str | None) -> str:
        """Back-tests belong to the app above; without it there is no button."""
        try:
            url = reverse(f"{self.admin_site.name}:calls_playtest_add")
        except NoReverseMatch:
            return ""
        return f"{url}?play={object_id}" if object_id and object_id.isdigit() else url


@admin.register(Competitor)
class CompetitorAdmin(WithBanner, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ("name", "also_known_as")
    search_fields = ("name", "also_known_as")


@admin.register(Keyterm)
class KeytermAdmin(WithBanner, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ("text",)
    search_fields = ("text",)


def _is_unused(play: Play, section: str) -> bool:
    fields = SELDOM.get(section)
    return fields is not None and not any(getattr(play, name) for name in fields)


def _material(*, published: bool) -> Material:
    """What calls use now, or the working copy: what they would use once it is published."""
    if published or not Play.objects.exists():
        return services.load_material()
    return services.material_of(working_copy.read(), 0)
