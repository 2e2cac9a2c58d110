from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError

from poolgate.testing import LocalPoolgate

OTHER_ACCOUNT = "arn:aws:secretsmanager:us-east-1:999999999999:secret:kept-abcdef"


@pytest.mark.assumed("code and status of an operation that is not built")
def test_operation_that_is_not_built_is_named(poolgate: LocalPoolgate) -> None:
    with pytest.raises(ClientError) as caught:
        poolgate.client("secretsmanager").disassociate_cross_account_replica(
            SecretId="kept", CrossAccountReplicaARN=OTHER_ACCOUNT
        )
    assert caught.value.response["Error"]["Code"] == "NotImplementedException"
    message = caught.value.response["Error"]["Message"]
    assert "secretsmanager:DisassociateCrossAccountReplica" in message


@pytest.mark.assumed("protocol.md 2: belief")
def test_unknown_target_is_an_unknown_operation(poolgate: LocalPoolgate) -> None:
    answer = poolgate.post_json("cognito-idp", "MakeCoffee", {})
    assert answer.status == 400
    assert msgspec.json.decode(answer.body) == {"__type": "UnknownOperationException"}


def test_pools_forget_each_other() -> None:
    def account(poolgate: LocalPoolgate) -> Any:
        return poolgate.account_id

    with LocalPoolgate() as first, LocalPoolgate() as second:
        assert account(first) != account(second)
