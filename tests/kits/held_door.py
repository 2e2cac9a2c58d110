"""A way to a server that can be held shut: it takes connections and passes nothing on."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit


class HeldDoor:
    """Passes bytes between whoever connects and the server, unless it is held."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._behind = (parts.hostname, parts.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.knocked = threading.Event()
        self._open = threading.Event()
        self._open.set()
        threading.Thread(target=self._serve, daemon=True).start()

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Pass nothing on until the block ends; `knocked` is set once somebody connects."""
        self.knocked.clear()
        self._open.clear()
        try:
            yield
        finally:
            self._open.set()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=self._pass, args=(near,), daemon=True).start()

    def _pass(self, near: socket.socket) -> None:
        self.knocked.set()
        self._open.wait()
        with contextlib.suppress(OSError), near, socket.create_connection(self._behind) as far:
            back = threading.Thread(target=_copy, args=(far, near), daemon=True)
            back.start()
            _copy(near, far)
            back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while passed := source.recv(65536):
            target.sendall(passed)
        target.shutdown(socket.SHUT_WR)
