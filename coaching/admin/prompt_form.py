"""The form of a draft: plain help, sensible bounds, examples as rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.renderers import BaseRenderer
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from coaching.llm.base import LONGEST_DEADLINE_S
from coaching.models import PromptPurpose, PromptVersion
from coaching.prompt_versions import Wording
from coaching.types import LIVE_LIMITS, REPORT_LIMITS, Example

MAX_SYSTEM = 12_000
MAX_EXAMPLES = 12
MAX_HEARD = 300
MAX_EXAMPLE_SAY = 240
EMPTY_ROWS = 2
MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,59}")
# Smallest and largest by purpose: outside of them no call was ever helped.
TOKENS = {PromptPurpose.LIVE: (60, 1_000), PromptPurpose.REPORT: (200, 8_000)}
SECONDS = {PromptPurpose.LIVE: (0.5, LONGEST_DEADLINE_S), PromptPurpose.REPORT: (5.0, 120.0)}
REQUESTS = {PromptPurpose.LIVE: (0, 500), PromptPurpose.REPORT: (1, 5)}

Row = dict[str, str]

if TYPE_CHECKING:
    BasePromptForm = forms.ModelForm[PromptVersion]
else:
    BasePromptForm = forms.ModelForm


class ExamplesWidget(forms.Widget):
    """Rows of two boxes: what was heard, what to say. Works without a script; saving gives more empty rows."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: BaseRenderer | None = None) -> SafeString:  # noqa: ARG002
        given: list[Row] = list(value or ())[:MAX_EXAMPLES]
        rows = given + [{"heard": "", "say": ""}] * min(EMPTY_ROWS, MAX_EXAMPLES - len(given))
        boxes = [
            {
                "number": number + 1,
                "heard": _box(f"{name}-{number}-heard", row["heard"], f"Heard, example {number + 1}", MAX_HEARD),
                "say": _box(f"{name}-{number}-say", row["say"], f"Say, example {number + 1}", MAX_EXAMPLE_SAY),
            }
            for number, row in enumerate(rows)
        ]
        return SafeString(render_to_string("admin/coaching/promptversion/examples.html", {"rows": boxes}))

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> list[Row]:  # noqa: ARG002
        rows = [
            {part: str(data.get(f"{name}-{number}-{part}", "")).strip() for part in ("heard", "say")}
            for number in range(MAX_EXAMPLES)
        ]
        return [row for row in rows if row["heard"] or row["say"]]

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:  # noqa: ARG002
        return f"{name}-0-heard" not in data


class ExamplesField(forms.Field):
    """Rows as the column keeps them: `[{"heard", "say"}, …]`."""

    widget = ExamplesWidget

    def clean(self, value: list[Row]) -> list[Row]:
        for number, row in enumerate(value, start=1):
            if not row["heard"] or not row["say"]:
                raise ValidationError(f"Example {number}: fill in both what is heard and what to say, or empty both.")
            if len(row["heard"]) > MAX_HEARD or len(row["say"]) > MAX_EXAMPLE_SAY:
                raise ValidationError(
                    f"Example {number} is too long: at most {MAX_HEARD} characters heard, {MAX_EXAMPLE_SAY} to say."
                )
        return value


