"""Tags of users, roles, policies and providers: keys are unique whatever their case."""

from collections.abc import Mapping, Sequence

import msgspec

from poolgate.foundation.failure import Failure

TAGS_PER_RESOURCE = 50
_RESERVED_TAG_PREFIX = "aws:"


class DuplicateTagKeys(Failure):
    """Two tag keys differ in nothing but case."""


class TooManyTags(Failure):
    """The resource would have more tags than it may. Facts: limit."""


class ReservedTagKey(Failure):
    """Tag keys that begin with `aws:` are not a caller's. Facts: tag_key."""


def merged_tags(existing: Mapping[str, str], added: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    """Return the tags with those added; one that is there already, whatever its case, is replaced.

    Raise DuplicateTagKeys, ReservedTagKey or TooManyTags.
    """
    folded = [key.casefold() for key, _ in added]
    if len(set(folded)) < len(folded):
        raise DuplicateTagKeys
    for key in folded:
        if key.startswith(_RESERVED_TAG_PREFIX):
            raise ReservedTagKey(tag_key=key)
    kept = {key: value for key, value in existing.items() if key.casefold() not in folded}
    merged = kept | dict(added)
    if len(merged) > TAGS_PER_RESOURCE:
        raise TooManyTags(limit=str(TAGS_PER_RESOURCE))
    return merged


def remaining_tags(existing: Mapping[str, str], removed: Sequence[str]) -> Mapping[str, str]:
    """Return the tags without those of these keys; a key that is not there is not missed."""
    folded = {tag_key.casefold() for tag_key in removed}
    return {key: value for key, value in existing.items() if key.casefold() not in folded}


def encode_tags(tags: Mapping[str, str]) -> str:
    """Return the tags as they are stored."""
    return msgspec.json.encode(tags).decode()


def decode_tags(stored: str) -> Mapping[str, str]:
    """Return stored tags."""
    return msgspec.json.decode(stored, type=dict[str, str])
