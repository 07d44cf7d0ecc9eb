"""All settings, read from the environment by strict readers. Every name is explained in docs/settings.md."""

from __future__ import annotations

from pathlib import Path

from celery.schedules import crontab

from salespilot import databases, env, logs, mailing

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.text("SALESPILOT_VAR", str(BASE_DIR / "var")))
env.adopt_running(VAR_DIR / "quickstart.json")

# Security ------------------------------------------------------------------------------------

DEBUG = env.boolean("DEBUG")
SECRET_KEY = env.text("SECRET_KEY") or databases.local_secret(VAR_DIR / "secret-key")
HTTPS = env.boolean("HTTPS")
PUBLIC_HOST = env.text("PUBLIC_HOST", "localhost")
# Where sub-domains of businesses are, and where domains of their own have to lead.
BUSINESS_DOMAIN = env.host("BUSINESS_DOMAIN", PUBLIC_HOST)
DOMAIN_TARGET = env.host("DOMAIN_TARGET", PUBLIC_HOST)
# Empty: the name servers of this machine.
DNS_SERVERS = env.sockets("DNS_SERVERS", port=53)
# Who may ask whether a certificate is wanted for a host.
TLS_ASK_ALLOWED = env.networks("TLS_ASK_ALLOWED", "127.0.0.0/8,::1")
# Whether people may sign up a new business on the public host.
SIGN_UP = env.choice("SIGN_UP", "closed", ("closed", "approval", "open"))

# The Domain table is the allow-list: an unknown host gets 404 before anything else, and no link is
# ever built from the Host header.
ALLOWED_HOSTS = ["*"]

SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
SESSION_COOKIE_DOMAIN = None
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_DOMAIN = None
CSRF_FAILURE_VIEW = "tenants.error_pages.no_csrf"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576

# Same keys as Django 6.0's SECURE_CSP, so that the move is a rename.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "media-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "worker-src": ["'self'", "blob:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    },
}

# Businesses ----------------------------------------------------------------------------------

SHARED_APPS = [
    # Before django_tenants, which brings an index page of its own for the admin.
    "unfold.apps.BasicAppConfig",
    "django_tenants",
    "tenants",
    "tenants.members",
    "tenants.signup",
    "billing.rates",
    # Sign-in of operators; the same tables stand in every business's schema.
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.mfa",
    "allauth.usersessions",
    "tenants.admin_config.BusinessAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "csp",
]
TENANT_APPS = [
    "tenants.members",
    "tenants.house",
    "tenants.audit",
    "tenants.signin",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.mfa",
    "allauth.usersessions",
    "coaching",
    "calls",
    "billing",
    "tenants.admin_config.BusinessAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
]
INSTALLED_APPS = [*SHARED_APPS, *(app for app in TENANT_APPS if app not in SHARED_APPS)]
TENANT_MODEL = "tenants.Tenant"
TENANT_DOMAIN_MODEL = "tenants.Domain"
PUBLIC_SCHEMA_URLCONF = "salespilot.urls_public"
ROOT_URLCONF = "salespilot.urls"
AUTH_USER_MODEL = "members.Member"
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/sign-in/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]

# Sign-in, by django-allauth; what is a business's own choice stands in its schema, see tenants/signin/.
# Without it, behind a proxy everybody would come from the proxy's address, and limits would be shared by all.
ALLAUTH_TRUSTED_PROXY_COUNT = env.integer("TRUSTED_PROXIES", 1 if HTTPS else 0, minimum=0, maximum=5)
ACCOUNT_ADAPTER = "tenants.signin.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_SESSION_REMEMBER = True
# Failed sign-ins are counted by tenants/members/throttle.py: an office behind one address may sign in at nine.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": "10/15m/key"}
ACCOUNT_FORMS = {
    "reset_password": "tenants.signin.forms.ForgottenForm",
    "reset_password_from_key": "tenants.signin.forms.NewPasswordForm",
    "reauthenticate": "tenants.signin.forms.ConfirmForm",
}
MFA_ADAPTER = "tenants.signin.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1
# Without TLS browsers offer passkeys on localhost only, and the library knows just one name of it.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
SOCIALACCOUNT_ADAPTER = "tenants.signin.outside.OutsideAdapter"
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_LOGIN_ON_GET = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
# Whether identity providers may be on addresses that only this network reaches, and speak plain http.
SSO_PRIVATE_ADDRESSES = env.boolean("SSO_PRIVATE_ADDRESSES")

