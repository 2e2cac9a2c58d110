"""Runs the API: wires its parts, listens, says where, and keeps house until it is stopped."""

import socket
import sys
from urllib.parse import urlsplit

import uvicorn

from poolgate_dce import aws_clients, surroundings
from poolgate_dce.account_keys import AccountKeySource
from poolgate_dce.application import Application
from poolgate_dce.assumed_roles import AssumedRoleKeys
from poolgate_dce.auth_pages import AUTH_PATH, AuthPages
from poolgate_dce.database import Database
from poolgate_dce.gateway import Gateway
from poolgate_dce.hosted_login import HostedLogin
from poolgate_dce.housekeeping import Housekeeper
from poolgate_dce.methods import Office
from poolgate_dce.pool_keys import PoolKeys
from poolgate_dce.pool_users import PoolUsers
from poolgate_dce.settings import Settings


class _Server(uvicorn.Server):
    """A server that prints one line with its URL when it is ready."""

    def __init__(self, config: uvicorn.Config, ready_line: str) -> None:
        super().__init__(config)
        self._ready_line = ready_line

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve, then tell."""
        await super().startup(sockets)
        sys.stdout.write(f"{self._ready_line}\n")
        sys.stdout.flush()


def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM."""
    database = Database.open(settings.database)
    office = Office(
        database,
        settings.limits,
        surroundings.epoch_now,
        surroundings.new_lease_id,
        _key_source(settings),
    )
    listening = _listen(settings.host, settings.port)
    url = settings.public_url or _url_of(listening)
    application = Application(
        office,
        Gateway(settings, settings.accepted_hosts or _hosts_of(url), _pool_users(settings)),
        base_path=settings.base_path,
        public_url=settings.public_url,
        pages=_auth_pages(settings, f"{url}{settings.base_path}"),
    )
    config = uvicorn.Config(
        application,
        lifespan="off",
        ws="none",
        access_log=False,
        log_config=None,
        # Nobody in front is trusted: a forwarded header must not change scheme or address.
        proxy_headers=False,
        server_header=False,
    )
    housekeeper = Housekeeper(
        office, every_seconds=settings.review_seconds, auto_reset=settings.auto_reset
    )
    housekeeper.start()
    try:
        _Server(config, f"DCE API ready at {url}{settings.base_path}").run(sockets=[listening])
    finally:
        housekeeper.stop()
        database.close()


def _key_source(settings: Settings) -> AccountKeySource | None:
    signed = settings.signed
    if signed is None:
        return None
    sts = aws_clients.signing_client("sts", signed.server_url, signed.region, signed.access_key)
    return AssumedRoleKeys(sts, settings.console)


def _pool_users(settings: Settings) -> PoolUsers | None:
    signed, pools = settings.signed, settings.pools
    if signed is None or pools is None:
        return None
    return PoolUsers(
        pools,
        aws_clients.signing_client(
            "cognito-idp", signed.server_url, pools.region, signed.access_key
        ),
    )


def _auth_pages(settings: Settings, site_url: str) -> AuthPages | None:
    signed, pools, login = settings.signed, settings.pools, settings.login
    if signed is None or pools is None or login is None:
        return None
    hosted_login = HostedLogin(
        login.url, login.client_id, f"{site_url}{AUTH_PATH}", surroundings.random_text
    )
    identity = aws_clients.unsigned_client("cognito-identity", signed.server_url, pools.region)
    return AuthPages(site_url, settings.stage, pools, hosted_login, PoolKeys(pools, identity))


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    listening.listen()
    return listening


def _url_of(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _hosts_of(url: str) -> tuple[str, ...]:
    """Return the Host headers of clients that were told this URL."""
    where = urlsplit(url)
    # A loopback address has a second name that people use.
    if where.hostname in {"127.0.0.1", "::1"}:
        return (where.netloc, f"localhost:{where.port}")
    return (where.netloc,)
