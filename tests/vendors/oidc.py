"""An OpenID Connect provider on a real socket: discovery, keys, code flow with PKCE.

Whoever asks is signed in at once.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID, CLIENT_SECRET = "sales-pilot", "a-client-secret"


@dataclass(slots=True)
class Grant:
    """What one code stands for."""

    redirect_uri: str
    challenge: str
    claims: dict[str, Any]


@dataclass
class OidcVendor:
    """`with OidcVendor() as vendor:` — `claims` is who signs in; the rest makes it misbehave.

    `token_changes` replace claims of the id_token, `signs_with` another key, `userinfo` the user information.
    """

    claims: dict[str, Any] = field(
        default_factory=lambda: {"sub": "u-1", "email": "bo@example.com", "email_verified": True, "name": "Bo Berg"}
    )
    token_changes: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] | None = None
    issuer_said: str = ""
    signs_with: rsa.RSAPrivateKey | None = None
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.key = new_key()
        self.grants: dict[str, Grant] = {}
        self.tokens: dict[str, dict[str, Any]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=[0.02], daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def authorize(self, url: str) -> str:
        """What the browser would be sent back to after signing in at `url`."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert asked["client_id"] == CLIENT_ID
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self.grants[code] = Grant(asked["redirect_uri"], asked["code_challenge"], dict(self.claims))
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer_said or self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def keys(self) -> dict[str, Any]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [public | {"kid": "k1", "alg": "RS256", "use": "sig"}]}

    def token(self, form: dict[str, str]) -> dict[str, Any] | None:
        """Each code once, to the client with the secret, with the verifier of its challenge."""
        grant = self.grants.pop(form.get("code", ""), None)
        if grant is None or form.get("redirect_uri") != grant.redirect_uri:
            return None
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return None
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != grant.challenge:
            return None
        access = secrets.token_urlsafe(16)
        self.tokens[access] = self.userinfo if self.userinfo is not None else grant.claims
        now = int(time.time())
        claims = grant.claims | {"iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 300} | self.token_changes
        signed = jwt.encode(claims, self.signs_with or self.key, algorithm="RS256", headers={"kid": "k1"})
        return {"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": signed}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        vendor = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                vendor.requests.append(self.path)
                bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
                pages: dict[str, Any] = {
                    "/.well-known/openid-configuration": vendor.discovery(),
                    "/keys": vendor.keys(),
                    "/userinfo": vendor.tokens.get(bearer),
                }
                self._answer(pages.get(self.path))

            def do_POST(self) -> None:
                vendor.requests.append(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
                form = {name: values[0] for name, values in parse_qs(body).items()}
                self._answer(vendor.token(form) if self.path == "/token" else None)

            def _answer(self, content: dict[str, Any] | None) -> None:
                body = json.dumps(content if content is not None else {"error": "invalid_request"}).encode()
                self.send_response(200 if content is not None else 400)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
