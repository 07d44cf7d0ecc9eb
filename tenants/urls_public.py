"""The public host: the operators' front door, and where new businesses sign up."""

from __future__ import annotations

from django.urls import path

from tenants import pages
from tenants.signup import pages as signup

urlpatterns = [
    path("", pages.operators_home, name="home"),
    path("signup/", signup.sign_up, name="sign_up"),
    path("signup/sent/", signup.sent, name="sign_up_sent"),
    path("signup/address/", signup.free, name="sign_up_address"),
    path("signup/<str:key>/", signup.sign_up_request, name="sign_up_request"),
    path("signup/<str:key>/state/", signup.sign_up_state, name="sign_up_state"),
]
