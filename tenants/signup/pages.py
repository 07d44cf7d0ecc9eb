"""Signing up on the public host: the form, "look at your mail", and one page per request that its mail leads to."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from tenants.domains.free import TAKEN, is_free
from tenants.domains.names import NameRefused, subdomain, word_of
from tenants.mail import MailNotSent, absolute_url
from tenants.selectors import business_of
from tenants.signup import limits, links, services
from tenants.signup.forms import AddressForm, SignUpForm
from tenants.signup.links import LinkClosed
from tenants.signup.models import TO_BUILD, BusinessRequest, Problem, State
from tenants.signup.services import StepRefused

GONE, UNPROCESSABLE, TOO_MANY, UNAVAILABLE = 410, 422, 429, 503


def if_open(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """404 where people can not sign up by themselves."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if settings.SIGN_UP == "closed":
            raise Http404("Nobody signs up here.")
        return view(request, *args, **kwargs)

    return guarded


@never_cache
@if_open
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    form = SignUpForm(request.POST or None)
    if request.method != "POST":
        return _form(request, form)
    origin = limits.origin_of(request)
    if limits.is_too_often(origin):
        return render(request, "signup/too_often.html", status=TOO_MANY)
    if not form.is_robot:
        if not form.is_valid():
            return _form(request, form, UNPROCESSABLE)
        if not limits.has_mail_enough(form.cleaned_data["admin_email"]):
            try:
                services.sign_up(form.wanted(), origin=origin)
            except MailNotSent:
                form.add_error(None, "The mail to confirm your address could not be sent. Try again in a few minutes.")
                return _form(request, form, UNAVAILABLE)
    # The same for everybody: it tells nobody who asked before, and a robot nothing at all.
    return HttpResponseRedirect(reverse("sign_up_sent"))


@if_open
@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    return render(request, "signup/sent.html", {"hours": int(links.CONFIRM_WITHIN.total_seconds() // 3600)})


@never_cache
@if_open
@require_safe
def free(request: HttpRequest) -> HttpResponse:
    """Whether `?address=` can be had, for the form while it is filled in."""
    try:
        word = word_of(request.GET.get("address", ""))
    except NameRefused as error:
        return JsonResponse({"is_free": False, "host": "", "message": str(error)})
    if not is_free(word):
        return JsonResponse({"is_free": False, "host": subdomain(word), "message": TAKEN})
    return JsonResponse({"is_free": True, "host": subdomain(word), "message": f"{subdomain(word)} is free."})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up_request(request: HttpRequest, key: str) -> HttpResponse:
    """Where the mail leads. A button confirms: programs that open every link in a mail press none."""
    try:
        found = links.find(key)
    except LinkClosed:
        return render(request, "signup/closed.html", status=GONE)
    if found.state == State.REQUESTED and settings.SIGN_UP == "closed":
        raise Http404("Nobody signs up here any more.")
    return _step(request, found, key) if request.method == "POST" else _page(request, found, key)


@never_cache
@require_safe
def sign_up_state(request: HttpRequest, key: str) -> HttpResponse:  # noqa: ARG001 - a view
    """For the page that waits."""
    try:
        found = links.find(key)
    except LinkClosed:
        return JsonResponse({"code": "gone", "message": "This link leads nowhere any more."}, status=GONE)
    return JsonResponse(
        {"state": found.state, "is_final": found.state not in TO_BUILD, "is_invited": _is_invited(found)}
    )


def _step(request: HttpRequest, found: BusinessRequest, key: str) -> HttpResponse:
    """Confirms, or tries again at another address. Twice at once is once."""
    form = None
    slug = found.slug
    if "slug" in request.POST:
        form = AddressForm(request.POST, but_for=found.pk)
        if not form.is_valid():
            return _page(request, found, key, form, UNPROCESSABLE)
        slug = form.cleaned_data["slug"]
    try:
        if found.state == State.REQUESTED:
            services.confirm(found, slug=slug)
        elif found.state == State.FAILED and found.problem_code == Problem.TAKEN:
            services.try_again(found, slug=slug)
    except NameRefused:
        return _page(request, found, key, status=UNPROCESSABLE)
    except StepRefused:
        pass
    return HttpResponseRedirect(reverse("sign_up_request", args=[key]))


def _page(
    request: HttpRequest, found: BusinessRequest, key: str, form: AddressForm | None = None, status: int = 200
) -> HttpResponse:
    may_choose = found.state == State.REQUESTED or (
        found.state == State.FAILED and found.problem_code == Problem.TAKEN and found.tenant_id is None
    )
    is_taken = may_choose and not is_free(found.slug, but_for=found.pk)
    if (is_taken or found.state == State.FAILED) and may_choose and form is None:
        form = AddressForm(initial={"slug": ""})
    context = {
        "found": found,
        "host": subdomain(found.slug),
        "form": form,
        "domain": settings.BUSINESS_DOMAIN,
        "may_choose": may_choose,
        "is_waiting": found.state in TO_BUILD,
        "is_invited": _is_invited(found),
        "home": absolute_url("/sign-in/", business=business_of(found.tenant)) if found.tenant else "",
        "config": {"stateUrl": reverse("sign_up_state", args=[key]), "state": found.state},
    }
    return render(request, "signup/request.html", context, status=status)


def _is_invited(found: BusinessRequest) -> bool:
    return found.invited_at is not None


def _form(request: HttpRequest, form: SignUpForm, status: int = 200) -> HttpResponse:
    context = {"form": form, "domain": settings.BUSINESS_DOMAIN, "needs_agreement": settings.SIGN_UP == "approval"}
    return render(request, "signup/sign_up.html", context, status=status)
