"""Sign-in, sign-out and the brand: on every host."""

from __future__ import annotations

from django.urls import path

from tenants.members import pages

urlpatterns = [
    path("sign-in/", pages.sign_in, name="sign_in"),
    path("sign-out/", pages.sign_out, name="sign_out"),
    path("brand.css", pages.brand_stylesheet, name="brand_css"),
    path("brand/logo", pages.brand_logo, name="brand_logo"),
]
