"""Hostile requests to every built operation: no server fault, and a refusal changes nothing."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from kits.hostile import HostileRequests, Members, form_parameters
from kits.saml_idp import SamlIdp
from pycognito.aws_srp import generate_hash_device

from poolgate.foundation.ids import pool_arn
from poolgate.identitypools.identity_pools import pool_arn as pool_arn_of
from poolgate.operations.registry import Authentication, Operation
from poolgate.testing import Credentials, LocalPoolgate
from poolgate.web.messages import HttpResponse
from poolgate.wire.services import ServiceDoor, load_services

PASSWORD = "Correct-Horse-1"
# A refused attempt is counted, a spent one is spent: that is what these tables are for.
COUNTING_TABLES = {
    "attempt_windows",
    "spent_proofs",
    "auth_sessions",
    "auth_events",
    "address_failures",
}
LOCK_OUT_COLUMNS = ("failed_attempts", "last_failure_at", "locked_until")
EMAIL = {"Name": "email", "Value": "other@example.com"}
SIGN_IN = {"USERNAME": "anna", "PASSWORD": PASSWORD}
NEW_PASSWORD = {"USERNAME": "anna", "NEW_PASSWORD": PASSWORD}
PROVIDER = {"client_id": "c", "client_secret": "s", "authorize_scopes": "email"}
LIMIT = {"LimitClass": "API_CATEGORY", "Attributes": {"Category": "UserRead"}}
TERMS = {
    "TermsName": "terms-of-use",
    "TermsSource": "LINK",
    "Enforcement": "NONE",
    "Links": {"cognito:default": "https://example.com/terms"},
}
# What makes a request go through, where the required members alone would not.
GIVEN: Mapping[str, Members] = {
    "UpdateUserAttributes": {"UserAttributes": [EMAIL]},
    "AdminUpdateUserAttributes": {"UserAttributes": [EMAIL]},
    "DeleteUserAttributes": {"UserAttributeNames": ["name"]},
    "AdminDeleteUserAttributes": {"UserAttributeNames": ["name"]},
    "GetUserAttributeVerificationCode": {"AttributeName": "email"},
    "VerifyUserAttribute": {"AttributeName": "email", "Code": "123456"},
    "CreateGroup": {"GroupName": "others"},
    "CreateIdentityProvider": {
        "ProviderName": "LoginWithAmazon",
        "ProviderType": "LoginWithAmazon",
        "ProviderDetails": PROVIDER,
    },
    "AdminLinkProviderForUser": {
        "DestinationUser": {"ProviderName": "Cognito", "ProviderAttributeValue": "anna"},
        "SourceUser": {
            "ProviderName": "Google",
            "ProviderAttributeName": "Cognito_Subject",
            "ProviderAttributeValue": "1234",
        },
    },
    "AdminDisableProviderForUser": {
        "User": {
            "ProviderName": "Cognito",
            "ProviderAttributeName": "Cognito_Subject",
            "ProviderAttributeValue": "anna",
        },
    },
    "GetProvisionedLimit": {"LimitDefinition": LIMIT},
    "UpdateProvisionedLimit": {"LimitDefinition": LIMIT, "RequestedLimitValue": 1_000_000},
    "CreateUserPoolReplica": {"RegionName": "eu-west-2"},
    "CreateTerms": {**TERMS, "TermsName": "privacy-policy"},
    "UpdateManagedLoginBranding": {"Settings": {"components": {}}},
    "SetUICustomization": {"CSS": ".logo-customizable { color: red }", "ClientId": "ALL"},
    "CreateUserPoolDomain": {
        "Domain": "login.example.com",
        "CustomDomainConfig": {
            "CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/a-b"
        },
    },
    "ChangePassword": {"PreviousPassword": PASSWORD},
    "AddCustomAttributes": {
        "CustomAttributes": [{"Name": "color", "AttributeDataType": "String", "Mutable": True}]
    },
    "SetUserPoolMfaConfig": {"MfaConfiguration": "OFF"},
    "InitiateAuth": {"AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": SIGN_IN},
    "AdminInitiateAuth": {"AuthFlow": "ADMIN_USER_PASSWORD_AUTH", "AuthParameters": SIGN_IN},
    "RespondToAuthChallenge": {"ChallengeResponses": NEW_PASSWORD, "Session": "s" * 30},
    "AdminRespondToAuthChallenge": {"ChallengeResponses": NEW_PASSWORD, "Session": "s" * 30},
    "SignUp": {"Username": "berta", "Password": PASSWORD},
    "ConfirmSignUp": {"Username": "carla"},
    "ResendConfirmationCode": {"Username": "carla"},
    "AdminConfirmSignUp": {"Username": "carla"},
    "AdminCreateUser": {"Username": "dora", "TemporaryPassword": PASSWORD},
    "ConfirmDevice": {"DeviceSecretVerifierConfig": generate_hash_device("-group", "key")[1]},
    "DescribeUserImportJob": {"JobId": "import-AbCdEfGhIj"},
    "StartUserImportJob": {"JobId": "import-AbCdEfGhIj"},
    "StopUserImportJob": {"JobId": "import-AbCdEfGhIj"},
}
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"},
            "Action": "sts:AssumeRole",
        },
    }
)
READING = '{"Statement":{"Effect":"Allow","Action":"iam:GetUser","Resource":"*"}}'
SIMULATED = {"ActionNames": ["iam:GetUser"]}
# The same for iam and sts, whose names mean other things.
GIVEN_TO_IAM: Mapping[str, Members] = {
    "UpdateAccessKey": {"UserName": "irene"},
    "DeleteAccessKey": {"UserName": "irene"},
    "CreateRole": {"AssumeRolePolicyDocument": TRUST},
    "UpdateAssumeRolePolicy": {"PolicyDocument": TRUST},
    "CreateOpenIDConnectProvider": {"Url": "https://other.example"},
    "CreateSAMLProvider": {"Name": "other", "SAMLMetadataDocument": SamlIdp().metadata()},
    "GetPolicyVersion": {"VersionId": "v1"},
    "SetDefaultPolicyVersion": {"VersionId": "v1"},
    "DeletePolicyVersion": {"VersionId": "v1"},
    "CreateServiceLinkedRole": {"AWSServiceName": "acm.amazonaws.com"},
    "GetFederationToken": {"Name": "bob"},
    "CreateVirtualMFADevice": {"VirtualMFADeviceName": "other"},
    "SimulatePrincipalPolicy": SIMULATED,
    "SimulateCustomPolicy": {"PolicyInputList": [READING], **SIMULATED},
    "GetContextKeysForCustomPolicy": {"PolicyInputList": [READING]},
}
NOWHERE = "us-east-1:00000000-0000-4000-8000-000000000000"
IDENTITY_POOL = {"AllowUnauthenticatedIdentities": True, "IdentityPoolName": "people"}
GIVEN_TO_IDENTITY: Mapping[str, Members] = {
    "CreateIdentityPool": IDENTITY_POOL,
    "UpdateIdentityPool": {**IDENTITY_POOL, "DeveloperProviderName": "login.example"},
    "SetIdentityPoolRoles": {"Roles": {}},
    "GetOpenIdTokenForDeveloperIdentity": {"Logins": {"login.example": "u1"}},
    "MergeDeveloperIdentities": {"SourceUserIdentifier": "u1", "DestinationUserIdentifier": "u1"},
    "UnlinkDeveloperIdentity": {"DeveloperUserIdentifier": "u1"},
    "UnlinkIdentity": {"Logins": {}, "LoginsToRemove": []},
    "DeleteIdentities": {"IdentityIdsToDelete": [NOWHERE]},
    "LookupDeveloperIdentity": {"DeveloperUserIdentifier": "u1"},
}
FIRST_VERSION = "11111111-1111-4111-8111-111111111111"
NEW_VERSION = {
    "ClientRequestToken": "22222222-2222-4222-8222-222222222222",
    "SecretString": "a value",
}
OPEN_TO_USER = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"AWS": "123456789012"},
            "Action": "secretsmanager:*",
            "Resource": "*",
        },
    }
)
GIVEN_TO_SECRETS: Mapping[str, Members] = {
    "ReplicateSecretToRegions": {"AddReplicaRegions": [{"Region": "eu-west-1"}]},
    "RemoveRegionsFromReplication": {"RemoveReplicaRegions": ["eu-west-1"]},
    "CreateSecret": {**NEW_VERSION, "Name": "other"},
    "PutSecretValue": NEW_VERSION,
    "UpdateSecret": NEW_VERSION,
    "RotateSecret": {"ClientRequestToken": NEW_VERSION["ClientRequestToken"]},
    "BatchGetSecretValue": {"SecretIdList": ["kept"]},
    "GetSecretValue": {"VersionId": FIRST_VERSION},
    "UpdateSecretVersionStage": {"VersionStage": "mine", "MoveToVersionId": FIRST_VERSION},
    "PutResourcePolicy": {"ResourcePolicy": OPEN_TO_USER},
    "ValidateResourcePolicy": {"ResourcePolicy": OPEN_TO_USER},
}
GIVEN_BY_SERVICE = {
    "cognito-idp": GIVEN,
    "cognito-identity": GIVEN_TO_IDENTITY,
    "iam": GIVEN_TO_IAM,
    "sts": GIVEN_TO_IAM,
    "secretsmanager": GIVEN_TO_SECRETS,
}
# Who may is for the operation to find out, so that it refuses in words of its own.
DECIDES_ITSELF = {"AssumeRole"}
BUILT = [
    (service.name, name) for service in load_services().values() for name in service.operations
]


class World:
    """A server with one of everything, put back after each request that was let through."""

    def __init__(self, poolgate: LocalPoolgate) -> None:
        self.poolgate = poolgate
        self._raw: sqlite3.Connection = (
            poolgate.application.installation.db.engine.raw_connection().driver_connection
        )
        self.known = self._populated()
        self._snapshot = sqlite3.connect(":memory:")
        self._raw.backup(self._snapshot)
        self._contents = self._dump()
        self._changes = self._raw.total_changes

    def send(
        self,
        service: ServiceDoor,
        operation: Operation,
        members: Members,
        *,
        signed: bool,
        signer: Credentials | None = None,
    ) -> HttpResponse:
        """Send one request and put the world back if it was let through."""
        signed_by = (signer or self.poolgate.root_credentials) if signed else None
        answer = self._sent(service, operation, members, signed_by)
        assert answer.status < 500, (operation.name, members, answer.body)
        if self._raw.total_changes != self._changes:
            if answer.status != 200:
                assert self._dump() == self._contents, (operation.name, members, answer.body)
            self._snapshot.backup(self._raw)
            self._changes = self._raw.total_changes
        return answer

    def close(self) -> None:
        self._snapshot.close()

    def _sent(
        self,
        service: ServiceDoor,
        operation: Operation,
        members: Members,
        signed_by: Credentials | None,
    ) -> HttpResponse:
        if service.speaks_json:
            return self.poolgate.post_json(
                service.name, operation.name, members, signed_by=signed_by
            )
        terms = {"Action": operation.name, "Version": service.model.api_version}
        form = [*terms.items(), *form_parameters(members)]
        body = urlencode(form).encode()
        headers = {"content-type": "application/x-www-form-urlencoded"}
        if signed_by is not None:
            headers |= self.poolgate.signature(service.name, signed_by, headers=headers, body=body)
        return self.poolgate.send("POST", "/", headers=headers, body=body)

    def _dump(self) -> dict[str, list[Any]]:
        tables = self._raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {name: self._rows(name) for (name,) in tables if name not in COUNTING_TABLES}

    def _rows(self, table: str) -> list[Any]:
        found = self._raw.execute(f'PRAGMA table_info("{table}")')
        columns = [column[1] for column in found if column[1] not in LOCK_OUT_COLUMNS]
        return self._raw.execute(f'SELECT {", ".join(columns)} FROM "{table}"').fetchall()  # noqa: S608 - our own names

    def _populated(self) -> dict[str, Any]:
        cognito, iam = self.poolgate.client("cognito-idp"), self.poolgate.client("iam")
        tracking = {"DeviceOnlyRememberedOnUserPrompt": False}
        pool_id = cognito.create_user_pool(
            PoolName="people",
            DeviceConfiguration=tracking,
            UserPoolTier="PLUS",
            UserPoolAddOns={"AdvancedSecurityMode": "AUDIT"},
        )["UserPool"]["Id"]
        app_client = cognito.create_user_pool_client(
            UserPoolId=pool_id,
            ClientName="app",
            ExplicitAuthFlows=[
                "ALLOW_USER_SRP_AUTH",
                "ALLOW_USER_PASSWORD_AUTH",
                "ALLOW_ADMIN_USER_PASSWORD_AUTH",
                "ALLOW_REFRESH_TOKEN_AUTH",
            ],
        )["UserPoolClient"]
        cognito.create_group(UserPoolId=pool_id, GroupName="staff")
        cognito.create_identity_provider(
            UserPoolId=pool_id,
            ProviderName="Google",
            ProviderType="Google",
            ProviderDetails=PROVIDER,
            IdpIdentifiers=["google.example"],
        )
        cognito.create_user_pool_domain(UserPoolId=pool_id, Domain="people-app")
        of_client = {"UserPoolId": pool_id, "ClientId": app_client["ClientId"]}
        branding = cognito.create_managed_login_branding(
            **of_client, UseCognitoProvidedValues=True
        )["ManagedLoginBranding"]
        cognito.create_user_pool_replica(UserPoolId=pool_id, RegionName="eu-west-1")
        terms = cognito.create_terms(**of_client, **TERMS)["Terms"]
        cognito.admin_create_user(
            UserPoolId=pool_id,
            Username="anna",
            MessageAction="SUPPRESS",
            UserAttributes=[
                {"Name": "email", "Value": "anna@example.com"},
                {"Name": "email_verified", "Value": "true"},
            ],
        )
        cognito.admin_set_user_password(
            UserPoolId=pool_id, Username="anna", Password=PASSWORD, Permanent=True
        )
        unconfirmed = {"Username": "carla", "Password": PASSWORD, "UserAttributes": [EMAIL]}
        cognito.sign_up(ClientId=app_client["ClientId"], **unconfirmed)
        tokens = cognito.initiate_auth(
            ClientId=app_client["ClientId"],
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters=SIGN_IN,
        )["AuthenticationResult"]
        device = {
            "AccessToken": tokens["AccessToken"],
            "DeviceKey": tokens["NewDeviceMetadata"]["DeviceKey"],
        }
        cognito.confirm_device(**device, **GIVEN["ConfirmDevice"])
        iam.create_user(UserName="irene")
        access_key = iam.create_access_key(UserName="irene")["AccessKey"]
        statement = {"Effect": "Allow", "Action": "iam:GetUser", "Resource": "*"}
        self.limited = Credentials(access_key["AccessKeyId"], access_key["SecretAccessKey"])
        document = json.dumps({"Version": "2012-10-17", "Statement": statement})
        iam.put_user_policy(UserName="irene", PolicyName="own", PolicyDocument=document)
        iam.create_group(GroupName="staff")
        role = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=TRUST)["Role"]
        managed = iam.create_policy(PolicyName="own", PolicyDocument=document)["Policy"]
        provider = iam.create_open_id_connect_provider(Url="https://idp.example")
        saml_provider = iam.create_saml_provider(
            Name="Example", SAMLMetadataDocument=SamlIdp().metadata()
        )
        identity = self.poolgate.client("cognito-identity")
        identity_pool_id = identity.create_identity_pool(
            **IDENTITY_POOL, DeveloperProviderName="login.example"
        )["IdentityPoolId"]
        identity_id = identity.get_open_id_token_for_developer_identity(
            IdentityPoolId=identity_pool_id, Logins={"login.example": "u1"}
        )["IdentityId"]
        self.poolgate.client("secretsmanager").create_secret(
            Name="kept", SecretString="kept value", ClientRequestToken=FIRST_VERSION
        )
        phone = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
        return {
            "UserPoolId": pool_id,
            "ClientId": app_client["ClientId"],
            "ClientName": "app",
            "GroupName": "staff",
            "Domain": "people-app",
            "ManagedLoginBrandingId": branding["ManagedLoginBrandingId"],
            "TermsId": terms["TermsId"],
            "RegionName": "eu-west-1",
            "TermsName": "terms-of-use",
            "ProviderName": "Google",
            "IdpIdentifier": "google.example",
            "Username": "anna",
            "Password": PASSWORD,
            "ProposedPassword": PASSWORD + "2",
            **device,
            "Token": tokens["RefreshToken"],
            "ChallengeName": "NEW_PASSWORD_REQUIRED",
            "ResourceArn": pool_arn(self.poolgate.account_id, pool_id),
            "UserName": "irene",
            "AccessKeyId": access_key["AccessKeyId"],
            "PolicyName": "own",
            "PolicyDocument": document,
            "IdentityPoolId": identity_pool_id,
            "IdentityPoolArn": pool_arn_of(self.poolgate.account_id, identity_pool_id),
            "IdentityId": identity_id,
            "IdentityProviderName": "login.example",
            "DeveloperProviderName": "login.example",
            "SecretId": "kept",
            "RoleName": "reader",
            "RoleArn": role["Arn"],
            "PolicySourceArn": role["Arn"],
            "RoleSessionName": "run",
            "PolicyArn": managed["Arn"],
            "PermissionsBoundary": managed["Arn"],
            "OpenIDConnectProviderArn": provider["OpenIDConnectProviderArn"],
            "SAMLProviderArn": saml_provider["SAMLProviderArn"],
            "PrincipalArn": saml_provider["SAMLProviderArn"],
            "SerialNumber": phone["SerialNumber"],
            "AuthenticationCode1": "123456",
            "AuthenticationCode2": "234567",
        }


def hostile_requests(world: World, service: str, operation: str) -> HostileRequests:
    given = GIVEN_BY_SERVICE[service].get(operation, {})
    known = world.known
    if service == "cognito-identity":
        known = {**known, "ResourceArn": known["IdentityPoolArn"]}
    if service == "secretsmanager":
        known = {"SecretId": known["SecretId"]}
    return HostileRequests(service, operation, known, given)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with LocalPoolgate() as poolgate:
        made = World(poolgate)
        yield made
        made.close()


@pytest.mark.parametrize(("service_name", "operation_name"), BUILT)
def test_hostile_requests_are_refused_and_change_nothing(
    world: World, service_name: str, operation_name: str
) -> None:
    service = load_services()[service_name]
    operation = service.operations[operation_name]
    needs_signature = operation.authentication is Authentication.SIGV4
    for members in hostile_requests(world, service_name, operation_name):
        world.send(service, operation, members, signed=needs_signature)


@pytest.mark.parametrize(("service_name", "operation_name"), BUILT)
def test_unsigned_requests_do_not_pass_where_signatures_are_needed(
    world: World, service_name: str, operation_name: str
) -> None:
    service = load_services()[service_name]
    operation = service.operations[operation_name]
    members = hostile_requests(world, service_name, operation_name).plausible()
    if operation.authentication is not Authentication.SIGV4:
        world.send(service, operation, members, signed=True)
        return
    answer = world.send(service, operation, members, signed=False)
    assert answer.status in {400, 403}
    assert b"MissingAuthenticationToken" in answer.body


def decided_by_policies() -> list[tuple[str, str]]:
    """Return the signed operations that the limited user's own policy does not allow."""
    services = load_services()
    return [
        (service_name, operation_name)
        for service_name, operation_name in BUILT
        if services[service_name].operations[operation_name].authentication is Authentication.SIGV4
        and (service_name, operation_name) != ("iam", "GetUser")
    ]


@pytest.mark.parametrize(("service_name", "operation_name"), decided_by_policies())
def test_a_user_without_rights_is_denied(
    world: World, service_name: str, operation_name: str
) -> None:
    service = load_services()[service_name]
    operation = service.operations[operation_name]
    members = hostile_requests(world, service_name, operation_name).plausible()
    answer = world.send(service, operation, members, signed=True, signer=world.limited)
    if operation.needs_permission:
        assert answer.status == (400 if service.speaks_json else 403)
        assert (
            f"is not authorized to perform: {service_name}:{operation_name}".encode() in answer.body
        )
    else:
        assert answer.status == (403 if operation_name in DECIDES_ITSELF else 200)


@pytest.mark.parametrize("depth", [100, 500, 900, 2000, 100_000])
def test_deep_documents_are_refused_or_read(world: World, depth: int) -> None:
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        body = f'{{"AccessToken":"x","Deep":{opening * depth}1{closing * depth}}}'.encode()
        answer = world.poolgate.post_json("cognito-idp", "GetUser", body)
        assert answer.status == 400
        assert msgspec.json.decode(answer.body)["__type"] in {
            "NotAuthorizedException",
            "SerializationException",
        }
