"""A guarded API's surroundings without a socket: a pool's keys, a network, signing callers.

`Network` is the guard's explicit fetch function. It answers like a user pool and like the guard
door, counts what it was asked, and can be slow, down or wrong on purpose.
"""

import asyncio
import base64
import json
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa

from poolgate.foundation.clock import MovableClock
from poolgate.foundation.secret import Secret
from poolgate.guard import (
    BasicPasswords,
    BearerTokens,
    Guard,
    GuardRequest,
    OutboundAnswer,
    OutboundFailed,
    SignedRequests,
)
from poolgate.jose.key_sets import render_jwk, render_key_set
from poolgate.jose.tokens import sign_token, signing_key
from poolgate.sigv4.requests import RequestParts
from poolgate.sigv4.signing import derive_signing_key, presign, sign

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
SERVER = "http://127.0.0.1:9440"
POOL = "us-east-1_Example01"
ISSUER = f"{SERVER}/{POOL}"
CLIENT = "client1example"
ACCOUNT = "123456789012"
HOST = "api.example.com"
ALICE_SUB = "11111111-2222-4333-8444-555555555555"

_made = []


def rsa_key(number):
    """Return the n-th key; keys are made once a process."""
    while len(_made) <= number:
        _made.append(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    return _made[number]


def user_principal(name="deployer"):
    arn = f"arn:aws:iam::{ACCOUNT}:user/{name}"
    return {
        "type": "User",
        "arn": arn,
        "account_id": ACCOUNT,
        "user_id": "AIDAEXAMPLE0000000001",
        "principal_arn": arn,
        "temporary": None,
        "username": name,
    }


def role_session(role="service", path="/team/", session="run1"):
    return {
        "type": "AssumedRole",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}",
        "account_id": ACCOUNT,
        "user_id": f"AROAEXAMPLE0000000001:{session}",
        "principal_arn": f"arn:aws:iam::{ACCOUNT}:role{path}{role}",
        "temporary": None,
        "username": None,
    }


class AccessKey:
    def __init__(self, access_key_id, principal, policies=()):
        self.access_key_id = access_key_id
        self.secret = Secret(f"secret of {access_key_id}")
        self.principal = principal
        self.policies = [json.dumps(policy) for policy in policies]
        self.boundary = None
        self.session_policies = None
        self.session_token = None
        self.active = True


class Network:
    """The one place that the guard's calls go to."""

    def __init__(self, clock):
        self.clock = clock
        self.asked = Counter()
        self.published = {"k1": rsa_key(0)}
        self.passwords = {}
        self.challenged = {}
        self.access_keys = {}
        self.revoked_tokens = set()
        self.answers = {}
        self.is_down = False
        self.gate = None
        self.last = {}

    def fetch(self, request):
        what = self._what(request)
        self.asked[what] += 1
        self.last[what] = request
        if self.gate is not None:
            assert self.gate.wait(20)
        if self.is_down:
            raise OutboundFailed(private_detail="down")
        if what in self.answers:
            return self.answers[what]
        return getattr(self, f"answer_{what}")(request)

    async def fetch_async(self, request):
        await asyncio.sleep(0)
        if self.gate is not None:
            gate, self.gate = self.gate, None
            await asyncio.to_thread(gate.wait, 20)
        return self.fetch(request)

    def hold(self):
        """Let calls wait until the returned event is set."""
        self.gate = threading.Event()
        return self.gate

    def _what(self, request):
        path = urlsplit(request.url).path
        if path.endswith("/.well-known/jwks.json"):
            return "jwks"
        if path.startswith("/_poolgate/guard/"):
            return path.rpartition("/")[2].replace("-", "_")
        target = dict(request.headers)["X-Amz-Target"]
        return target.rpartition(".")[2]

    def answer_jwks(self, _request):
        return OutboundAnswer(
            200,
            render_key_set(
                [render_jwk(kid, key.public_key()) for kid, key in self.published.items()]
            ),
        )

    def answer_InitiateAuth(self, request):  # noqa: N802 - the operation's name
        parameters = json.loads(request.body)["AuthParameters"]
        username = parameters["USERNAME"]
        if self.passwords.get(username) != parameters["PASSWORD"]:
            return aws_error("NotAuthorizedException", "Incorrect username or password.")
        if username in self.challenged:
            answer = {"ChallengeName": self.challenged[username], "Session": "x"}
        else:
            claims = {"cognito:username": username, "sub": f"sub-of-{username}"}
            answer = {"AuthenticationResult": {"IdToken": id_token(self.clock, **claims)}}
        return OutboundAnswer(200, json.dumps(answer).encode())

    def answer_GetUser(self, request):  # noqa: N802 - the operation's name
        if json.loads(request.body)["AccessToken"] in self.revoked_tokens:
            return aws_error("NotAuthorizedException", "Access Token has been revoked")
        return OutboundAnswer(200, b'{"Username": "alice", "UserAttributes": []}')

    def answer_signing_key(self, request):
        asked = json.loads(request.body)
        access_key = self.access_keys.get(asked["access_key_id"])
        if (
            access_key is None
            or not access_key.active
            or access_key.session_token != asked.get("session_token")
        ):
            return OutboundAnswer(404, b'{"code": "AccessKeyNotFound", "message": "no"}')
        key = derive_signing_key(
            access_key.secret, asked["date"], asked["region"], asked["service"]
        )
        answer = {
            "access_key_id": access_key.access_key_id,
            "signing_key": base64.b64encode(key).decode(),
            "principal": access_key.principal,
            "policies": access_key.policies,
            "boundary": access_key.boundary,
            "session_policies": access_key.session_policies,
            "valid_until": (self.clock.now() + timedelta(days=1)).timestamp(),
        }
        return OutboundAnswer(200, json.dumps(answer).encode())


