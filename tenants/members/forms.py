"""The sign-in form: one sentence for every way it can fail."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.http import HttpRequest

from tenants.members import throttle
from tenants.members.models import Member


class SignInForm(forms.Form):
    """E-mail and password. `member` is set once the form is valid."""

    email = forms.EmailField(
        label="E-mail",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
        error_messages={"required": "Enter your e-mail address.", "invalid": "Enter a whole e-mail address."},
    )
    password = forms.CharField(
        label="Password",
        strip=False,
        max_length=256,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "Enter your password."},
    )

    member: Member | None = None

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        email, password = data.get("email"), data.get("password")
        if not email or not password:
            return data
        address = self.request.META.get("REMOTE_ADDR", "")
        if throttle.is_blocked(email, address):
            raise forms.ValidationError("Too many failed attempts. Wait 15 minutes, then try again.", code="blocked")
        member = authenticate(self.request, username=email.lower(), password=password)
        if not isinstance(member, Member):
            throttle.note_failure(email, address)
            raise forms.ValidationError("E-mail or password is not right. Passwords mind upper and lower case.")
        throttle.note_success(email, address)
        self.member = member
        return data
