"""The form of a play: plain choices instead of names to remember, checked by the code that will match it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from unfold.widgets import (
    UnfoldAdminSelect2MultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from coaching import working_copy
from coaching.handbook import check_play
from coaching.handbook_fields import MAX_LINES
from coaching.models import Play
from coaching.signals import buying, objections, talk
from coaching.types import Channel, Match, SignalKind, Subject, Trigger
from coaching.types import Play as PlayValue

FIELDS = (
    "title", "say", "question", "why", "source",
    "trigger", "channel", "patterns", "unless", "kind", "topic", "signals", "match",
    "within_s", "since",
    "before", "after", "from_s", "until_s",
    "priority", "cooldown_s", "once_per_call", "is_active", "key",
)  # fmt: skip
SINCE_START = "The start of the call"
WHENEVER = "It does not matter"

if TYPE_CHECKING:
    BasePlayForm = forms.ModelForm[Play]
else:
    BasePlayForm = forms.ModelForm


class PlayForm(BasePlayForm):
    """`value()` is the play as a call would use it, of a valid form."""

    say = forms.CharField(
        widget=UnfoldAdminTextareaWidget(attrs={"rows": MAX_LINES + 1}),
        help_text="In the rep's own voice: one line or two, at most 160 characters each.",
    )
    signals = forms.MultipleChoiceField(
        required=False,
        widget=UnfoldAdminSelect2MultipleWidget,
        help_text="What the product recognises by itself. “Something is said” with none chosen listens for the kind "
        "and topic above.",
    )
    since = forms.ChoiceField(label="Counted from", required=False, widget=UnfoldAdminSelectWidget)
    before = forms.ChoiceField(label="Only before this has come up", required=False, widget=UnfoldAdminSelectWidget)
    after = forms.ChoiceField(label="Only after this has come up", required=False, widget=UnfoldAdminSelectWidget)

    class Meta:
        model = Play
        fields = FIELDS
        error_messages = {"key": {"unique": "Another play has this key: choose a different one."}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        play = self.instance
        kept = (*working_copy.lines(play.signals), play.since, play.before, play.after)
        known = subjects(kept)
        choices = {"signals": "", "since": SINCE_START, "before": WHENEVER, "after": WHENEVER}
        for name, empty in choices.items():
            if isinstance(field := self.fields.get(name), forms.ChoiceField):
                field.choices = [*([("", empty)] if empty else []), *known]
        for name, rows in (("patterns", 6), ("unless", 3)):
            self.fields[name].widget.attrs["rows"] = rows
        self.initial["signals"] = list(working_copy.lines(play.signals))

    def clean_say(self) -> str:
        return "\n".join(working_copy.lines(self.cleaned_data["say"]))

    def clean_patterns(self) -> str:
        return "\n".join(working_copy.lines(self.cleaned_data["patterns"]))

    def clean_unless(self) -> str:
        return "\n".join(working_copy.lines(self.cleaned_data["unless"]))

    def clean_signals(self) -> str:
        return "\n".join(self.cleaned_data["signals"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            for name, words in check_play(self.value()):
                self.add_error(name, words)
        return cleaned

    def value(self) -> PlayValue:
        given = self.cleaned_data
        return PlayValue(
            key=given["key"],
            kind=SignalKind(given["kind"]),
            topic=given["topic"],
            title=given["title"],
            say=given["say"],
            why=given["why"],
            patterns=working_copy.lines(given["patterns"]),
            unless=working_copy.lines(given["unless"]),
            channel=Channel(given["channel"]) if given["channel"] else None,
            priority=given["priority"],
            cooldown_s=given["cooldown_s"],
            trigger=Trigger(given["trigger"]),
            match=Match(given["match"]),
            signals=tuple(map(Subject.parse, working_copy.lines(given["signals"]))),
            since=_subject(given["since"]),
            within_s=given["within_s"],
            before=_subject(given["before"]),
            after=_subject(given["after"]),
            from_s=given["from_s"],
            until_s=given["until_s"],
            once_per_call=given["once_per_call"],
            question=given["question"],
            source=given["source"],
        )


def subjects(kept: Iterable[str] = ()) -> list[tuple[str, str]]:
    """What a call can be about, as (value, words): every kind, then its topics, those of the business's plays too."""
    rules = (*objections.RULES, *buying.RULES, *talk.RULES)
    topics = {(rule.kind.value, rule.topic) for rule in rules}
    topics |= set(Play.objects.values_list("kind", "topic"))
    values = {kind.value for kind in SignalKind} | {f"{kind}/{topic}" for kind, topic in topics}
    return [(value, _words(value)) for value in sorted(values | {each for each in kept if each})]


def _words(value: str) -> str:
    kind, _, topic = value.partition("/")
    name = kind.replace("_", " ").capitalize()
    return f"{name}: {topic.replace('_', ' ').replace('-', ' ')}" if topic else f"{name} (any)"


def _subject(text: str) -> Subject | None:
    return Subject.parse(text) if text else None
