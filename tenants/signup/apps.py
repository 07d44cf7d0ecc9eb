from django.apps import AppConfig


class SignUpConfig(AppConfig):
    name = "tenants.signup"
    verbose_name = "New businesses"
