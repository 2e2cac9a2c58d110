"""The registrar of secretsmanager: the ARNs, keys and policies that decide on its requests."""

from collections.abc import Mapping

from poolgate.operations.registry import Registrar, Shape
from poolgate.policy.statements import Policy
from poolgate.secrets import labels, resource_policies, stored_secrets
from poolgate.secrets.stored_secrets import StoredSecret
from poolgate.store.call import Call

_ANY_SUFFIX = "??????"


def named_secret_resource(call: Call, request: Shape) -> str:
    """Return the ARN of the secret that the request names, or would make."""
    if "SecretId" not in request:
        stored_secrets.verify_name(request["Name"])
        return stored_secrets.arn_of_name(call, request["Name"], _ANY_SUFFIX)
    secret_id: str = request["SecretId"]
    found = find_named(call, request)
    if found is not None:
        return found.arn
    # One that is not there is told to callers who might use it, were it there.
    if secret_id.startswith("arn:"):
        return secret_id
    return stored_secrets.arn_of_name(call, secret_id, _ANY_SUFFIX)


def secret_context(call: Call, request: Shape) -> Mapping[str, tuple[str, ...]]:
    """Return the service's own condition keys.

    # AWS list_awssecretsmanager
    """
    context: dict[str, tuple[str, ...]] = {}
    for member in ("Name", "Description", "KmsKeyId", "VersionId", "VersionStage"):
        if member in request:
            context[f"secretsmanager:{member}"] = (str(request[member]),)
    for member in ("ForceDeleteWithoutRecovery", "BlockPublicPolicy"):
        if member in request:
            context[f"secretsmanager:{member}"] = ("true" if request[member] else "false",)
    if "RecoveryWindowInDays" in request:
        days = str(request["RecoveryWindowInDays"])
        context["secretsmanager:RecoveryWindowInDays"] = (days,)
    for tag in request.get("Tags", ()):
        context[f"aws:RequestTag/{tag.get('Key', '')}"] = (tag.get("Value", ""),)
    asked = (*(tag.get("Key", "") for tag in request.get("Tags", ())), *request.get("TagKeys", ()))
    if asked:
        context["aws:TagKeys"] = asked
    found = find_named(call, request)
    return context if found is None else {**context, **stored_context(found, found.tags or {})}


def value_context(call: Call, request: Shape) -> Mapping[str, tuple[str, ...]]:
    """Return the condition keys of reading a value: the current version where none is named."""
    context = secret_context(call, request)
    if "VersionId" in request or "VersionStage" in request:
        return context
    return {**context, "secretsmanager:VersionStage": (labels.CURRENT,)}


def stored_context(found: StoredSecret, tags: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the condition keys that a secret has by itself, were these its tags."""
    context: dict[str, tuple[str, ...]] = {"secretsmanager:SecretId": (found.arn,)}
    for tag_key, value in tags.items():
        context[f"secretsmanager:ResourceTag/{tag_key}"] = (value,)
        context[f"aws:ResourceTag/{tag_key}"] = (value,)
    return context


def policy_of(found: StoredSecret | None) -> Policy | None:
    """Return the compiled resource policy of a secret, or None."""
    if found is None or found.resource_policy is None:
        return None
    return resource_policies.compiled(found.resource_policy)


def named_secret_policy(call: Call, request: Shape) -> Policy | None:
    """Return the resource policy of the secret that the request names."""
    return policy_of(find_named(call, request))


def find_named(call: Call, request: Shape) -> StoredSecret | None:
    """Return the secret that the request names, if it names one that is there."""
    if "SecretId" not in request:
        return None
    with call.db.reading() as transaction:
        return stored_secrets.find(transaction, call, request["SecretId"])


registrar = Registrar(
    "secretsmanager",
    resource_of=named_secret_resource,
    context_of=secret_context,
    resource_policy_of=named_secret_policy,
)
