"""A whole Poolgate inside the test's process: no socket, no file, real signatures and policies.

with LocalPoolgate() as poolgate:
    cognito = poolgate.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="people")["UserPool"]
    poolgate.clock.advance(3600)
    poolgate.outbox("anna@example.com")[-1].code
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import botocore.session
import msgspec
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config

from poolgate.credentials.common_passwords import CommonPasswords
from poolgate.credentials.sealing import Vault, new_master_key
from poolgate.delivery.functions import FunctionSender
from poolgate.delivery.keyrings import OwnKeyring, sender_key
from poolgate.delivery.queue import Carrier, Medium, list_messages
from poolgate.delivery.sender import MessageSender
from poolgate.foundation.clock import MovableClock, SystemClock
from poolgate.foundation.ids import Region
from poolgate.foundation.secret import Secret
from poolgate.server.activity_log import LoggedActivity
from poolgate.server.application import Application
from poolgate.server.assembly import assemble
from poolgate.server.event_log import EventLog
from poolgate.server.metadata_refresh import metadata_refresher
from poolgate.server.rotations import rotation_worker
from poolgate.server.user_imports import import_worker
from poolgate.server.wiring import (
    Choices,
    RootAccessKey,
    finish_first_start,
    first_root_access_key,
    make_installation,
)
from poolgate.sigv4.requests import RequestParts
from poolgate.sigv4.signing import sign
from poolgate.store.call import Documents
from poolgate.store.database import Database, metadata
from poolgate.testing.recycled_keys import RecycledKeys
from poolgate.triggers.invoker import FunctionInvoker
from poolgate.triggers.python_functions import Handler
from poolgate.web.messages import HttpRequest, HttpResponse
from poolgate.wire.service_models import load_service_model
from poolgate.wire.services import load_services

URL = "http://poolgate.test"
_HOST = "poolgate.test"
_SIGNED_ANEW_AFTER_SECONDS = 60


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message that a person would have got."""

    pool_id: str
    medium: str
    recipient: str
    subject: str
    body: str
    purpose: str
    code: str | None


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key; `poolgate.client(..., credentials=...)` signs with it."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None


