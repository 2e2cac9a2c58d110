"""Passwords of users: what a pool asks of them, how they are kept, how they are proven.

A password is kept as one of two things (DESIGN 5.4): an SRP verifier, where the pool allows SRP, or
an Argon2id hash. Both are sealed and bound to the user's row. Everything slow here happens outside
transactions.
"""

from collections.abc import Callable
from dataclasses import replace

from poolgate.credentials import foreign_hashes
from poolgate.credentials import passwords as hashing
from poolgate.credentials.foreign_hashes import ForeignVerifier
from poolgate.credentials.srp_numbers import pool_name_of
from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import Sub, Username
from poolgate.foundation.randomness import (
    DIGITS,
    LETTERS_AND_DIGITS,
    random_text,
    shuffled,
)
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.userpools.pools import PasswordPolicy, UserPool
from poolgate.userpools.stored_passwords import PasswordScheme, StoredPassword
from poolgate.userpools.users import User

DAY_MILLIS = 24 * 60 * 60 * 1000
_PURPOSE = "password"
_NOTHING = bytes(384)
_GENERATED_LENGTH = 14
_UPPERCASE = LETTERS_AND_DIGITS[:26]
_LOWERCASE = _UPPERCASE.lower()
# AWS: Developer Guide, "Adding user pool password requirements"; a space counts inside.
SYMBOLS = "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+-"
# Of the symbols, those that survive shells, mails and copying.
_GENERATED_SYMBOLS = "!#%+-=?@_"


class PasswordUnfit(Failure):
    """The password does not do what the pool asks. Facts: reason, lacks (one word for it)."""


class TemporaryPasswordUnfit(PasswordUnfit):
    """The same for the password that an administrator gives a new user."""


class TemporaryPasswordExpired(Failure):
    """A temporary password was used too late; only an administrator can help."""


_DEMANDS: tuple[tuple[Callable[[PasswordPolicy], bool], str, str], ...] = (
    (lambda policy: policy.require_uppercase, _UPPERCASE, "uppercase"),
    (lambda policy: policy.require_lowercase, _LOWERCASE, "lowercase"),
    (lambda policy: policy.require_numbers, DIGITS, "numeric"),
    (lambda policy: policy.require_symbols, SYMBOLS, "symbol"),
)


def verify_fit(
    policy: PasswordPolicy, password: Secret, *, failure: type[PasswordUnfit] = PasswordUnfit
) -> None:
    """Raise `failure` with the first thing that the policy misses in the password."""
    text = password.reveal()
    if len(text) < policy.minimum_length:
        raise failure(reason="Password not long enough", lacks="length")
    for demanded, characters, kind in _DEMANDS:
        has_one = any(character in characters for character in text)
        if kind == "symbol":
            has_one = has_one or " " in text.strip(" ")
        if demanded(policy) and not has_one:
            raise failure(reason=f"Password must have {kind} characters", lacks=kind)


def generate_temporary(policy: PasswordPolicy) -> Secret:
    """Return a random password that does what any policy can ask."""
    demanded = "".join(
        random_text(characters, 1)
        for characters in (_UPPERCASE, _LOWERCASE, DIGITS, _GENERATED_SYMBOLS)
    )
    length = max(policy.minimum_length, _GENERATED_LENGTH)
    return Secret(shuffled(demanded + random_text(LETTERS_AND_DIGITS, length - len(demanded))))


def keep(
    call: Call, pool: UserPool, sub: Sub, username: Username, password: Secret
) -> StoredPassword:
    """Return the password as this pool keeps it. Slow: not inside a transaction."""
    if pool.argon2_only:
        scheme, salt = PasswordScheme.ARGON2ID, hashing.new_salt()
        kept = hashing.hash_argon2id(password).encode()
    else:
        scheme, salt = PasswordScheme.SRP, hashing.new_salt()
        kept = hashing.make_srp_verifier(pool_name_of(pool.pool_id), username, password, salt)
    return StoredPassword(scheme, salt, _seal(call, pool, sub, scheme, kept), call.now_millis)


def keep_imported(
    call: Call, pool: UserPool, sub: Sub, username: Username, encoded_hash: str, *, set_at: int
) -> StoredPassword:
    """Return a password of which only a hash or verifier is known; raise ForeignHashUnreadable.

    A verifier that was made for this very user is the pool's own; everything else is foreign.
    """
    verifier = foreign_hashes.parse_srp_verifier(encoded_hash)
    own_name = (pool_name_of(pool.pool_id), username)
    if (
        verifier is not None
        and (verifier.pool_name, verifier.user_id) == own_name
        and not pool.argon2_only
    ):
        scheme, salt, kept = PasswordScheme.SRP, verifier.salt, verifier.verifier
    else:
        foreign_hashes.verify_readable(encoded_hash)
        scheme, salt, kept = PasswordScheme.FOREIGN, b"", encoded_hash.encode()
    return StoredPassword(scheme, salt, _seal(call, pool, sub, scheme, kept), set_at)


