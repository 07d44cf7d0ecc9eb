"""Sign-in, sign-out, brand stylesheet and logo."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tenants.branding import brand_css, get_brand, open_logo
from tenants.members.forms import SignInForm
from tenants.members.models import Member


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The form, in the brand; back to `next` on this host only."""
    target = _next(request)
    if isinstance(request.user, Member):
        return HttpResponseRedirect(target)
    form = SignInForm(request.POST or None, request=request)
    if request.method == "POST" and form.is_valid() and form.member:
        login(request, form.member)
        return HttpResponseRedirect(target)
    status = 200 if request.method != "POST" else 429 if form.has_error("__all__", "blocked") else 422
    return render(request, "sign_in.html", {"form": form, "next": target}, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return HttpResponseRedirect(settings.LOGOUT_REDIRECT_URL)


@require_GET
def brand_stylesheet(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    response = HttpResponse(brand_css(get_brand()), content_type="text/css; charset=utf-8")
    response["Cache-Control"] = "private, max-age=60"
    return response


@require_GET
def brand_logo(request: HttpRequest) -> HttpResponseBase:  # noqa: ARG001
    """The business's logo, from its own folder; there is no other public way to stored files."""
    logo = open_logo()
    if logo is None:
        raise Http404("No logo.")
    file, content_type = logo
    response = FileResponse(file, content_type=content_type)
    response["Cache-Control"] = "private, max-age=3600"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _next(request: HttpRequest) -> str:
    target = request.POST.get("next") or request.GET.get("next") or ""
    is_safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}, require_https=settings.HTTPS)
    if is_safe and not target.startswith(settings.LOGIN_URL):
        return target
    return settings.LOGIN_REDIRECT_URL
