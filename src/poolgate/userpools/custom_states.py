"""What a custom sign-in (CUSTOM_AUTH) remembers between two challenges."""

import msgspec

from poolgate.userpools.triggers import TriggerAnswerUnreadable

_MOST_BYTES = 64 * 1024


class Round(msgspec.Struct, frozen=True, rename="camel"):
    """A challenge that was answered, as functions are told of it."""

    challenge_name: str
    challenge_result: bool
    challenge_metadata: str | None = None


class CustomState(msgspec.Struct, frozen=True, kw_only=True):
    """The rounds so far, and what the challenge that waits for its answer rests on.

    `chosen` is the challenge that the pool's function asked for, `block_digest` names the SRP
    exchange that it is about.
    """

    login_name: str
    srp_a: str | None = None
    rounds: tuple[Round, ...] = ()
    chosen: str = ""
    private_parameters: dict[str, str] = {}
    metadata: str | None = None
    block_digest: bytes = b""

    def after(
        self, challenge: str, *, succeeded: bool, metadata: str | None = None
    ) -> "CustomState":
        """Return the state with one round more and no challenge waiting."""
        return CustomState(
            login_name=self.login_name,
            srp_a=self.srp_a,
            rounds=(*self.rounds, Round(challenge, succeeded, metadata)),
        )


def encode(state: CustomState | None) -> bytes:
    """Return the state as bytes, none for none; raise TriggerAnswerUnreadable when it is too long.

    What functions add must not grow without end.
    """
    if state is None:
        return b""
    encoded = msgspec.msgpack.encode(state)
    if len(encoded) > _MOST_BYTES:
        raise TriggerAnswerUnreadable
    return encoded


def decode(encoded: bytes) -> CustomState | None:
    """Return the state that `encode` made bytes of."""
    return msgspec.msgpack.decode(encoded, type=CustomState) if encoded else None
