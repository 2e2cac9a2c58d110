"""The example of docs/triggers.md, run as it stands there."""

import re
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from kits.cognito import PASSWORD, attribute_list

GUIDE = Path(__file__).parents[2] / "docs" / "triggers.md"


def test_example_of_the_guide_works(poolgate):
    (example,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    names = {}
    exec(example, names)  # noqa: S102 - the document's own example
    names["test_company_addresses_only"](poolgate)
    cognito = poolgate.client("cognito-idp")
    (pool,) = cognito.list_user_pools(MaxResults=1)["UserPools"]
    made = cognito.create_user_pool_client(UserPoolId=pool["Id"], ClientName="app")
    client_id = made["UserPoolClient"]["ClientId"]

    def sign_up(address):
        return cognito.sign_up(
            ClientId=client_id,
            Username=address.partition("@")[0],
            Password=PASSWORD,
            UserAttributes=attribute_list({"email": address}),
        )

    assert sign_up("alice@example.com")["UserConfirmed"] is True
    with pytest.raises(ClientError, match=r"PreSignUp failed with error Company addresses only\."):
        sign_up("bob@elsewhere.example")
