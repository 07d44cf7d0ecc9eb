from django.apps import AppConfig


class HouseConfig(AppConfig):
    name = "tenants.house"
    label = "house"
    verbose_name = "Brand and policies"