def aws_error(name, message, status=400):
    return OutboundAnswer(status, json.dumps({"__type": name, "message": message}).encode())


def claims_of(clock, **changes):
    """Return an access token's claims; a change to None leaves the claim out."""
    now = int(clock.now().timestamp())
    claims = {
        "sub": ALICE_SUB,
        "iss": ISSUER,
        "client_id": CLIENT,
        "token_use": "access",
        "scope": "aws.cognito.signin.user.admin",
        "auth_time": now,
        "iat": now,
        "exp": now + 3600,
        "jti": "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
        "username": "alice",
    } | changes
    return {name: value for name, value in claims.items() if value is not None}


def access_token(clock, *, key=0, kid="k1", **changes):
    return sign_token(claims_of(clock, **changes), signing_key(kid, rsa_key(key)))


def id_token(clock, *, key=0, kid="k1", **changes):
    changes = {
        "token_use": "id",
        "aud": CLIENT,
        "client_id": None,
        "scope": None,
        "username": None,
        "cognito:username": "alice",
    } | changes
    return access_token(clock, key=key, kid=kid, **changes)


class World:
    """A guard with its network and clock; `ask` sends it one request."""

    def __init__(self, *methods, **settings):
        self.clock = MovableClock(frozen_at=NOW)
        self.network = Network(self.clock)
        self.guard = self.guarded_by(*methods, **settings) if methods else None

    def guarded_by(self, *methods, **settings):
        self.guard = Guard(
            *methods,
            clock=self.clock,
            fetch=self.network.fetch,
            fetch_async=self.network.fetch_async,
            **settings,
        )
        return self.guard

    def ask(self, *headers, **changes):
        return self.guard.authenticate(request(*headers, **changes))

    def bearer(self, token, **changes):
        return self.ask(("Authorization", f"Bearer {token}"), **changes)

    def basic(self, username, password, **changes):
        changes = {"scheme": "https"} | changes
        return self.ask(("Authorization", basic_header(username, password)), **changes)

    def signed(self, access_key, *, extra=(), sign_extra=(), service="execute-api", **changes):
        """Return a request signed by an access key."""
        plain = request(("Host", HOST), *extra, **changes)
        parts = RequestParts(
            plain.method, plain.path, plain.query, plain.headers, plain.body or b""
        )
        added = sign(
            parts,
            access_key_id=access_key.access_key_id,
            secret_access_key=access_key.secret,
            session_token=None,
            region="us-east-1",
            service=service,
            now=self.clock.now(),
            extra_signed_headers=sign_extra,
        )
        return request(*plain.headers, *added, **changes)

    def presigned(self, access_key, *, expires_seconds=60, extra=(), **changes):
        plain = request(("Host", HOST), *extra, **changes)
        parts = RequestParts(plain.method, plain.path, plain.query, plain.headers, b"")
        query = presign(
            parts,
            access_key_id=access_key.access_key_id,
            secret_access_key=access_key.secret,
            session_token=None,
            region="us-east-1",
            service="execute-api",
            now=self.clock.now(),
            expires_seconds=expires_seconds,
        )
        return request(*plain.headers, **(changes | {"query": query}))

    def access_key(self, access_key_id="AKIAEXAMPLE000000001", principal=None, policies=()):
        made = AccessKey(access_key_id, principal or user_principal(), policies)
        self.network.access_keys[access_key_id] = made
        return made


def request(*headers, **changes):
    changes = {"method": "GET", "path": "/leases", "remote_address": "203.0.113.9"} | changes
    return GuardRequest(headers=tuple(headers), **changes)


def basic_header(username, password):
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def bearer_tokens(**changes):
    return BearerTokens(**({"issuer": ISSUER, "client_ids": [CLIENT]} | changes))


def basic_passwords(**changes):
    return BasicPasswords(**({"client_id": CLIENT, "endpoint_url": SERVER} | changes))


def signed_requests(**changes):
    return SignedRequests(
        **(
            {
                "server_url": SERVER,
                "access_key_id": "AKIAGUARD00000000001",
                "secret_access_key": "guard secret",
            }
            | changes
        )
    )