class LocalPoolgate:
    """One Poolgate in memory, its own account; close it, or use it as a context manager.

    Signatures are verified and policies decide, as in production. RSA keys are recycled between
    instances, since making them would be most of a test's time. The clock follows the machine's
    and can be moved forward; a `frozen` one stands still between the moves. With `aws_issuers`
    tokens name AWS's issuers; `documents` answers for the other servers that this one asks.
    """

    def __init__(
        self,
        *,
        database_url: str = "sqlite://",
        region: str = "us-east-1",
        dev: bool = False,
        frozen: bool = False,
        aws_issuers: bool = False,
        documents: Documents | None = None,
    ) -> None:
        self.url = URL
        self.region = region
        self.clock = MovableClock(frozen_at=SystemClock().now() if frozen else None)
        self.log = io.StringIO()
        self._functions = FunctionInvoker({})
        self._db = Database.open(database_url)
        # Loading the operations declares every table.
        load_services()
        metadata.create_all(self._db.engine)
        installation = make_installation(
            self._db,
            Vault([new_master_key()]),
            self.clock,
            RecycledKeys(),
            Choices(
                region=Region(region),
                issuer_base=None if aws_issuers else URL,
                public_url=URL,
                dev=dev,
                media=frozenset(Medium),
                functions=self._functions,
                documents=documents,
                breached_passwords=CommonPasswords(),
                activity_log=LoggedActivity(EventLog(self.log)),
            ),
        )
        log = EventLog(self.log)
        self.application: Application = assemble(installation, log=log)
        self._import_worker = import_worker(installation, log)
        self._rotation_worker = rotation_worker(installation, log)
        self._metadata_refresher = metadata_refresher(installation, log)
        self.account_id = installation.account_id
        root = first_root_access_key(installation)
        if root is None:
            raise ValueError("the database already has its root access key")
        finish_first_start(installation)
        self.root_credentials = _credentials(root)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Forget everything."""
        self._db.close()

    def client(
        self,
        service: str,
        *,
        region: str | None = None,
        credentials: Credentials | None = None,
        validate: bool = True,
    ) -> Any:  # noqa: ANN401 - boto3 makes its clients' classes at run time
        """Return a boto3 client that signs with `credentials`, the root's unless given.

        With `validate=False` boto3 lets bad parameters through to the server.
        """
        signer = credentials or self.root_credentials
        aws_client = _boto_session().create_client(
            service,
            region_name=region or self.region,
            endpoint_url=URL,
            aws_access_key_id=signer.access_key_id,
            aws_secret_access_key=signer.secret_access_key,
            aws_session_token=signer.session_token,
            config=Config(
                retries={"total_max_attempts": 1, "mode": "standard"},
                parameter_validation=validate,
            ),
        )
        transport = _Transport(self, signer, service, region or self.region)
        aws_client.meta.events.register_first("before-send", transport.send)
        return aws_client

    def trigger(self, function_arn: str, handler: Handler) -> None:
        """Have a Python function answer for a Lambda function's ARN; what it raises is its error.

        It gets the event and returns it with its response filled in.
        """
        self._functions.put_function(function_arn, handler)

    def send_messages(self) -> int:
        """Have custom sender functions send what waits for them; return how many were tried.

        A server does so by itself; here a test says when.
        """
        installation = self.application.installation
        functions = FunctionSender(installation.functions, OwnKeyring(installation.vault))
        sender = MessageSender(
            installation.db,
            installation.vault,
            installation.clock,
            {Carrier.FUNCTION: functions},
        )
        return sender.deliver_due()

    def sender_key(self, key_arn: str) -> bytes:
        """Return the key by which functions read the codes of pools with that `KMSKeyID`."""
        return sender_key(self.application.installation.vault, key_arn)

    def run_imports(self) -> None:
        """Carry out the user import jobs that were started; a server does so by itself."""
        self._import_worker.run_due()

    def rotate_secrets(self) -> None:
        """Carry out the rotations that are due; a server does so by itself."""
        self._rotation_worker.run_due()

    def refresh_metadata(self) -> None:
        """Read the metadata of SAML providers that is due; a server does so by itself."""
        self._metadata_refresher.run_due()

    def write_uses(self) -> None:
        """Write when access keys were used last; a server does so every few seconds."""
        installation = self.application.installation
        installation.uses.write(installation.db)

    def outbox(self, recipient: str | None = None) -> list[SentMessage]:
        """Return the messages sent so far, oldest first, of one recipient where given."""
        installation = self.application.installation
        return [
            SentMessage(
                pool_id=stored.message.pool_id,
                medium=stored.message.medium,
                recipient=stored.message.recipient,
                subject=stored.message.subject,
                body=stored.message.body,
                purpose=stored.message.purpose,
                code=stored.message.code,
            )
            for stored in list_messages(installation.db, installation.vault, recipient=recipient)
        ]

    def send(
        self,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        remote_address: str = "127.0.0.1",
    ) -> HttpResponse:
        """Send one raw request; `target` is the path with its query."""
        path, _, query = target.partition("?")
        given = {name.lower(): value for name, value in (headers or {}).items()}
        return self.application.handle(
            HttpRequest(
                method=method,
                path=path,
                query=query,
                headers=tuple({"host": _HOST, **given}.items()),
                body=body,
                remote_address=remote_address,
            )
        )

    def post_json(
        self,
        service: str,
        operation: str,
        members: object,
        *,
        signed_by: Credentials | None = None,
        region: str | None = None,
    ) -> HttpResponse:
        """Send a JSON 1.1 operation that boto3 would not; bytes go as they are.

        Unsigned unless `signed_by` is given.
        """
        body = members if isinstance(members, bytes) else msgspec.json.encode(members)
        prefix = load_service_model(service).target_prefix
        headers = {
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": f"{prefix}.{operation}",
        }
        if signed_by is not None:
            headers |= self.signature(service, signed_by, headers=headers, body=body, region=region)
        return self.send("POST", "/", headers=headers, body=body)

    def signature(
        self,
        service: str,
        credentials: Credentials,
        *,
        headers: Mapping[str, str],
        body: bytes,
        target: str = "/",
        method: str = "POST",
        region: str | None = None,
    ) -> dict[str, str]:
        """Return the headers that sign a request for this server at its clock's time."""
        path, _, query = target.partition("?")
        parts = RequestParts(
            method=method,
            path=path,
            query=query,
            headers=(("host", _HOST), *headers.items()),
            body=body,
        )
        added = sign(
            parts,
            access_key_id=credentials.access_key_id,
            secret_access_key=Secret(credentials.secret_access_key),
            session_token=credentials.session_token,
            region=region or self.region,
            service=service,
            now=self.clock.now(),
        )
        return {name.lower(): value for name, value in added}


