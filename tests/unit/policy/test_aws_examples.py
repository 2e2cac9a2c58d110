import json
from pathlib import Path

import pytest
from kits.policies import ALICE, ROLE_SESSION, document

from poolgate.policy.access import AccessRequest
from poolgate.policy.decisions import PolicySet, decide
from poolgate.policy.documents import PolicyKind, parse_policy

VECTORS = json.loads(
    (Path(__file__).parents[2] / "vectors" / "iam_policies.json").read_text(encoding="utf-8")
)["vectors"]
PRINCIPALS = {"user": ALICE, "session": ROLE_SESSION}


def parsed(statements, kind=PolicyKind.IDENTITY):
    return parse_policy(document(*statements), kind=kind)


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["source"] for vector in VECTORS])
def test_examples_of_the_user_guide(vector):
    policies = PolicySet(
        identity=tuple(parsed(statements) for statements in vector["identity"]),
        resource=parsed(vector["resource"], PolicyKind.RESOURCE) if "resource" in vector else None,
        boundary=parsed(vector["boundary"]) if "boundary" in vector else None,
        session=(parsed(vector["session"]),) if "session" in vector else None,
    )
    for asked in vector["asks"]:
        request = AccessRequest(
            PRINCIPALS[asked["principal"]],
            asked["action"],
            asked["resource"],
            {key: tuple(values) for key, values in asked["context"].items()},
            asked.get("owner"),
        )
        assert decide(policies, request).effect == asked["effect"], asked
