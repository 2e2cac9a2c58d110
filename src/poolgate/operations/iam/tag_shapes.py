"""Tags in shapes, and the listing of them that all kinds of resources share."""

from collections.abc import Mapping, Sequence
from typing import Any

from poolgate.operations.iam.paging import Paging
from poolgate.operations.shapes import iam as shapes


def tag_pairs(tags: Sequence[shapes.Tag]) -> tuple[tuple[str, str], ...]:
    """Return the tags of a request."""
    return tuple((tag["Key"], tag["Value"]) for tag in tags)


def tag_list(tags: Mapping[str, str]) -> list[shapes.Tag]:
    """Return tags as answers list them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def tags_page(tags: Mapping[str, str], paging: Paging) -> dict[str, Any]:
    """Return the answer that lists tags, by key."""
    tag_keys = sorted(key for key in tags if paging.after is None or key > paging.after)
    shown = tag_keys[: paging.limit]
    more = len(tag_keys) > len(shown)
    return {
        "Tags": [{"Key": key, "Value": tags[key]} for key in shown],
        **paging.truncation(shown[-1] if more else None),
    }
