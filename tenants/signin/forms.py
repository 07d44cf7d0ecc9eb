"""The forms of sign-in: allauth's, with our fields and sentences."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm, ReauthenticateForm, ResetPasswordForm, ResetPasswordKeyForm
from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password

from tenants.members.models import Member


def email_field(**attributes: Any) -> forms.EmailField:
    return forms.EmailField(
        label="E-mail",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", **attributes}),
        error_messages={"required": "Enter your e-mail address.", "invalid": "Enter a whole e-mail address."},
    )


def password_field(label: str = "Password", **attributes: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        strip=False,
        max_length=256,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", **attributes}),
        error_messages={"required": "Enter your password."},
    )


def new_password_field(label: str = "New password") -> forms.CharField:
    field = password_field(label, autocomplete="new-password")
    field.error_messages["required"] = "Enter a password."
    field.help_text = " ".join(password_validators_help_texts())
    return field


class SignInForm(LoginForm):  # type: ignore[misc]  # allauth has no types
    """E-mail and password; one sentence for every way they can be wrong."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields = {"email": email_field(autofocus=True), "password": password_field()}

    def user_credentials(self) -> dict[str, str]:
        return {"email": self.cleaned_data["email"].lower(), "password": self.cleaned_data["password"]}

    def clean(self) -> dict[str, Any]:
        # The name under which allauth looks for it.
        self.cleaned_data["login"] = self.cleaned_data.get("email", "")
        data: dict[str, Any] = super().clean()
        return data


class ConfirmForm(ReauthenticateForm):  # type: ignore[misc]
    """The password once more, before something that matters."""

    password = password_field(autofocus=True)


class ForgottenForm(ResetPasswordForm):  # type: ignore[misc]
    email = email_field(autofocus=True)


class NewPasswordForm(ResetPasswordKeyForm):  # type: ignore[misc]
    """One field: browsers show what was typed, and a slip is mended by another mail."""

    password1 = new_password_field()
    password2 = None

    def clean_password1(self) -> str:
        password: str = self.cleaned_data["password1"]
        validate_password(password, self.user)
        return password


class JoinForm(forms.Form):
    """What an invited person tells: the name, and a password of their own."""

    name = forms.CharField(
        label="Your name",
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Enter your name."},
    )
    password = new_password_field("Password")

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._email = email

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, Member(email=self._email, name=self.cleaned_data.get("name", "")))
        return password


class NameForm(forms.Form):
    name = forms.CharField(
        label="Name",
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Enter your name."},
    )


class ChangePasswordForm(forms.Form):
    current = password_field("Present password")
    new = new_password_field()

    def __init__(self, *args: Any, member: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._member = member

    def clean_current(self) -> str:
        password: str = self.cleaned_data["current"]
        if not self._member.check_password(password):
            raise forms.ValidationError("This is not your present password.")
        return password

    def clean_new(self) -> str:
        password: str = self.cleaned_data["new"]
        validate_password(password, self._member)
        return password