# Order matters: the business first (the session table is the business's own), see tenants/http.py.
MIDDLEWARE = [
    "salespilot.probes.answer_probes",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "tenants.content_policy.ContentPolicyMiddleware",
    "tenants.http.BusinessMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ASGI_APPLICATION = "salespilot.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tenants.branding.context",
            ]
        },
    }
]

# Database, cache, channel layer, tasks --------------------------------------------------------

# DATABASE_URL is the login role that owns nothing; DATABASE_OWNER_URL migrates. See tenants/postgresql/.
AS_OWNER = env.boolean("SALESPILOT_AS_OWNER")
DATABASES = {
    "default": databases.from_url(
        "DATABASE_OWNER_URL" if AS_OWNER else "DATABASE_URL",
        as_owner=AS_OWNER,
        pool_max=env.integer("DATABASE_POOL_MAX", 16, minimum=2, maximum=200),
    )
}
# Who the grants of each business go to.
DATABASE_APP_ROLE = databases.login_role("DATABASE_URL")
# Whether the owner can be asked; empty when only the application's address is known here.
DATABASE_OWNER_ROLE = databases.login_role("DATABASE_OWNER_URL")
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.url("REDIS_URL", "redis://127.0.0.1:6379/0", schemes=("redis", "rediss", "unix"))
CACHES = {
    "default": {
        "BACKEND": "tenants.caching.BusinessCache",
        "LOCATION": REDIS_URL,
        "KEY_FUNCTION": "tenants.caching.make_key",
    }
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": "sp"},
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_TRANSPORT = "salespilot.broker:Transport"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A Redis that refuses to write (a full disk, a lost replica) is away for a while: no reason to end a worker.
CELERY_BROKER_CHANNEL_ERROR_RETRY = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 600
CELERY_TASK_SOFT_TIME_LIMIT = 540
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20
CELERY_TASK_DEFAULT_QUEUE = "salespilot"
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": "sp:",
    "socket_connect_timeout": 2,
    "socket_timeout": 10,
    # Sending does not wait for a broker that is down: the sweeper finds what was not sent. Workers wait as ever.
    "max_retries": 0,
    "interval_start": 0,
}
SWEEP_SECONDS = env.integer("SWEEP_SECONDS", 15, minimum=1, maximum=3600)
DOMAIN_CHECK_SECONDS = env.integer("DOMAIN_CHECK_SECONDS", 60, minimum=1, maximum=3600)
RETENTION_HOUR = env.integer("RETENTION_HOUR", 2, minimum=0, maximum=23)
CELERY_BEAT_SCHEDULER = "salespilot.beat:SteadyScheduler"
# A sweep that no worker took before the next one is due is of no use.
CELERY_BEAT_SCHEDULE = {
    "sweep-calls": {
        "task": "calls.sweep",
        "schedule": float(SWEEP_SECONDS),
        "options": {"expires": float(SWEEP_SECONDS)},
    },
    "apply-retention": {
        "task": "calls.retention",
        "schedule": crontab(hour=RETENTION_HOUR, minute=17),
        "options": {"expires": 6 * 3600.0},
    },
    "check-domains": {
        "task": "tenants.check_domains",
        "schedule": float(DOMAIN_CHECK_SECONDS),
        "options": {"expires": float(DOMAIN_CHECK_SECONDS)},
    },
    "forget-sign-ups": {
        "task": "tenants.forget_sign_ups",
        "schedule": crontab(hour=RETENTION_HOUR, minute=47),
        "options": {"expires": 6 * 3600.0},
    },
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# Vendors -------------------------------------------------------------------------------------

SPEECH_PROVIDER = env.choice("SPEECH_PROVIDER", "auto", ("auto", "deepgram", "local", "browser", "none"))
DEEPGRAM_API_KEY = env.text("DEEPGRAM_API_KEY")
DEEPGRAM_BASE_URL = env.url("DEEPGRAM_BASE_URL", "", schemes=("http", "https"))
DEEPGRAM_MODEL = env.text("DEEPGRAM_MODEL", "nova-3")
# Most live streams at once at the vendor on the installation's key; 0: nobody counts. How many of them are left to
# businesses that hold none.
SPEECH_SLOTS_MAX = env.integer("SPEECH_SLOTS_MAX", 0, minimum=0, maximum=100_000)
SPEECH_SLOTS_RESERVED = env.integer("SPEECH_SLOTS_RESERVED", 1, minimum=0, maximum=10_000)
OPENAI_API_KEY = env.text("OPENAI_API_KEY")
OPENAI_BASE_URL = env.url("OPENAI_BASE_URL", "", schemes=("http", "https"))
OPENAI_LIVE_MODEL = env.text("OPENAI_LIVE_MODEL", "gpt-6-luna")
OPENAI_REPORT_MODEL = env.text("OPENAI_REPORT_MODEL", "gpt-6.1-terra")
AUDIO_STORAGE_URL = env.url("AUDIO_STORAGE_URL", f"file://{VAR_DIR / 'audio'}", schemes=("file",))
LOCAL_SPEECH_MODEL_DIR = env.text("LOCAL_SPEECH_MODEL_DIR")
LOCAL_SPEECH_STREAMS = env.integer("LOCAL_SPEECH_STREAMS", 4, minimum=1, maximum=64)
SENTRY_DSN = env.url("SENTRY_DSN", "", schemes=("http", "https"))
SENTRY_ENVIRONMENT = env.text("SENTRY_ENVIRONMENT", "production")
METRICS_TOKEN = env.text("METRICS_TOKEN")

LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOGGING = logs.configuration(LOG_LEVEL)

# The call ------------------------------------------------------------------------------------

LIVE_CALLS_MAX = env.integer("LIVE_CALLS_MAX", 200, minimum=1, maximum=10_000)
LIVE_CALLS_PER_BUSINESS = env.integer("LIVE_CALLS_PER_BUSINESS", 100, minimum=1, maximum=10_000)
SOCKETS_PER_MEMBER = env.integer("SOCKETS_PER_MEMBER", 250, minimum=4, maximum=100_000)
CALL_LATE_AUDIO_HOURS = env.integer("CALL_LATE_AUDIO_HOURS", 24, minimum=1, maximum=168)
CALL_SILENT_AFTER_S = env.integer("CALL_SILENT_AFTER_S", 120, minimum=10, maximum=86_400)

# Mail ----------------------------------------------------------------------------------------

_MAIL = mailing.from_url(env.url("MAIL_URL", f"file://{VAR_DIR / 'mail'}", schemes=mailing.SCHEMES))
EMAIL_BACKEND = _MAIL.backend
EMAIL_FILE_PATH = _MAIL.folder
EMAIL_HOST, EMAIL_PORT = _MAIL.host, _MAIL.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _MAIL.user, _MAIL.password
EMAIL_USE_TLS, EMAIL_USE_SSL = _MAIL.tls == "starttls", _MAIL.tls == "implicit"
EMAIL_TIMEOUT = 10
# Every business's mails come from this one address, under the business's name: see docs/branding.md.
DEFAULT_FROM_EMAIL = SERVER_EMAIL = mailing.sender(env.text("MAIL_FROM"), host=PUBLIC_HOST)
LINK_PORT = env.integer("LINK_PORT", 0, minimum=0, maximum=65_535)

# Interface -----------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "tenants.members.authentication.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
# Import paths: each is asked with the request, so every host gets its own brand.
UNFOLD = {
    "SITE_TITLE": "tenants.admin_theme.site_title",
    "SITE_HEADER": "tenants.admin_theme.site_header",
    "SITE_SUBHEADER": "tenants.admin_theme.site_subheader",
    "SITE_ICON": "tenants.admin_theme.site_icon",
    "SITE_SYMBOL": "graphic_eq",
    "STYLES": ["tenants.admin_theme.stylesheet", "tenants.admin_theme.corrections"],
    "ACCOUNT": {"navigation": "tenants.admin_theme.account_links"},
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/png", "sizes": "32x32", "href": "tenants.admin_theme.favicon"},
        {"rel": "apple-touch-icon", "href": "tenants.admin_theme.home_screen_icon"},
    ],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "COLORS": {"primary": "tenants.admin_theme.primary_colours"},
    "SIDEBAR": {"show_search": False, "navigation": "tenants.admin_theme.navigation"},
}
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = VAR_DIR / "static"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
MEDIA_ROOT = VAR_DIR / "media"
MEDIA_URL = "/media/"
EXPORTS_DIR = Path(env.text("EXPORTS_DIR", str(VAR_DIR / "exports")))
TEST_RUNNER = "django.test.runner.DiscoverRunner"
