"""The trigger before tokens are made: its events in three versions, and its answers."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from poolgate.store.call import Call
from poolgate.userpools.app_clients import AppClient
from poolgate.userpools.pools import UserPool
from poolgate.userpools.token_claims import SignIn, preferred_role
from poolgate.userpools.token_overrides import Changes, GroupOverride, Overrides
from poolgate.userpools.triggers import (
    Occasion,
    Trigger,
    TriggerAnswerUnreadable,
    ask,
    attributes_of,
)

V1, V3 = "V1_0", "V3_0"
_EVENT_VERSIONS = {"V1_0": "1", "V2_0": "2", "V3_0": "3"}
_CLIENT_USERNAME = "ClientCredentials"
# AWS: "up to 5,000 changes" in one answer.
_MAX_CHANGES = 5000
_Names = list[str] | None


class _Groups(msgspec.Struct, rename="camel"):
    groups_to_override: _Names = None
    iam_roles_to_override: _Names = None
    preferred_role: str | None = None


class _Claims(msgspec.Struct, rename="camel"):
    """Version 1 knows text only, and the ID token only."""

    claims_to_add_or_override: dict[str, str] | None = None
    claims_to_suppress: _Names = None
    group_override_details: _Groups | UnsetType | None = UNSET


class _AnswerV1(msgspec.Struct, rename="camel"):
    claims_override_details: _Claims | None = None


class _Generation(msgspec.Struct, rename="camel"):
    claims_to_add_or_override: dict[str, Any] | None = None
    claims_to_suppress: _Names = None
    scopes_to_add: _Names = None
    scopes_to_suppress: _Names = None


class _ClaimsAndScopes(msgspec.Struct, rename="camel"):
    id_token_generation: _Generation | None = None
    access_token_generation: _Generation | None = None
    group_override_details: _Groups | UnsetType | None = UNSET


class _AnswerV2(msgspec.Struct, rename="camel"):
    claims_and_scope_override_details: _ClaimsAndScopes | None = None


def ask_before_tokens(call: Call, sign_in: SignIn) -> Overrides | None:
    """Return what the pool's function changes in a user's tokens; None without a function."""
    pool = sign_in.pool
    if Trigger.PRE_TOKEN_GENERATION not in pool.triggers:
        return None
    occasion = Occasion(
        pool=pool,
        source=sign_in.source,
        username=sign_in.user.username,
        client_id=sign_in.app_client.client_id,
        client_metadata=sign_in.client_metadata,
    )
    request: dict[str, object] = {
        "userAttributes": attributes_of(sign_in.user),
        "groupConfiguration": {
            "groupsToOverride": [group.name for group in sign_in.groups],
            "iamRolesToOverride": list(
                dict.fromkeys(group.role_arn for group in sign_in.groups if group.role_arn)
            ),
            "preferredRole": preferred_role(sign_in.groups),
        },
    }
    if pool.pre_token_version == V1:
        response = {"claimsOverrideDetails": None}
        answer = ask(
            call,
            Trigger.PRE_TOKEN_GENERATION,
            occasion,
            request,
            _AnswerV1,
            response=response,
        )
        return _overrides_of_v1(answer.claims_override_details or _Claims())
    return _ask_with_scopes(call, occasion, {**request, "scopes": sign_in.scope.split()})


def ask_before_client_token(
    call: Call,
    pool: UserPool,
    app_client: AppClient,
    scope: str,
    client_metadata: Mapping[str, str] | None,
) -> Overrides | None:
    """Return what the pool's function changes in an app client's own token.

    Only functions of version 3 are asked.
    """
    if Trigger.PRE_TOKEN_GENERATION not in pool.triggers or pool.pre_token_version != V3:
        return None
    occasion = Occasion(
        pool=pool,
        source="TokenGeneration_ClientCredentials",
        username=_CLIENT_USERNAME,
        client_id=app_client.client_id,
        client_metadata=client_metadata,
    )
    request: dict[str, object] = {
        "userAttributes": {},
        "groupConfiguration": None,
        "scopes": scope.split(),
    }
    return _ask_with_scopes(call, occasion, request)


def _ask_with_scopes(call: Call, occasion: Occasion, request: Mapping[str, object]) -> Overrides:
    answer = ask(
        call,
        Trigger.PRE_TOKEN_GENERATION,
        occasion,
        request,
        _AnswerV2,
        response={"claimsAndScopeOverrideDetails": None},
        version=_EVENT_VERSIONS[occasion.pool.pre_token_version],
    )
    details = answer.claims_and_scope_override_details or _ClaimsAndScopes()
    id_token = _changes(details.id_token_generation or _Generation())
    access_token = _changes(details.access_token_generation or _Generation())
    if _size(id_token) + _size(access_token) > _MAX_CHANGES:
        raise TriggerAnswerUnreadable
    return Overrides(
        id_token=id_token,
        access_token=access_token,
        groups=_groups(details.group_override_details),
    )


def _overrides_of_v1(details: _Claims) -> Overrides:
    id_token = Changes(
        added=details.claims_to_add_or_override or {},
        suppressed=frozenset(details.claims_to_suppress or ()),
    )
    if _size(id_token) > _MAX_CHANGES:
        raise TriggerAnswerUnreadable
    return Overrides(id_token=id_token, groups=_groups(details.group_override_details))


def _changes(generation: _Generation) -> Changes:
    added_scopes = generation.scopes_to_add or ()
    # A scope with a space in it would be several.
    if any(not scope or any(map(str.isspace, scope)) for scope in added_scopes):
        raise TriggerAnswerUnreadable
    return Changes(
        added=generation.claims_to_add_or_override or {},
        suppressed=frozenset(generation.claims_to_suppress or ()),
        added_scopes=added_scopes,
        suppressed_scopes=frozenset(generation.scopes_to_suppress or ()),
    )


def _groups(answered: _Groups | UnsetType | None) -> GroupOverride | None:
    # AWS: "If you provide an empty or null object in the response, Amazon Cognito suppresses the
    # groups." Saying nothing keeps them.
    if isinstance(answered, UnsetType):
        return None
    groups = answered or _Groups()
    return GroupOverride(
        groups.groups_to_override or (),
        groups.iam_roles_to_override or (),
        groups.preferred_role,
    )


def _size(changes: Changes) -> int:
    return (
        len(changes.added)
        + len(changes.suppressed)
        + len(changes.added_scopes)
        + len(changes.suppressed_scopes)
    )
