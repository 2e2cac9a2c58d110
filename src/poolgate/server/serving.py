"""`poolgate serve`: first start, listening, ready, stop.

The parent prepares the data, reserves the port, starts Granian's workers (one process each, which
open the database for themselves) and says when the first of them answers.
"""

import ctypes
import gc
import multiprocessing
import os
import signal
import socket
import sys
import threading
from functools import partial

from poolgate.credentials.common_passwords import CommonPasswords
from poolgate.credentials.sealing import Vault
from poolgate.delivery.queue import Medium
from poolgate.foundation.clock import Clock, MovableClock, SystemClock
from poolgate.foundation.failure import Failure
from poolgate.server.activity_log import activity_log_of
from poolgate.server.application import Application
from poolgate.server.assembly import assemble
from poolgate.server.background import start_background
from poolgate.server.breached_passwords import BreachedPasswordFile, FileUnreadable
from poolgate.server.data_directory import DataDirectory, Running
from poolgate.server.event_log import EventLog, Level
from poolgate.server.functions import functions_of
from poolgate.server.senders import media_of
from poolgate.server.settings import Settings
from poolgate.server.wiring import (
    Choices,
    MasterKeyForeign,
    finish_first_start,
    first_root_access_key,
    make_installation,
)
from poolgate.store import schema
from poolgate.store.call import BreachedPasswords
from poolgate.store.database import Database
from poolgate.store.installation import AccountIdDiffers
from poolgate.store.key_stock import ReadyKeyStock
from poolgate.wire.installation import Installation
from poolgate.wire.services import load_services

_MAX_HEADER_BUFFER = 64 * 1024
_STOP_SECONDS = 10
_READY_POLL_SECONDS = 0.01
_STATUS_LINE_BYTES = 64
_PR_SET_PDEATHSIG = 1


class StartRefused(Exception):
    """The server cannot start; the text is for the operator."""


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; print one line with the URL once requests are answered."""
    # What the server writes is for its owner alone.
    os.umask(0o077)
    # A registration that contradicts the models stops the start; forked workers share the rest.
    load_services()
    reserved = _reserve_port(settings.host, settings.port)
    try:
        # What a name like `localhost` stands for is found out once.
        address, port = reserved.getsockname()[:2]
        listening = f"http://{_in_url(settings.host)}:{port}"
        public_url = settings.public_url or listening
        directory = _first_start(settings, public_url)
        directory.write_running(Running(public_url, settings.region, os.getpid()))
        _run_workers(settings, address, port, public_url)
    finally:
        reserved.close()


def open_installation(
    settings: Settings,
    directory: DataDirectory,
    public_url: str,
    *,
    schema_is_current: bool = False,
) -> Installation:
    """Return the installation that settings and data folder describe, its schema current."""
    clock: Clock = MovableClock() if settings.dev else SystemClock()
    db = Database.open(settings.database_url or directory.database_url)
    try:
        if not schema_is_current:
            schema.ensure(db)
        return make_installation(
            db,
            Vault(directory.master_keys()),
            clock,
            ReadyKeyStock(),
            Choices(
                region=settings.region,
                public_url=public_url,
                issuer_base=public_url if settings.issuer_style == "poolgate" else None,
                account_id=settings.account_id,
                dev=settings.dev,
                strict_oauth=settings.oauth_profile == "strict",
                # An outbox that can be read is a way for any message to leave this server.
                media=frozenset(Medium) if settings.dev else media_of(settings),
                functions=functions_of(settings),
                breached_passwords=_breached_passwords(settings),
                activity_log=activity_log_of(settings),
            ),
        )
    except Failure as failure:
        db.close()
        raise StartRefused(_why(failure, directory)) from failure


def make_application(settings: Settings, public_url: str, parent: int) -> Application:
    """Return a worker's application; runs in the worker."""
    _end_with_parent(parent)
    directory = DataDirectory(settings.data)
    # The parent has just seen to the schema.
    installation = open_installation(settings, directory, public_url, schema_is_current=True)
    log = EventLog(level=Level[settings.log_level.upper()])
    start_background(settings, installation, log)
    return assemble(
        installation,
        log=log,
        trusted_proxies=settings.trusted_proxies,
        metrics_peers=settings.metrics_peers,
        shared_metrics=directory.metrics if settings.workers > 1 else None,
    )


