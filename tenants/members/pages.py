"""Brand stylesheet and logo."""

from __future__ import annotations

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET

from tenants.branding import brand_css, get_brand, open_logo


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
