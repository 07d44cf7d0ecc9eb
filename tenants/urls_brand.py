"""The brand: on every host, before anyone has signed in."""

from __future__ import annotations

from django.urls import path, re_path

from tenants import brand_pages
from tenants.branding import PICTURES
from tenants.images import ICON_SIZES

_KINDS = "|".join(PICTURES)
_SIZES = "|".join(str(size) for size in ICON_SIZES)

urlpatterns = [
    path("brand.css", brand_pages.stylesheet, name="brand_css"),
    re_path(rf"^brand/(?P<kind>{_KINDS})$", brand_pages.picture, name="brand_picture"),
    re_path(rf"^brand/icon-(?P<size>{_SIZES})\.png$", brand_pages.icon, name="brand_icon"),
    path("favicon.ico", brand_pages.icon, {"size": "32"}, name="favicon"),
    path("manifest.webmanifest", brand_pages.manifest, name="manifest"),
]
