"""The tables of IAM. Times are milliseconds since 1970."""

import sqlalchemy as sa

from poolgate.store.database import metadata

iam_users = sa.Table(
    "iam_users",
    metadata,
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    # Names are unique whatever their case; the spelling of the creation is kept.
    sa.Column("name_key", sa.Text, nullable=False, unique=True),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("tags", sa.Text, nullable=False),
    sa.Column("boundary_arn", sa.Text),
    sa.Column("created_at", sa.BigInteger, nullable=False),
)

iam_groups = sa.Table(
    "iam_groups",
    metadata,
    sa.Column("group_id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("name_key", sa.Text, nullable=False, unique=True),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
)

iam_group_members = sa.Table(
    "iam_group_members",
    metadata,
    sa.Column("user_id", sa.ForeignKey("iam_users.user_id"), primary_key=True),
    sa.Column("group_id", sa.ForeignKey("iam_groups.group_id"), primary_key=True),
    sa.Index("iam_group_members_by_group", "group_id", "user_id"),
)

iam_roles = sa.Table(
    "iam_roles",
    metadata,
    sa.Column("role_id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("name_key", sa.Text, nullable=False, unique=True),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("description", sa.Text),
    # Principals of this account stand in it by their unique ids.
    sa.Column("trust_policy", sa.Text, nullable=False),
    sa.Column("longest_session_seconds", sa.Integer, nullable=False),
    sa.Column("tags", sa.Text, nullable=False),
    sa.Column("boundary_arn", sa.Text),
    # The service that a service-linked role belongs to.
    sa.Column("linked_service", sa.Text),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("used_at", sa.BigInteger),
    sa.Column("used_region", sa.Text),
)

# Owned by a user, a group or a role: the prefix of the id tells which.
iam_inline_policies = sa.Table(
    "iam_inline_policies",
    metadata,
    sa.Column("owner_id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("document", sa.Text, nullable=False),
)

iam_managed_policies = sa.Table(
    "iam_managed_policies",
    metadata,
    sa.Column("policy_id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("name_key", sa.Text, nullable=False, unique=True),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("arn", sa.Text, nullable=False, unique=True),
    sa.Column("description", sa.Text),
    sa.Column("default_version", sa.Integer, nullable=False),
    sa.Column("last_version", sa.Integer, nullable=False),
    sa.Column("tags", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
)

iam_policy_versions = sa.Table(
    "iam_policy_versions",
    metadata,
    sa.Column(
        "policy_id",
        sa.ForeignKey("iam_managed_policies.policy_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
)

iam_attachments = sa.Table(
    "iam_attachments",
    metadata,
    sa.Column("owner_id", sa.Text, primary_key=True),
    sa.Column("policy_arn", sa.Text, primary_key=True),
    sa.Index("iam_attachments_by_policy", "policy_arn", "owner_id"),
)

iam_oidc_providers = sa.Table(
    "iam_oidc_providers",
    metadata,
    # The issuer without its scheme, as ARNs and condition keys have it.
    sa.Column("url", sa.Text, primary_key=True),
    sa.Column("client_ids", sa.Text, nullable=False),
    sa.Column("thumbprints", sa.Text, nullable=False),
    sa.Column("tags", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
)

iam_saml_providers = sa.Table(
    "iam_saml_providers",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    # What a sign-in URL and GetSAMLProvider call it.
    sa.Column("provider_id", sa.Text, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    # What the document says, see saml.metadata.
    sa.Column("described", sa.LargeBinary, nullable=False),
    sa.Column("encryption_mode", sa.Text),
    sa.Column("tags", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
)

iam_saml_private_keys = sa.Table(
    "iam_saml_private_keys",
    metadata,
    sa.Column("key_id", sa.Text, primary_key=True),
    sa.Column(
        "provider_name",
        sa.ForeignKey("iam_saml_providers.name", ondelete="CASCADE"),
        nullable=False,
    ),
    sa.Column("sealed_private_key", sa.LargeBinary, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Index("iam_saml_private_keys_by_provider", "provider_name"),
)

iam_account_aliases = sa.Table(
    "iam_account_aliases",
    metadata,
    sa.Column("account_id", sa.Text, primary_key=True),
    sa.Column("alias", sa.Text, nullable=False),
)

# Reports on the use of services that were asked for; they are made when they are read.
iam_access_jobs = sa.Table(
    "iam_access_jobs",
    metadata,
    sa.Column("job_id", sa.Text, primary_key=True),
    sa.Column("arn", sa.Text, nullable=False),
    sa.Column("granularity", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
)

iam_credential_reports = sa.Table(
    "iam_credential_reports",
    metadata,
    sa.Column("account_id", sa.Text, primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
)

# At most one row: the account's issuer, made when the feature was enabled first.
iam_outbound_federation = sa.Table(
    "iam_outbound_federation",
    metadata,
    sa.Column("account_id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False),
)

iam_web_identity_keys = sa.Table(
    "iam_web_identity_keys",
    metadata,
    sa.Column("key_id", sa.Text, primary_key=True),
    sa.Column("algorithm", sa.Text, nullable=False, unique=True),
    sa.Column("public_jwk", sa.LargeBinary, nullable=False),
    sa.Column("sealed_private_key", sa.LargeBinary, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
)

access_keys = sa.Table(
    "access_keys",
    metadata,
    sa.Column("access_key_id", sa.Text, primary_key=True),
    # Null for the account's root key.
    sa.Column("user_id", sa.ForeignKey("iam_users.user_id")),
    sa.Column("sealed_secret", sa.LargeBinary, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    # The last use, to the hour.
    sa.Column("used_at", sa.BigInteger),
    sa.Column("used_service", sa.Text),
    sa.Column("used_region", sa.Text),
    sa.Index("access_keys_by_user", "user_id"),
)

# The last use of a service by a user, a role or the root, to the hour.
iam_service_uses = sa.Table(
    "iam_service_uses",
    metadata,
    sa.Column("owner_id", sa.Text, primary_key=True),
    sa.Column("service", sa.Text, primary_key=True),
    sa.Column("used_at", sa.BigInteger, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
)

iam_mfa_devices = sa.Table(
    "iam_mfa_devices",
    metadata,
    sa.Column("serial_number", sa.Text, primary_key=True),
    sa.Column("sealed_secret", sa.LargeBinary, nullable=False),
    # Null until the device is enabled for a user.
    sa.Column("user_id", sa.ForeignKey("iam_users.user_id")),
    sa.Column("last_step", sa.BigInteger, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("failed_at", sa.BigInteger, nullable=False),
    sa.Column("tags", sa.Text, nullable=False),
    sa.Column("enabled_at", sa.BigInteger),
    sa.Index("iam_mfa_devices_by_user", "user_id"),
)

temporary_keys = sa.Table(
    "temporary_keys",
    metadata,
    sa.Column("access_key_id", sa.Text, primary_key=True),
    sa.Column("token_digest", sa.LargeBinary, nullable=False),
    sa.Column("sealed_secret", sa.LargeBinary, nullable=False),
    # The role, the user, or null for the root that the keys were made for.
    sa.Column("owner_id", sa.Text),
    # What the session is and what it was given: see iam.temporary_keys.RoleSession.
    sa.Column("session", sa.Text, nullable=False),
    sa.Column("issued_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Index("temporary_keys_by_owner", "owner_id"),
    sa.Index("temporary_keys_by_expiry", "expires_at"),
)
