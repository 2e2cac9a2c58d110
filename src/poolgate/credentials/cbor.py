"""CBOR as authenticators write it: a strict reader of the few types that WebAuthn needs.

SPEC RFC 8949; CTAP 2.1 section 8. Lengths are definite, maps have no key twice, tags and floating
point do not occur. What a length claims is compared with what is there before anything is made.
"""

from typing import TypeAlias

CborValue: TypeAlias = (
    "int | bytes | str | bool | list[CborValue] | dict[int | str, CborValue] | None"
)

MAX_DEPTH = 8
_ARRAY = 4
_SIMPLE = {20: False, 21: True, 22: None}
_SIMPLE_TYPE = 7
# An argument of up to 23 stands in the first byte itself; these say how many bytes hold it.
_ARGUMENT_BYTES = {24: 1, 25: 2, 26: 4, 27: 8}


def decode_cbor(encoded: bytes) -> CborValue:
    """Return the one value that is encoded; raise ValueError for anything else."""
    value, length = decode_cbor_at(encoded, 0)
    if length != len(encoded):
        raise ValueError("bytes after the CBOR value")
    return value


def decode_cbor_at(encoded: bytes, start: int) -> tuple[CborValue, int]:
    """Return the value that begins at `start` and where it ends; raise ValueError."""
    reader = _Reader(encoded, start)
    return reader.value(MAX_DEPTH), reader.position


class _Reader:
    """Walks over the bytes, from one value to the next."""

    __slots__ = ("_encoded", "position")

    def __init__(self, encoded: bytes, start: int) -> None:
        self._encoded = encoded
        self.position = start

    def value(self, depth: int) -> CborValue:
        major, extra = divmod(self._take(1)[0], 32)
        if major == _SIMPLE_TYPE:
            if extra not in _SIMPLE:
                raise ValueError("a CBOR type that WebAuthn does not use")
            return _SIMPLE[extra]
        argument = self._argument(extra)
        match major:
            case 0:
                return argument
            case 1:
                return -1 - argument
            case 2:
                return self._take(argument)
            case 3:
                return self._take(argument).decode()
            case 4 | 5:
                return self._collection(major, argument, depth - 1)
            case _:
                raise ValueError("a CBOR tag")

    def _collection(self, major: int, count: int, depth: int) -> CborValue:
        # Every member takes a byte at least.
        if depth < 0 or count > len(self._encoded) - self.position:
            raise ValueError("a CBOR collection too deep or too long")
        if major == _ARRAY:
            return [self.value(depth) for _ in range(count)]
        members: dict[int | str, CborValue] = {}
        for _ in range(count):
            key = self.value(depth)
            if isinstance(key, bool) or not isinstance(key, (int, str)) or key in members:
                raise ValueError("a CBOR key of another type, or a key twice")
            members[key] = self.value(depth)
        return members

    def _argument(self, extra: int) -> int:
        if extra < 24:  # noqa: PLR2004 - RFC 8949 s3
            return extra
        if extra not in _ARGUMENT_BYTES:
            raise ValueError("a CBOR length that is not definite")
        return int.from_bytes(self._take(_ARGUMENT_BYTES[extra]), "big")

    def _take(self, count: int) -> bytes:
        end = self.position + count
        if end > len(self._encoded):
            raise ValueError("CBOR ends too early")
        taken = self._encoded[self.position : end]
        self.position = end
        return taken