def _breached_passwords(settings: Settings) -> BreachedPasswords:
    if settings.breached_passwords is None:
        return CommonPasswords()
    try:
        return BreachedPasswordFile(settings.breached_passwords)
    except FileUnreadable as unreadable:
        raise StartRefused(str(unreadable)) from unreadable


def _first_start(settings: Settings, public_url: str) -> DataDirectory:
    directory = DataDirectory(settings.data)
    directory.prepare()
    if settings.workers > 1:
        directory.empty_metrics()
    # The key comes before the database, which is of no use without it.
    directory.master_keys()
    installation = open_installation(settings, directory, public_url)
    try:
        root = first_root_access_key(installation)
        if root is not None:
            directory.write_credentials(root.access_key_id, root.secret_access_key)
            finish_first_start(installation)
    finally:
        # INVARIANT: nothing of the database is open when workers are forked.
        installation.db.close()
    return directory


def _why(failure: Failure, directory: DataDirectory) -> str:
    match failure:
        case MasterKeyForeign():
            return (
                f"the data was sealed under another master key than {directory.folder}/master.key"
            )
        case AccountIdDiffers():
            return (
                f"the data belongs to account {failure.facts['stored']}, "
                f"not to {failure.facts['given']}"
            )
        case schema.SchemaTooNew():
            return "the database was written by a newer version of Poolgate"
        case _:
            return str(failure)


def _reserve_port(host: str, port: int) -> socket.socket:
    """Return a bound socket that keeps the port for the workers' own listening sockets."""
    family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    try:
        # Without SO_REUSEPORT: a port that any other server listens on is refused here.
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            bound = probe.getsockname()
        reserved = socket.socket(family)
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        reserved.bind(bound)
    except OSError as error:
        raise StartRefused(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return reserved


def _run_workers(settings: Settings, address: str, port: int, public_url: str) -> None:
    from granian.constants import HTTPModes, Interfaces  # noqa: PLC0415 - only `serve` needs it
    from granian.http import HTTP1Settings  # noqa: PLC0415
    from granian.log import LogLevels  # noqa: PLC0415
    from granian.server import Server  # noqa: PLC0415

    # What was imported stays: neither this process nor its forks look through it again.
    gc.enable()
    gc.freeze()
    if sys.platform == "linux":
        # Forked workers share what the parent has imported: half the start, half the memory.
        multiprocessing.set_start_method("fork", force=True)
    granian = Server(
        "poolgate",
        address=address,
        port=port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=settings.threads,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(max_buffer_size=_MAX_HEADER_BUFFER),
        log_level=LogLevels.error,
        log_dictconfig=_log_to_stderr(),
        workers_kill_timeout=_STOP_SECONDS,
    )
    granian.on_startup(lambda: _announce_when_ready(address, port, public_url))
    granian.serve(
        target_loader=partial(make_application, settings, public_url, os.getpid()),
        wrap_loader=False,
    )


def _announce_when_ready(host: str, port: int, public_url: str) -> None:
    threading.Thread(
        target=_announce, args=(_reachable(host), port, public_url), daemon=True
    ).start()


def _announce(host: str, port: int, public_url: str) -> None:
    waiting = threading.Event()
    while not _answers(host, port):
        waiting.wait(_READY_POLL_SECONDS)
    print(f"Poolgate is ready at {public_url}", flush=True)  # noqa: T201 - the line that `serve` promises


def _answers(host: str, port: int) -> bool:
    """Tell whether a worker answers; http.client would be imported for this alone."""
    question = f"GET /_poolgate/ready HTTP/1.0\r\nHost: {_in_url(host)}\r\n\r\n".encode()
    try:
        with socket.create_connection((host, port), timeout=_STOP_SECONDS) as connection:
            connection.sendall(question)
            return connection.recv(_STATUS_LINE_BYTES).split(b" ")[1:2] == [b"200"]
    except OSError:
        return False


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - asked for, not chosen


def _in_url(host: str) -> str:
    shown = _reachable(host)
    return f"[{shown}]" if ":" in shown else shown


def _end_with_parent(parent: int) -> None:
    """Have the kernel stop this worker when its parent is gone, however that ended."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(1)


def _log_to_stderr() -> dict[str, object]:
    """Return Granian's log on standard error; standard output has the one line only."""
    return {
        "handlers": {
            "console": {
                "formatter": "generic",
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stderr",
            }
        },
        "loggers": {"_granian": {"handlers": ["console"], "propagate": False}},
    }
