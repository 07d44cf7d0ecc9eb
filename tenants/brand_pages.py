"""Stylesheet, pictures and manifest of the business whose host was asked. There is no other way to stored files."""

from __future__ import annotations

from typing import TypeVar

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from tenants import branding

Response = TypeVar("Response", bound=HttpResponseBase)

# Addresses change with what they show (`Brand.palette`, `icon_mark`, the file's name).
HOUR, MINUTE = 3600, 60


@require_safe
def stylesheet(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - views, also below
    css = branding.brand_css(branding.get_brand())
    return _kept(HttpResponse(css, content_type="text/css; charset=utf-8"), MINUTE)


@require_safe
def picture(request: HttpRequest, kind: str) -> HttpResponseBase:  # noqa: ARG001
    file = branding.open_picture(kind)
    if file is None:
        raise Http404("No such picture.")
    return _sealed(FileResponse(file, content_type="image/png"), HOUR)


@require_safe
def icon(request: HttpRequest, size: str) -> HttpResponseBase:  # noqa: ARG001
    return _sealed(HttpResponse(branding.icon(int(size)), content_type="image/png"), HOUR)


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    content = branding.manifest(branding.get_brand())
    return _kept(JsonResponse(content, content_type="application/manifest+json"), MINUTE)


def _sealed(response: Response, seconds: int) -> Response:
    """A picture that, opened by itself, may load and run nothing. `nosniff` comes from the security middleware."""
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return _kept(response, seconds)


def _kept(response: Response, seconds: int) -> Response:
    response["Cache-Control"] = f"private, max-age={seconds}"
    return response
