"""One admin for both kinds of host: a business's own tables on its host, the installation's on the public host."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib import auth
from django.contrib.admin import ModelAdmin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from unfold.sites import UnfoldAdminSite

from tenants.context import current
from tenants.members.models import Member

# The tables exist in the shared schema too, but nobody could use a key or a team there: calls are a business's.
NOT_ON_PUBLIC_HOST = {"members.apikey", "members.team"}
# A member has one role; Django's groups would promise rights that nothing asks for.
NOWHERE = {"auth.group"}


def belongs_here(model: type[Model]) -> bool:
    """Whether the current schema has this model's table and the host is the place to look at it."""
    business = current()
    if business is None:
        return False
    app, label = model._meta.app_config.name, model._meta.label_lower  # noqa: SLF001 - documented introspection
    if label in NOWHERE:
        return False
    if business.is_public:
        return app in settings.SHARED_APPS and label not in NOT_ON_PUBLIC_HOST
    return app in settings.TENANT_APPS


class OnlyWhereItBelongs:
    """Put before every ModelAdmin: on the other kind of host nobody has any permission, whatever the class says."""

    model: type[Model]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return belongs_here(self.model) and bool(super().has_module_permission(request))  # type: ignore[misc]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return belongs_here(self.model) and bool(super().has_view_permission(request, obj))  # type: ignore[misc]

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return belongs_here(self.model) and bool(super().has_add_permission(request, *args))  # type: ignore[misc]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return belongs_here(self.model) and bool(super().has_change_permission(request, obj))  # type: ignore[misc]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return belongs_here(self.model) and bool(super().has_delete_permission(request, obj))  # type: ignore[misc]


class BusinessAdminSite(UnfoldAdminSite):  # type: ignore[misc]  # unfold has no types
    """Signing in and out happens on the business's own pages; the look comes from tenants/admin_theme.py."""

    index_title = "Overview"

    def register(
        self, model_or_iterable: type[Model] | Iterable[type[Model]], admin_class: Any = None, **options: Any
    ) -> None:
        if admin_class is not None and admin_class.__module__.startswith("allauth."):
            # Its tables hold secrets; what admins need of them stands in tenants/signin/admin.py.
            return
        base = admin_class or ModelAdmin
        metaclass: Any = type(base)
        guarded = metaclass(base.__name__, (OnlyWhereItBelongs, base), {"__module__": base.__module__})
        super().register(model_or_iterable, guarded, **options)

    def extra_urls(self) -> list[URLPattern]:
        """unfold's hook, asked before its own URLs."""
        from tenants.domains.admin_page import hosts_page  # noqa: PLC0415 - models can not be imported any sooner

        return [
            path("theme.css", self.theme_css, name="theme_css"),
            path("hosts/", self.admin_view(hosts_page), name="hosts"),
        ]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        # Else the theme writes the colours into the page, which needs a policy that allows styles of any kind.
        return {**super().each_context(request), "colors": None}

    def theme_css(self, request: HttpRequest) -> HttpResponse:
        """The theme's colours, primary ones in the brand. Not secret: brand.css says as much."""
        colours: dict[str, dict[str, str]] = self._get_colors("COLORS", request)
        lines = [
            f"--color-{name}-{weight}: {value};" for name, all_ in colours.items() for weight, value in all_.items()
        ]
        response = HttpResponse(":root {\n" + "\n".join(lines) + "\n}\n", content_type="text/css; charset=utf-8")
        response["Cache-Control"] = "private, max-age=60"
        return response

    def has_permission(self, request: HttpRequest) -> bool:
        return isinstance(request.user, Member) and request.user.is_staff

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:  # noqa: ARG002
        """To the business's sign-in page; a member whose role has no admin gets 403, not a form."""
        if isinstance(request.user, Member):
            if not self.has_permission(request):
                raise PermissionDenied("Your role does not include the admin.")
            return HttpResponseRedirect(f"/{self.name}/")
        return redirect_to_login(request.GET.get("next") or f"/{self.name}/")

    @method_decorator(never_cache)
    def logout(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:  # noqa: ARG002
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        auth.logout(request)
        return HttpResponseRedirect(settings.LOGOUT_REDIRECT_URL)
