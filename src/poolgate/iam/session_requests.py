"""What somebody may ask of a new session: its name, its length, its tags, its policies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from poolgate.foundation.failure import Failure
from poolgate.iam import managed_policies
from poolgate.iam.roles import Role
from poolgate.iam.temporary_keys import RoleSession
from poolgate.policy.documents import parse_policy
from poolgate.store.database import Transaction

CHAINED_SECONDS = 3600
# AWS API_AssumeRole: the plain text of the inline and managed session policies together.
_POLICY_CHARACTERS = 2048
# AWS packs policies and tags into the session token; what fits is told in percent of this.
_PACKED_CHARACTERS = 4096


class DuplicateSessionTagKeys(Failure):
    """Two tag keys differ in nothing but case."""


class TransitiveTagNotGiven(Failure):
    """A transitive key is not among the session's tags."""


class TransitiveTagOverridden(Failure):
    """A tag of the calling session that goes on to its successors cannot be changed."""


class SessionTooLong(Failure):
    """The duration is longer than the role's sessions may be."""


class ChainedSessionTooLong(Failure):
    """A role that is assumed with the keys of another role lasts an hour at most."""


class SessionPoliciesTooLarge(Failure):
    """The session policies and tags are larger than they may be together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionWishes:
    """What a caller asks of a session.

    `policies` are inline session policies, `policy_arns` managed ones; `seconds` is None for the
    default.
    """

    name: str
    seconds: int | None = None
    policies: tuple[str, ...] = ()
    policy_arns: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    transitive_tag_keys: tuple[str, ...] = ()
    source_identity: str | None = None

    @property
    def is_limited(self) -> bool:
        """Tell whether session policies limit it."""
        return bool(self.policies or self.policy_arns)

    @property
    def packed_percent(self) -> int | None:
        """How much of what a session token may hold is used; None where nothing is to be held."""
        packed = _packed_characters(self)
        return None if packed is None else -(-packed * 100 // _PACKED_CHARACTERS)


def session_seconds(wished: int | None, role: Role, *, is_chained: bool) -> int:
    """Return how long the role's session lasts; raise SessionTooLong or ChainedSessionTooLong."""
    if is_chained and wished is not None and wished > CHAINED_SECONDS:
        raise ChainedSessionTooLong
    if wished is None:
        return min(CHAINED_SECONDS, role.longest_session_seconds)
    if wished > role.longest_session_seconds:
        raise SessionTooLong
    return wished


def verify_tags(wishes: SessionWishes, inherited: Mapping[str, str]) -> None:
    """Raise for tags that contradict themselves or what the calling session hands on."""
    folded = [tag_key.casefold() for tag_key, _ in wishes.tags]
    if len(set(folded)) < len(folded):
        raise DuplicateSessionTagKeys
    if {key.casefold() for key in inherited} & set(folded):
        raise TransitiveTagOverridden
    if not {key.casefold() for key in wishes.transitive_tag_keys} <= set(folded):
        raise TransitiveTagNotGiven


def verify_policies(transaction: Transaction, wishes: SessionWishes) -> None:
    """Raise MalformedPolicy, ManagedPolicyNotFound or SessionPoliciesTooLarge."""
    for document in wishes.policies:
        parse_policy(document, name="session policy")
    for arn in wishes.policy_arns:
        managed_policies.get(transaction, arn)
    if sum(map(len, wishes.policies)) > _POLICY_CHARACTERS:
        raise SessionPoliciesTooLarge
    packed = _packed_characters(wishes)
    if packed is not None and packed > _PACKED_CHARACTERS:
        raise SessionPoliciesTooLarge


def inherited_tags(session: RoleSession | None) -> Mapping[str, str]:
    """Return the tags that a calling session hands on to the role it assumes."""
    if session is None:
        return {}
    handed_on = {tag_key.casefold() for tag_key in session.transitive_tag_keys}
    return {key: value for key, value in session.tags if key.casefold() in handed_on}


def tag_context(wishes: SessionWishes) -> dict[str, tuple[str, ...]]:
    """Return the condition keys that trust policies ask about tags."""
    context: dict[str, tuple[str, ...]] = {
        f"aws:RequestTag/{tag_key}": (value,) for tag_key, value in wishes.tags
    }
    if wishes.tags:
        context["aws:TagKeys"] = tuple(tag_key for tag_key, _ in wishes.tags)
    if wishes.transitive_tag_keys:
        context["sts:TransitiveTagKeys"] = wishes.transitive_tag_keys
    return context


def _packed_characters(wishes: SessionWishes) -> int | None:
    texts: Sequence[str] = (
        *wishes.policies,
        *wishes.policy_arns,
        *(text for pair in wishes.tags for text in pair),
    )
    return sum(map(len, texts)) if texts else None
