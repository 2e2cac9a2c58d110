"""The pages below `/auth`: sign in at the hosted login, then the code for `dce auth`.

GET /auth --(script or link)--> hosted login --> GET /auth?code&state --> the credentials page

Everybody may open them. What they show is kept by nobody: no cache, no log, no frame, no referrer.
"""

import html
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from string import Template
from urllib.parse import urlsplit

from poolgate_dce.authentication_codes import render_code
from poolgate_dce.hosted_login import (
    CodeRefused,
    HostedLogin,
    LoginUnavailable,
    StartedSignIn,
)
from poolgate_dce.pool_keys import KeysNotForUser, PoolKeys
from poolgate_dce.pool_users import Pools

AUTH_PATH = "/auth"
# How long somebody may take to sign in.
_COOKIE_SECONDS = 3600
_COOKIE = "dce-sign-in"
_FOLDER = files("poolgate_dce") / "pages"
_PUBLIC = {
    f"{AUTH_PATH}/public/auth.css": ("text/css", (_FOLDER / "auth.css").read_bytes()),
    f"{AUTH_PATH}/public/auth.js": ("text/javascript", (_FOLDER / "auth.js").read_bytes()),
}
_TEMPLATES = {
    name: Template((_FOLDER / f"{name}.html").read_text(encoding="utf-8"))
    for name in ("sign_in", "credentials", "refused")
}
_CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none';"
    " form-action 'self' {login}; frame-ancestors 'none'"
)
_NOT_STARTED_HERE = "This sign-in was not started in this browser, or it has been used already."
_CODE_REFUSED = "The sign-in has expired or has been used already."
_NOT_SIGNED_IN = "You have not been signed in."
_NO_KEYS = "You have signed in, but there is no role for you here. Ask an administrator."
_UNAVAILABLE = "The sign-in cannot be finished at the moment. Try again in a minute."
_log = logging.getLogger("poolgate_dce")


@dataclass(frozen=True, slots=True, repr=False)
class Page:
    """What a browser gets."""

    status: int
    media_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class PageRequest:
    """What a browser asks for; `path` begins below the base path."""

    path: str
    query: Mapping[str, str]
    cookies: Mapping[str, str]


class AuthPages:
    """Answers browsers; `site_url` is what everything of this API begins with for clients."""

    def __init__(
        self, site_url: str, stage: str, pools: Pools, login: HostedLogin, pool_keys: PoolKeys
    ) -> None:
        self._base_path = urlsplit(site_url).path
        self._start_url = f"{site_url}{AUTH_PATH}"
        self._is_secure = site_url.startswith("https://")
        # SPEC RFC 6265bis s4.1.3.2: a name that no other host can set; it needs TLS.
        self._cookie = f"__Host-{_COOKIE}" if self._is_secure else _COOKIE
        self._login = login
        self._pool_keys = pool_keys
        self._settings = {
            "SITE_PATH_PREFIX": AUTH_PATH[1:],
            "APIGW_DEPLOYMENT_NAME": stage,
            "AWS_CURRENT_REGION": pools.region,
            "IDENTITY_POOL_ID": pools.identity_pool_id,
            "USER_POOL_PROVIDER_NAME": pools.provider,
            "USER_POOL_CLIENT_ID": login.client_id,
            "USER_POOL_APP_WEB_DOMAIN": login.url.partition("://")[2],
            "USER_POOL_ID": pools.user_pool_id,
        }
        login_url = urlsplit(login.url)
        login_origin = f"{login_url.scheme}://{login_url.netloc}"
        self._headers = (
            ("Content-Security-Policy", _CONTENT_POLICY.format(login=login_origin)),
            ("Cache-Control", "no-store"),
            ("Referrer-Policy", "no-referrer"),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "DENY"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
        )

    def answer(self, request: PageRequest) -> Page | None:
        """Return the page or file at the path, None where there is none."""
        if request.path in _PUBLIC:
            media_type, content = _PUBLIC[request.path]
            return Page(200, media_type, content, (("X-Content-Type-Options", "nosniff"),))
        if request.path != AUTH_PATH:
            return None
        if "code" in request.query:
            return self._finish(request)
        if "error" in request.query:
            return self._refused(400, _NOT_SIGNED_IN)
        return self._begin()

    def _begin(self) -> Page:
        started = self._login.start()
        return self._page(
            200,
            "sign_in",
            {
                "sign_in_url": html.escape(self._login.sign_in_url(started)),
                # A data block, which no browser runs; it must not end early.
                "settings": json.dumps(self._settings).replace("<", "\\u003c"),
            },
            self._cookie_header(started.carried(), _COOKIE_SECONDS),
        )

    def _finish(self, request: PageRequest) -> Page:
        started = StartedSignIn.parse(request.cookies.get(self._cookie, ""))
        if started is None or not started.is_answered_by(request.query.get("state", "")):
            return self._refused(400, _NOT_STARTED_HERE)
        try:
            id_token = self._login.id_token(request.query["code"], started)
            keys = self._pool_keys.keys_for(id_token)
        except CodeRefused:
            return self._refused(400, _CODE_REFUSED)
        except KeysNotForUser:
            return self._refused(403, _NO_KEYS)
        except LoginUnavailable:
            _log.warning("auth_page_unavailable", exc_info=True)
            return self._refused(503, _UNAVAILABLE)
        shown = {"authentication_code": render_code(keys), **self._sign_out()}
        return self._page(200, "credentials", shown, self._cookie_header("", 0))

    def _refused(self, status: int, reason: str) -> Page:
        shown = {"reason": reason, "start_url": self._start_url, **self._sign_out()}
        return self._page(status, "refused", shown, self._cookie_header("", 0))

    def _sign_out(self) -> Mapping[str, str]:
        fields = {"client_id": self._login.client_id, "logout_uri": self._start_url}
        return {
            "sign_out_url": html.escape(f"{self._login.url}/logout"),
            "sign_out_fields": "".join(
                f'<input type="hidden" name="{name}" value="{html.escape(text)}">'
                for name, text in fields.items()
            ),
        }

    def _page(
        self, status: int, name: str, shown: Mapping[str, str], cookie: tuple[str, str]
    ) -> Page:
        body = _TEMPLATES[name].substitute(shown, base=self._base_path)
        return Page(status, "text/html", body.encode(), (*self._headers, cookie))

    def _cookie_header(self, value: str, seconds: int) -> tuple[str, str]:
        # Lax: the hosted login's redirect must bring it along.
        text = f"{self._cookie}={value}; Max-Age={seconds}; Path=/; HttpOnly; SameSite=Lax"
        return ("Set-Cookie", f"{text}; Secure" if self._is_secure else text)
