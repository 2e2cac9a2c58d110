from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError

from poolgate.testing import LocalPoolgate


@pytest.mark.assumed("code and status of an operation that is not built")
def test_operation_that_is_not_built_is_named(poolgate: LocalPoolgate) -> None:
    with pytest.raises(ClientError) as caught:
        poolgate.client("secretsmanager").stop_replication_to_replica(SecretId="kept")
    assert caught.value.response["Error"]["Code"] == "NotImplementedException"
    assert "secretsmanager:StopReplicationToReplica" in caught.value.response["Error"]["Message"]


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