class _Transport:
    """Carries a boto3 client's requests into the application."""

    def __init__(
        self, poolgate: LocalPoolgate, credentials: Credentials, service: str, region: str
    ) -> None:
        self._poolgate = poolgate
        self._credentials = credentials
        self._service = service
        self._region = region
        self._started = MovableClock()

    def send(self, request: AWSPreparedRequest, **_event: object) -> AWSResponse:
        """Answer instead of the network."""
        url = urlsplit(request.url)
        headers = {name.lower(): _text(value) for name, value in request.headers.items()}
        body = _bytes(request.body)
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        if "authorization" in headers and self._clock_was_moved():
            headers = self._signed_anew(request.method, target, headers, body)
        response = self._poolgate.send(request.method, target, headers=headers, body=body)
        return AWSResponse(
            request.url, response.status, _Headers(response.headers), _Body(response.body)
        )

    def _clock_was_moved(self) -> bool:
        ahead = self._poolgate.clock.now() - self._started.now()
        return ahead.total_seconds() > _SIGNED_ANEW_AFTER_SECONDS

    def _signed_anew(
        self, method: str, target: str, headers: dict[str, str], body: bytes
    ) -> dict[str, str]:
        """Return the headers signed at the server's time; botocore signs at the machine's."""
        added = {"authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"}
        kept = {name: value for name, value in headers.items() if name not in added}
        signature = self._poolgate.signature(
            self._service,
            self._credentials,
            headers=kept,
            body=body,
            target=target,
            method=method,
            region=self._region,
        )
        return {**kept, **signature}


class _Headers(dict[str, str]):
    """Response headers by name in any case, as botocore reads them."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__({name.lower(): value for name, value in headers.items()})

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401 - dict's own signature
        return super().get(key.lower(), default)

    def __getitem__(self, key: str) -> str:
        return super().__getitem__(key.lower())

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and super().__contains__(key.lower())


class _Body(io.BytesIO):
    """A response body, as botocore reads it from urllib3."""

    def stream(self, **_options: object) -> "list[bytes]":
        """Return the whole body as one chunk."""
        return [self.read()]


def _credentials(root: RootAccessKey) -> Credentials:
    return Credentials(root.access_key_id, root.secret_access_key.reveal())


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _bytes(body: object) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    return bytes(body) if isinstance(body, bytes | bytearray) else body.read()  # type: ignore[attr-defined]  # a file object, by botocore's contract


_SESSIONS: list[botocore.session.Session] = []


def _boto_session() -> botocore.session.Session:
    """Return one botocore session for all clients: it reads each service's model once."""
    if not _SESSIONS:
        _SESSIONS.append(botocore.session.Session())
    return _SESSIONS[0]
