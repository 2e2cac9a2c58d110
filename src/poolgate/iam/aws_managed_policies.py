"""The managed policies that AWS defines, as far as they speak of what exists here.

They can be attached and read as in AWS and are the same in every account.
# AWS managed-policy reference
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from poolgate.foundation.ids import Arn

_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


@dataclass(frozen=True, slots=True)
class AwsManagedPolicy:
    """One of AWS's policies; the id is made here."""

    name: str
    path: str
    description: str
    document: str

    @property
    def arn(self) -> Arn:
        """The policy's ARN."""
        return Arn(f"arn:aws:iam::aws:policy{self.path}{self.name}")

    @property
    def policy_id(self) -> str:
        """An id that is the same wherever it is asked for."""
        digest = hashlib.sha256(self.arn.encode()).digest()
        return "ANPA" + "".join(_BASE32[byte % 32] for byte in digest[:17])


def _statement(effect: str, actions: Sequence[str], *, negated: bool = False) -> dict[str, object]:
    element = "NotAction" if negated else "Action"
    return {"Effect": effect, element: list(actions), "Resource": "*"}


def _policy(
    name: str, description: str, *statements: Mapping[str, object], path: str = "/"
) -> AwsManagedPolicy:
    document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return AwsManagedPolicy(name, path, description, document)


def _allow(*actions: str) -> dict[str, object]:
    return _statement("Allow", actions)


_READING_IAM = ("iam:Get*", "iam:List*", "iam:Generate*", "iam:Simulate*")
_READING_COGNITO = (
    "cognito-identity:Describe*",
    "cognito-identity:Get*",
    "cognito-identity:List*",
    "cognito-idp:Describe*",
    "cognito-idp:AdminGet*",
    "cognito-idp:AdminList*",
    "cognito-idp:List*",
    "cognito-idp:Get*",
)
_POLICIES = (
    _policy(
        "AdministratorAccess",
        "Provides full access to AWS services and resources.",
        _allow("*"),
    ),
    _policy(
        "PowerUserAccess",
        "Provides full access to AWS services and resources, but does not allow management of"
        " Users and groups.",
        _statement("Allow", ["iam:*", "organizations:*", "account:*"], negated=True),
        _allow(
            "iam:CreateServiceLinkedRole",
            "iam:DeleteServiceLinkedRole",
            "iam:ListRoles",
            "organizations:DescribeOrganization",
            "account:ListRegions",
        ),
    ),
    _policy(
        "ReadOnlyAccess",
        "Provides read-only access to AWS services and resources.",
        _allow(
            *_READING_IAM,
            *_READING_COGNITO,
            "secretsmanager:Describe*",
            "secretsmanager:GetResourcePolicy",
            "secretsmanager:List*",
            "sts:GetAccessKeyInfo",
            "sts:GetCallerIdentity",
            "sts:GetSessionToken",
        ),
    ),
    _policy("AWSDenyAll", "Deny all access.", _statement("Deny", ["*"])),
    _policy(
        "IAMFullAccess",
        "Provides full access to IAM via the AWS Management Console.",
        _allow("iam:*"),
    ),
    _policy(
        "IAMReadOnlyAccess",
        "Provides read only access to IAM via the AWS Management Console.",
        _allow(*_READING_IAM),
    ),
    _policy(
        "IAMUserChangePassword",
        "Provides the ability for an IAM user to change their own password.",
        {
            "Effect": "Allow",
            "Action": ["iam:ChangePassword"],
            "Resource": ["arn:aws:iam::*:user/${aws:username}"],
        },
        _allow("iam:GetAccountPasswordPolicy"),
    ),
    _policy(
        "AmazonCognitoPowerUser",
        "Provides administrative access to existing Amazon Cognito resources.",
        _allow(
            "cognito-identity:*",
            "cognito-idp:*",
            "cognito-sync:*",
            "iam:ListRoles",
            "iam:ListOpenIdConnectProviders",
            "iam:GetRole",
            "iam:ListSAMLProviders",
            "iam:GetSAMLProvider",
        ),
    ),
    _policy(
        "AmazonCognitoReadOnly",
        "Provides read only access to Amazon Cognito resources.",
        _allow(
            *_READING_COGNITO,
            "iam:ListOpenIdConnectProviders",
            "iam:ListRoles",
        ),
    ),
    _policy(
        "AmazonCognitoDeveloperAuthenticatedIdentities",
        "Provides access to Amazon Cognito APIs to support developer authenticated identities.",
        _allow(
            "cognito-identity:GetOpenIdTokenForDeveloperIdentity",
            "cognito-identity:LookupDeveloperIdentity",
            "cognito-identity:MergeDeveloperIdentities",
            "cognito-identity:UnlinkDeveloperIdentity",
        ),
    ),
    _policy(
        "SecretsManagerReadWrite",
        "Provides read/write access to AWS Secrets Manager.",
        _allow("secretsmanager:*"),
    ),
    _policy(
        "AmazonAPIGatewayInvokeFullAccess",
        "Provides full access to invoke APIs in Amazon API Gateway.",
        {
            "Effect": "Allow",
            "Action": ["execute-api:Invoke", "execute-api:ManageConnections"],
            "Resource": "arn:aws:execute-api:*:*:*",
        },
    ),
    _policy(
        "AWSLambdaBasicExecutionRole",
        "Provides write permissions to CloudWatch Logs.",
        _allow("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"),
        path="/service-role/",
    ),
)

AWS_MANAGED_POLICIES: Mapping[str, AwsManagedPolicy] = MappingProxyType(
    {aws_managed.arn: aws_managed for aws_managed in _POLICIES}
)