def kept_anew(call: Call, pool: UserPool, user: User, password: Secret) -> User:
    """Return the user, who has proven `password`, with it kept as this pool would keep it today.

    An imported password comes into the pool's own scheme, a weak hash is made again (security.md
    P6). It stays the password that was set at the same moment. Slow: not inside a transaction.
    """
    kept = user.password
    if kept is None or not _is_outdated(call, pool, user, kept):
        return user
    own = keep(call, pool, user.sub, user.username, password)
    if kept.scheme is own.scheme:
        own = replace(own, salt=kept.salt)
    return replace(user, password=replace(own, set_at=kept.set_at))


def _is_outdated(call: Call, pool: UserPool, user: User, kept: StoredPassword) -> bool:
    match kept.scheme:
        case PasswordScheme.FOREIGN:
            return True
        case PasswordScheme.ARGON2ID:
            return hashing.is_weaker_argon2id(unseal(call, pool, user.sub, kept).decode())
        case PasswordScheme.SRP:
            # The group and the hash of SRP are Cognito's, for good.
            return False


def render_kept(call: Call, pool: UserPool, user: User, stored: StoredPassword) -> str:
    """Return the verifier or hash as text that `keep_imported` reads; as secret as a password."""
    kept = unseal(call, pool, user.sub, stored)
    if stored.scheme is not PasswordScheme.SRP:
        return kept.decode()
    return foreign_hashes.render_srp_verifier(
        ForeignVerifier(pool_name_of(pool.pool_id), user.username, stored.salt, kept)
    )


def verify(call: Call, pool: UserPool, user: User | None, password: Secret) -> None:
    """Raise WrongPassword unless it is the user's. Slow: not inside a transaction.

    Without a user, or for one without a password, it costs the same and always raises: the time it
    takes does not tell who has an account.
    """
    verify_kept(call, pool, user, user.password if user else None, password)


def verify_kept(
    call: Call, pool: UserPool, user: User | None, stored: StoredPassword | None, password: Secret
) -> None:
    """Raise WrongPassword unless `stored`, which is or was the user's, is this password.

    Slow as `verify` is, and with nothing to compare with as slow as with something.
    """
    if user is None or stored is None:
        _refuse(call, pool, password)
        return
    kept = unseal(call, pool, user.sub, stored)
    if stored.scheme is PasswordScheme.ARGON2ID:
        hashing.verify_argon2id(kept.decode(), password)
    elif stored.scheme is PasswordScheme.FOREIGN:
        foreign_hashes.verify(kept.decode(), password)
    else:
        hashing.verify_srp_password(
            kept,
            pool_name=pool_name_of(pool.pool_id),
            user_id=user.username,
            password=password,
            salt=stored.salt,
        )


def unseal(call: Call, pool: UserPool, sub: Sub, stored: StoredPassword) -> bytes:
    """Return the verifier or hash itself."""
    return call.vault.unseal(
        stored.sealed, purpose=_PURPOSE, bound_to=_row(pool, sub, stored.scheme)
    )


def verify_still_valid(call: Call, pool: UserPool, user: User) -> None:
    """Raise TemporaryPasswordExpired when the user's temporary password is too old."""
    if user.password is None:
        return
    lifetime = pool.password_policy.temporary_password_validity_days * DAY_MILLIS
    if call.now_millis >= user.password.set_at + lifetime:
        raise TemporaryPasswordExpired


def _seal(call: Call, pool: UserPool, sub: Sub, scheme: PasswordScheme, kept: bytes) -> bytes:
    return call.vault.seal(kept, purpose=_PURPOSE, bound_to=_row(pool, sub, scheme))


def _row(pool: UserPool, sub: Sub, scheme: PasswordScheme) -> str:
    return f"{pool.pool_id}/{sub}/{scheme}"


def work_as_unsealing(call: Call) -> None:
    """Take the time that `unseal` takes, where there is nothing to unseal."""
    call.vault.seal(_NOTHING, purpose=_PURPOSE, bound_to="nobody")


def _refuse(call: Call, pool: UserPool, password: Secret) -> None:
    work_as_unsealing(call)
    if pool.argon2_only:
        hashing.refuse_as_argon2id(password)
    else:
        hashing.refuse_as_srp(
            pool_name=pool_name_of(pool.pool_id), user_id=pool.name, password=password
        )
