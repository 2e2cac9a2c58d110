"""Roles, trust and temporary keys for tests of whoever signs."""

import json

from poolgate.testing.local import Credentials


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource="*", **others):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **others}


def deny(action, resource="*", **others):
    return {"Effect": "Deny", "Action": action, "Resource": resource, **others}


def trusting(principal, action="sts:AssumeRole", **others):
    return document({"Effect": "Allow", "Principal": principal, "Action": action, **others})


def make_role(iam, name, trust, *statements, **members):
    """Create a role, with one inline policy if there are statements; return its ARN."""
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, **members)["Role"]
    if statements:
        iam.put_role_policy(
            RoleName=name, PolicyName="granted", PolicyDocument=document(*statements)
        )
    return role["Arn"]


def keys_of(answer):
    """Return the credentials of an STS answer."""
    shape = answer["Credentials"]
    return Credentials(shape["AccessKeyId"], shape["SecretAccessKey"], shape["SessionToken"])