class PromptForm(BasePromptForm):
    """`wording()` is what the service takes. `seen_revision` is the draft as it was opened."""

    system = forms.CharField(
        label="Instructions",
        max_length=MAX_SYSTEM,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 14}),
        help_text="Tell the model how to help: manner, length, what matters in your sales. The rules for true cards, "
        "your facts and the answer's format are added by themselves and can not be overruled here.",
    )
    examples = ExamplesField(
        required=False,
        help_text=f"Up to {MAX_EXAMPLES}. A few good ones teach more than many rules. Figures in them are not taken "
        "over: those come from your knowledge.",
    )
    temperature = forms.FloatField(
        min_value=0,
        max_value=1,
        widget=UnfoldAdminTextInputWidget,
        help_text="0 says the same thing each time, 1 varies most. 0.3 suits sales.",
    )
    model = forms.CharField(
        required=False,
        max_length=60,
        widget=UnfoldAdminTextInputWidget,
        help_text="Empty: the model your installation uses. A name here must be one that its model server knows.",
    )
    max_output_tokens = forms.IntegerField(
        label="Longest answer, in tokens",
        required=False,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=f"A token is about four letters. Empty: {LIVE_LIMITS.max_output_tokens} for live cards, "
        f"{REPORT_LIMITS.max_output_tokens:,} for reports.",
    )
    deadline_s = forms.FloatField(
        label="Deadline, in seconds",
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Live cards: first words later than this are not shown, the playbook's card stays (empty: 1.5). "
        "Reports: how long the model may take (empty: 60).",
    )
    max_requests = forms.IntegerField(
        label="Requests to the model",
        required=False,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=f"Live cards: at most so many in one call, then cards come from the playbook (empty: "
        f"{LIVE_LIMITS.max_requests}). Reports: how often it is tried (empty: {REPORT_LIMITS.max_requests}).",
    )
    note = forms.CharField(
        label="What changed",
        required=False,
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text="One line for your colleagues.",
    )
    seen_revision = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = PromptVersion
        fields = ("purpose",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        draft = self.instance
        if draft._state.adding:  # noqa: SLF001 - Django's documented way to know
            return
        self.initial.update({name: getattr(draft, name) for name in COLUMNS})
        self.initial.update(examples=draft.examples, seen_revision=draft.revision)
        self.initial["deadline_s"] = draft.deadline_ms / 1_000 if draft.deadline_ms else None

    def clean_model(self) -> str:
        name = str(self.cleaned_data["model"]).strip()
        if name and not MODEL_NAME.fullmatch(name):
            raise ValidationError("A model's name has letters, digits and . _ : / @ - only, and no spaces.")
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.instance.pk and cleaned.get("seen_revision") != self.instance.revision:
            raise ValidationError(
                "Somebody else has edited this draft since you opened it. Copy what you wrote, open the draft again to "
                "see their text, and put both together."
            )
        purpose = self._purpose()
        if purpose is not None:
            for name, bounds in (("max_output_tokens", TOKENS), ("deadline_s", SECONDS), ("max_requests", REQUESTS)):
                self._check_bounds(name, *bounds[purpose])
        return cleaned

    def wording(self) -> Wording:
        """Of a valid form."""
        cleaned = self.cleaned_data
        deadline_s = cleaned["deadline_s"]
        return Wording(
            purpose=str(self._purpose()),
            system=cleaned["system"],
            examples=[Example(row["heard"], row["say"]) for row in cleaned["examples"]],
            temperature=cleaned["temperature"],
            model=cleaned["model"],
            max_output_tokens=cleaned["max_output_tokens"],
            deadline_ms=round(deadline_s * 1_000) if deadline_s is not None else None,
            max_requests=cleaned["max_requests"],
            note=cleaned["note"],
        )

    def _purpose(self) -> PromptPurpose | None:
        chosen = self.instance.purpose if self.instance.pk else self.cleaned_data.get("purpose")
        return PromptPurpose(chosen) if chosen else None

    def _check_bounds(self, name: str, least: float, most: float) -> None:
        value = self.cleaned_data.get(name)
        if value is not None and not least <= value <= most:
            self.add_error(name, f"Choose between {least:g} and {most:g}, or leave it empty.")


COLUMNS = ("system", "temperature", "model", "max_output_tokens", "max_requests", "note")


def _box(name: str, value: str, label: str, longest: int) -> SafeString:
    attrs = {"rows": 2, "aria-label": label, "maxlength": longest, "id": f"id_{name}"}
    return SafeString(UnfoldAdminTextareaWidget(attrs=attrs).render(name, value))
