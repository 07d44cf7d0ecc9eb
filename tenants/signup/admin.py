"""New businesses in the operators' admin: who waits, what is built, what failed and why, and the form for more."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from tenants.domains.names import NameRefused, subdomain
from tenants.members.models import Member
from tenants.signup import operating, services
from tenants.signup.forms import SignUpForm, places
from tenants.signup.models import TO_BUILD, BusinessRequest, State
from tenants.signup.services import StepRefused, Wanted

GONE_ON = "It has gone on meanwhile: look at its state now."


class NewBusinessForm(SignUpForm):
    """The public form in the admin's look, with an operator's words."""

    def __init__(self, *args: Any, instance: BusinessRequest | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance = instance or BusinessRequest()
        del self.fields["website"]
        labels = {"admin_name": "First admin's name", "admin_email": "First admin's e-mail", "trade": "What it sells"}
        labels["place"] = "Where it and its customers are"
        for name, field in self.fields.items():
            field.label = labels.get(name, field.label)
            field.widget = UnfoldAdminTextInputWidget()
        self.fields["place"].widget = UnfoldAdminSelectWidget(choices=places())
        self.fields["admin_email"].widget = UnfoldAdminEmailInputWidget()
        self.fields["admin_email"].help_text = "The invitation goes there once the business is ready."

    def save(self, commit: bool = True) -> BusinessRequest:  # noqa: ARG002 - the admin's signature
        return self.instance

    def save_m2m(self) -> None:
        """Nothing: the admin asks."""


@admin.register(BusinessRequest)
class BusinessRequestAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ["name", "show_host", "show_state", "admin_email", "asked", "created_at"]
    list_filter = ["state"]
    search_fields = ["name", "slug", "admin_email"]
    change_form_outer_before_template = "admin/signup/progress.html"
    add_fieldsets = [(None, {"fields": ["name", "slug", "trade", "place", "admin_name", "admin_email"]})]
    readonly_fields = ["name", "show_host", "trade", "place", "first_admin", "asked", "created_at", "confirmed_at"]

    class Media:
        js = [forms.Script("js/building.js", type="module")]

    @admin.display(description="Address", ordering="slug")
    def show_host(self, request: BusinessRequest) -> str:
        return subdomain(request.slug)

    @display(  # type: ignore[untyped-decorator]
        description="State",
        ordering="state",
        label={
            State.REQUESTED.label: "info",
            State.WAITING.label: "warning",
            State.CONFIRMED.label: "info",
            State.BUILDING.label: "info",
            State.READY.label: "success",
            State.FAILED.label: "danger",
            State.REFUSED.label: "danger",
        },
    )
    def show_state(self, request: BusinessRequest) -> str:
        return State(request.state).label

    @admin.display(description="First admin")
    def first_admin(self, request: BusinessRequest) -> str:
        return f"{request.admin_name}, {request.admin_email}"

    @admin.display(description="Asked or agreed by")
    def asked(self, request: BusinessRequest) -> str:
        return request.asked_by or "Themselves"

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ARG002
        return self.add_fieldsets if obj is None else [(None, {"fields": self.readonly_fields})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:  # noqa: ARG002
        return [] if obj is None else self.readonly_fields

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Only new ones have a form; what is there moves by its buttons."""
        if obj is None:
            return NewBusinessForm
        return super().get_form(request, obj, change=change, **{**kwargs, "fields": []})

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> BusinessRequest | None:
        """Refused before the table is asked, which a business's role may not read."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        found: BusinessRequest | None = super().get_object(request, object_id, from_field)
        return found

    def get_urls(self) -> list[URLPattern]:
        step = path("<path:object_id>/step/", self.admin_site.admin_view(self.step), name="signup_businessrequest_step")
        return [step, *super().get_urls()]

    def save_model(self, request: HttpRequest, obj: BusinessRequest, form: Any, change: bool) -> None:  # noqa: ARG002
        data = {name: form.cleaned_data[name] for name in Wanted.__dataclass_fields__}
        made = services.start(Wanted(**data), by=cast("Member", request.user))
        obj.pk, obj.name = made.pk, made.name

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Another operator may have taken the address between the form's check and the row."""
        try:
            response: HttpResponse = super().add_view(request, form_url, extra_context)
        except NameRefused as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(request.path)
        return response

    def response_add(self, request: HttpRequest, obj: BusinessRequest, post_url_continue: Any = None) -> HttpResponse:  # noqa: ARG002
        return self._to(obj)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        found = self.get_object(request, object_id)
        context = {
            **(extra_context or {}),
            "show_save": False,
            "show_save_and_continue": False,
            "show_save_and_add_another": False,
        }
        if found is not None:
            context |= {
                "found": found,
                "host": subdomain(found.slug),
                "is_waiting": found.state in TO_BUILD,
                "step_url": reverse("admin:signup_businessrequest_step", args=[found.pk]),
                "config": {
                    "stateUrl": reverse("sign_up_state", args=[operating.key_of(found)]),
                    "state": found.state,
                },
            }
        return super().change_view(request, object_id, form_url, context)  # type: ignore[no-any-return]

    @method_decorator(require_POST)
    def step(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """One of the page's buttons; `step` says which."""
        found = self.get_object(request, object_id)
        if found is None:
            raise Http404("No such request.")
        try:
            words = operating.step(
                request.POST.get("step", ""), found, by=cast("Member", request.user), slug=request.POST.get("slug", "")
            )
            messages.success(request, words)
        except StepRefused:
            messages.error(request, GONE_ON)
        except (NameRefused, ValidationError) as error:
            messages.error(request, " ".join(getattr(error, "messages", [str(error)])))
        return self._to(found)

    def _to(self, request: BusinessRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:signup_businessrequest_change", args=[request.pk]))

    def log_addition(self, *args: Any) -> None:
        """Nothing: its row says who asked for it."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return bool(isinstance(request.user, Member) and request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Old ones are forgotten by themselves, see `services.forget_old`."""
        return False
