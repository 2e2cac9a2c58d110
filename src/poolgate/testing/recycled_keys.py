"""RSA keys made once a process and handed out again and again, for tests only."""

import itertools
import threading
from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric import rsa

from poolgate.store.key_stock import new_rsa_key

_DIFFERENT_KEYS = 3
_made: list[rsa.RSAPrivateKey] = []
_making = threading.Lock()


class RecycledKeys:
    """Gives three keys in turn, so neighbouring pools and rotations differ."""

    def __init__(self) -> None:
        self._turns: Iterator[int] = itertools.cycle(range(_DIFFERENT_KEYS))

    def take(self) -> rsa.RSAPrivateKey:
        """Return the next key in turn."""
        with _making:
            turn = next(self._turns)
            while len(_made) <= turn:
                _made.append(new_rsa_key())
            return _made[turn]
