"""Teams in the admin: who is in them, and which managers lead them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from tenants.audit.models import Via
from tenants.members import notes
from tenants.members.models import Member, Role, Team

if TYPE_CHECKING:
    BaseTeamForm = forms.ModelForm[Team]
else:
    BaseTeamForm = forms.ModelForm

PEOPLE = ("members", "leaders")


class TeamForm(BaseTeamForm):
    class Meta:
        model = Team
        fields = ["name", *PEOPLE]

    def clean_leaders(self) -> QuerySet[Member]:
        leaders: QuerySet[Member] = self.cleaned_data["leaders"]
        others = [leader.name for leader in leaders if not leader.has_role(Role.MANAGER)]
        if others:
            raise ValidationError(f"Only managers lead a team. Give the role Manager first to: {', '.join(others)}.")
        return leaders


@admin.register(Team)
class TeamAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    form = TeamForm
    list_display = ["name", "show_leaders", "show_size"]
    search_fields = ["name"]
    autocomplete_fields = PEOPLE

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        teams: QuerySet[Team] = super().get_queryset(request)
        return teams.annotate(size=Count("members")).prefetch_related("leaders")

    @admin.display(description="Led by")
    def show_leaders(self, team: Team) -> str:
        return ", ".join(leader.name for leader in team.leaders.all()) or "Nobody yet"

    @admin.display(description="Members", ordering="size")
    def show_size(self, team: Team) -> int:
        return int(team.size)  # type: ignore[attr-defined]  # annotated above

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The line says who came and who went, by their ids."""
        team: Team = form.instance
        before = {name: _ids(team, name) for name in PEOPLE}
        super().save_related(request, form, formsets, change)
        after = {name: _ids(team, name) for name in PEOPLE}
        detail: dict[str, Any] = {f"{name}_added": sorted(after[name] - before[name]) for name in PEOPLE}
        detail |= {f"{name}_removed": sorted(before[name] - after[name]) for name in PEOPLE}
        detail = {name: ids for name, ids in detail.items() if ids}
        if "name" in form.changed_data:
            detail["fields"] = ["name"]
        if detail:
            notes.team_changed(
                team, by=_asking(request), via=Via.ADMIN, act="changed" if change else "added", detail=detail
            )

    def delete_model(self, request: HttpRequest, obj: Team) -> None:
        detail = {f"{name}_removed": sorted(_ids(obj, name)) for name in PEOPLE}
        notes.team_changed(obj, by=_asking(request), via=Via.ADMIN, act="removed", detail=detail)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Team]) -> None:
        for team in queryset:
            self.delete_model(request, team)


def _ids(team: Team, name: str) -> set[int]:
    return set(getattr(team, name).values_list("pk", flat=True))


def _asking(request: HttpRequest) -> Member | None:
    return request.user if isinstance(request.user, Member) else None
