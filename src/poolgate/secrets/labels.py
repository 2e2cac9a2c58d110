"""Staging labels: which version has which, and what moving one does to the others."""

from collections.abc import Iterable, Mapping

from poolgate.foundation.failure import Failure

CURRENT = "AWSCURRENT"
PREVIOUS = "AWSPREVIOUS"
PENDING = "AWSPENDING"
# SPEC identity_pools_sts_iam.md E2
LABELS_PER_VERSION = 20

# From a label to the id of the one version that has it.
Labels = Mapping[str, str]


class LabelAttachedElsewhere(Failure):
    """To move a label, the version that has it must be named. Facts: label, version_id."""


class LabelNotAttached(Failure):
    """The label is not on the version that it is to be taken from. Facts: label, version_id."""


class CurrentLabelRemoved(Failure):
    """The label of the current version is moved, never taken away."""


class NothingToMove(Failure):
    """Neither a version to take the label from nor one to put it on is named."""


class TooManyLabels(Failure):
    """The version would have more labels than it may. Facts: limit."""


def of_version(labels: Labels, version_id: str) -> list[str]:
    """Return the labels of a version, sorted."""
    return sorted(label for label, labelled in labels.items() if labelled == version_id)


def put_on(labels: Labels, version_id: str, added: Iterable[str]) -> dict[str, str]:
    """Return the labels after these were put on a version; what is AWSCURRENT no more is previous.

    Raise TooManyLabels.
    """
    new = dict(labels)
    for label in added:
        former = new.get(label)
        new[label] = version_id
        if label == CURRENT and former is not None and former != version_id:
            new[PREVIOUS] = former
    if len(of_version(new, version_id)) > LABELS_PER_VERSION:
        raise TooManyLabels(limit=str(LABELS_PER_VERSION))
    return new


def moved(
    labels: Labels, label: str, *, taken_from: str | None, put_to: str | None
) -> dict[str, str]:
    """Return the labels after one was moved, attached or removed."""
    if taken_from is None and put_to is None:
        raise NothingToMove
    holder = labels.get(label)
    if taken_from is not None and holder != taken_from:
        raise LabelNotAttached(label=label, version_id=taken_from)
    if put_to is None:
        if label == CURRENT:
            raise CurrentLabelRemoved
        return {other: version_id for other, version_id in labels.items() if other != label}
    if holder is not None and holder not in {taken_from, put_to}:
        raise LabelAttachedElsewhere(label=label, version_id=holder)
    return put_on(labels, put_to, [label])
