"""The tables of the first release."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# Prefix searches compare bytes; PostgreSQL must not use a language's order for them.
KEY_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create every table."""
    _attempt_windows()
    _auth_sessions()
    _iam()
    _identity_pool_tables()
    _secrets_tables()
    _installation()
    _messages()
    _spent_proofs()
    _user_pools()
    _provisioned_limits()
    _user_pool_domains()
    _user_pool_replicas()
    _access_keys()
    _app_clients()
    _groups()
    _signing_keys()
    _users()
    _aliases()
    _client_secrets()
    _confirmation_codes()
    _devices()
    _group_members()
    _earlier_passwords()
    _software_tokens()
    _passkeys()
    _passkey_registrations()
    _token_families()
    _user_search()
    _refresh_tokens()
    _resource_servers()
    _identity_providers()
    _idp_identifiers()
    _linked_identities()
    _saml_signing_keys()
    _import_jobs()
    _import_batches()
    _import_outcomes()
    _looks()
    _terms()
    _terms_acceptances()
    _token_session_activity()
    _browser_sessions()
    _authorization_codes()
    _pushed_requests()
    _device_authorizations()
    _risk_configurations()
    _auth_events()
    _known_places()
    _address_failures()


def _attempt_windows() -> None:
    op.create_table(
        "attempt_windows",
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("sub", KEY_TEXT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("pool_id", "sub", "kind"),
    )


def _auth_sessions() -> None:
    op.create_table(
        "auth_sessions",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("sub", KEY_TEXT, nullable=False),
        sa.Column("sealed_custom_state", sa.LargeBinary(), nullable=True),
        sa.Column("consumed", sa.Boolean(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
        sqlite_with_rowid=False,
    )
    op.create_index("auth_sessions_by_expiry", "auth_sessions", ["expires_at"], unique=False)


def _installation() -> None:
    op.create_table(
        "installation",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("medium", sa.Text(), nullable=False),
        sa.Column("carrier", sa.Text, nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("sealed_content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("delivered_at", sa.BigInteger(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("message_id"),
    )
    op.create_index("messages_by_due", "messages", ["due_at"], unique=False)
    op.create_index("messages_by_recipient", "messages", ["pool_id", "recipient"], unique=False)


def _spent_proofs() -> None:
    op.create_table(
        "spent_proofs",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
        sqlite_with_rowid=False,
    )
    op.create_index("spent_proofs_by_expiry", "spent_proofs", ["expires_at"], unique=False)


def _user_pools() -> None:
    op.create_table(
        "user_pools",
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("settings", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pool_id"),
    )
    op.create_index("user_pools_by_region", "user_pools", ["region", "pool_id"], unique=False)


def _user_pool_domains() -> None:
    op.create_table(
        "user_pool_domains",
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("is_custom", sa.Boolean(), nullable=False),
        sa.Column("failover_region", sa.Text(), nullable=True),
        sa.Column("settings", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["pool_id"], ["user_pools.pool_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("domain"),
        sa.UniqueConstraint("pool_id", "is_custom", name="user_pool_domains_by_pool"),
    )


def _provisioned_limits() -> None:
    op.create_table(
        "provisioned_limits",
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("requests_per_second", sa.Integer(), nullable=False),
        sa.Column("second", sa.BigInteger(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("category"),
    )


def _user_pool_replicas() -> None:
    op.create_table(
        "user_pool_replicas",
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("tags", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["pool_id"], ["user_pools.pool_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("pool_id", "region"),
    )
    op.create_index(
        "user_pool_replicas_by_region", "user_pool_replicas", ["region", "pool_id"], unique=False
    )


def _access_keys() -> None:
    op.create_table(
        "access_keys",
        sa.Column("access_key_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("used_service", sa.Text(), nullable=True),
        sa.Column("used_region", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["iam_users.user_id"],
        ),
        sa.PrimaryKeyConstraint("access_key_id"),
    )
    op.create_index("access_keys_by_user", "access_keys", ["user_id"], unique=False)


def _app_clients() -> None:
    op.create_table(
        "app_clients",
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("settings", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["pool_id"], ["user_pools.pool_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("client_id"),
    )
    op.create_index("app_clients_by_pool", "app_clients", ["pool_id", "client_id"], unique=False)


def _groups() -> None:
    op.create_table(
        "groups",
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("role_arn", sa.Text(), nullable=True),
        sa.Column("precedence", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["pool_id"], ["user_pools.pool_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("pool_id", "name"),
    )


def _signing_keys() -> None:
    op.create_table(
        "signing_keys",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("token_use", sa.Text(), nullable=False),
        sa.Column("public_jwk", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_private_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("signs_from", sa.BigInteger(), nullable=False),
        sa.Column("retires_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["pool_id"], ["user_pools.pool_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key_id"),
    )
    op.create_index(
        "signing_keys_by_pool", "signing_keys", ["pool_id", "token_use", "signs_from"], unique=False
    )


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("sub", KEY_TEXT, nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("username_key", KEY_TEXT, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("attributes", sa.LargeBinary(), nullable=False),
        sa.Column("password_scheme", sa.Text(), nullable=True),
        sa.Column("password_salt", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_password", sa.LargeBinary(), nullable=True),
        sa.Column("password_set_at", sa.BigInteger(), nullable=True),
        sa.Column("mfa", sa.LargeBinary(), nullable=True),
        sa.Column("failed_attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_failure_at", sa.BigInteger(), nullable=True),
        sa.Column("locked_until", sa.BigInteger(), nullable=True),
        sa.Column("signed_out_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["pool_id"], ["user_pools.pool_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("pool_id", "sub"),
        sa.UniqueConstraint("pool_id", "username_key", name="users_by_username"),
    )


def _aliases() -> None:
    op.create_table(
        "aliases",
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value_key", KEY_TEXT, nullable=False),
        sa.Column("sub", KEY_TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["pool_id", "sub"], ["users.pool_id", "users.sub"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pool_id", "kind", "value_key"),
        sqlite_with_rowid=False,
    )
    op.create_index("aliases_by_user", "aliases", ["pool_id", "sub"], unique=False)


def _client_secrets() -> None:
    op.create_table(
        "client_secrets",
        sa.Column("secret_id", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["app_clients.client_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("secret_id"),
    )
    op.create_index(
        "client_secrets_by_client", "client_secrets", ["client_id", "created_at"], unique=False
    )


def _confirmation_codes() -> None:
    op.create_table(
        "confirmation_codes",
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("sub", KEY_TEXT, nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("attribute", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("attempts_left", sa.Integer(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["pool_id", "sub"], ["users.pool_id", "users.sub"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pool_id", "sub", "purpose"),
    )


def _devices() -> None:
    op.create_table(
        "devices",
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("sub", KEY_TEXT, nullable=False),
        sa.Column("device_key", KEY_TEXT, nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("remembered", sa.Boolean(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_verifier", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_step", sa.LargeBinary(), nullable=True),
        sa.Column("last_address", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.Column("last_signed_in_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["pool_id", "sub"], ["users.pool_id", "users.sub"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pool_id", "sub", "device_key"),
    )


def _group_members() -> None:
    op.create_table(
        "group_members",
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("sub", KEY_TEXT, nullable=False),
        sa.Column("group_name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["pool_id", "group_name"], ["groups.pool_id", "groups.name"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["pool_id", "sub"], ["users.pool_id", "users.sub"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pool_id", "sub", "group_name"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "group_members_by_group", "group_members", ["pool_id", "group_name", "sub"], unique=False
    )


def _earlier_passwords() -> None:
    op.create_table(
        "earlier_passwords",
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("sub", KEY_TEXT, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_password", sa.LargeBinary(), nullable=False),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["pool_id", "sub"], ["users.pool_id", "users.sub"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pool_id", "sub", "number"),
    )


def _software_tokens() -> None:
    op.create_table(
        "software_tokens",
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("sub", KEY_TEXT, nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("last_used_step", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["pool_id", "sub"], ["users.pool_id", "users.sub"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pool_id", "sub", "verified"),
    )


def _passkeys() -> None:
    op.create_table(
        "passkeys",
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("sub", KEY_TEXT, nullable=False),
        sa.Column("relying_party_id", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("backup_eligible", sa.Boolean(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("attachment", sa.Text(), nullable=True),
        sa.Column("transports", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["pool_id", "sub"], ["users.pool_id", "users.sub"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pool_id", "credential_id"),
    )
    op.create_index("passkeys_by_user", "passkeys", ["pool_id", "sub"], unique=False)


def _passkey_registrations() -> None:
    op.create_table(
        "passkey_registrations",
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("sub", KEY_TEXT, nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("relying_party_id", sa.Text(), nullable=False),
        sa.Column("challenge", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["pool_id", "sub"], ["users.pool_id", "users.sub"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pool_id", "sub"),
    )
    op.create_index(
        "passkey_registrations_by_expiry", "passkey_registrations", ["expires_at"], unique=False
    )


def _token_families() -> None:
    op.create_table(
        "token_families",
        sa.Column("family_id", sa.Text(), nullable=False),
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("sub", KEY_TEXT, nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("device_key", sa.Text(), nullable=True),
        sa.Column("auth_time", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("is_granted", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=True),
        sa.Column("acr", sa.Text(), nullable=True),
        sa.Column("amr", sa.Text(), nullable=True),
        sa.Column("key_thumbprint", sa.Text(), nullable=True),
        sa.Column("browser_session_id", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["app_clients.client_id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["pool_id", "sub"], ["users.pool_id", "users.sub"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("family_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("token_families_by_client", "token_families", ["client_id"], unique=False)
    op.create_index("token_families_by_expiry", "token_families", ["expires_at"], unique=False)
    op.create_index("token_families_by_user", "token_families", ["pool_id", "sub"], unique=False)


def _user_search() -> None:
    op.create_table(
        "user_search",
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("attribute", sa.Text(), nullable=False),
        sa.Column("value_key", KEY_TEXT, nullable=False),
        sa.Column("sub", KEY_TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["pool_id", "sub"], ["users.pool_id", "users.sub"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pool_id", "attribute", "value_key", "sub"),
        sqlite_with_rowid=False,
    )
    op.create_index("user_search_by_user", "user_search", ["pool_id", "sub"], unique=False)


def _refresh_tokens() -> None:
    op.create_table(
        "refresh_tokens",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("family_id", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("rotated_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["family_id"], ["token_families.family_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest"),
        sqlite_with_rowid=False,
    )
    op.create_index("refresh_tokens_by_family", "refresh_tokens", ["family_id"], unique=False)


def _resource_servers() -> None:
    op.create_table(
        "resource_servers",
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("identifier", KEY_TEXT, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["pool_id"], ["user_pools.pool_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("pool_id", "identifier"),
    )


def _token_session_activity() -> None:
    op.create_table(
        "token_session_activity",
        sa.Column("family_id", sa.Text(), nullable=False),
        sa.Column("last_active_at", sa.BigInteger(), nullable=False),
        sa.Column("last_address", sa.Text(), nullable=False),
        sa.Column("last_device", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["family_id"], ["token_families.family_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("family_id"),
    )


def _identity_providers() -> None:
    op.create_table(
        "identity_providers",
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("name", KEY_TEXT, nullable=False),
        sa.Column("settings", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=True),
        sa.Column("metadata", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_decryption_key", sa.LargeBinary(), nullable=True),
        sa.Column("refresh_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["pool_id"], ["user_pools.pool_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("pool_id", "name"),
    )
    op.create_index("identity_providers_by_refresh", "identity_providers", ["refresh_at"])


def _idp_identifiers() -> None:
    op.create_table(
        "idp_identifiers",
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("name", KEY_TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["pool_id", "name"],
            ["identity_providers.pool_id", "identity_providers.name"],
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("pool_id", "identifier"),
    )
    op.create_index(
        "idp_identifiers_by_provider", "idp_identifiers", ["pool_id", "name"], unique=False
    )


def _linked_identities() -> None:
    op.create_table(
        "linked_identities",
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("provider_name", KEY_TEXT, nullable=False),
        sa.Column("attribute", sa.Text(), nullable=False),
        sa.Column("value", KEY_TEXT, nullable=False),
        sa.Column("sub", KEY_TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["pool_id", "sub"], ["users.pool_id", "users.sub"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pool_id", "provider_name", "attribute", "value"),
    )
    op.create_index(
        "linked_identities_by_user", "linked_identities", ["pool_id", "sub"], unique=False
    )


def _saml_signing_keys() -> None:
    op.create_table(
        "saml_signing_keys",
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_private_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["pool_id"], ["user_pools.pool_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("pool_id"),
    )


def _import_jobs() -> None:
    op.create_table(
        "import_jobs",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role_arn", sa.Text(), nullable=False),
        sa.Column("hash_algorithm", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("completed_at", sa.BigInteger(), nullable=True),
        sa.Column("completion_message", sa.Text(), nullable=True),
        sa.Column("imported_users", sa.BigInteger(), nullable=False),
        sa.Column("skipped_users", sa.BigInteger(), nullable=False),
        sa.Column("failed_users", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.Text(), nullable=True),
        sa.Column("header", sa.LargeBinary(), nullable=True),
        sa.Column("rows_in_file", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("leased_until", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["pool_id"], ["user_pools.pool_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id"),
    )
    op.create_index("import_jobs_by_pool", "import_jobs", ["pool_id", "created_at", "job_id"])
    op.create_index("import_jobs_by_status", "import_jobs", ["status"])


def _import_batches() -> None:
    op.create_table(
        "import_batches",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Text(), nullable=False),
        sa.Column("first_line", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sealed_rows", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["import_jobs.job_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "file_id", "first_line"),
    )


def _import_outcomes() -> None:
    op.create_table(
        "import_outcomes",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("first_line", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("outcomes", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["import_jobs.job_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "first_line"),
    )


def _browser_sessions() -> None:
    op.create_table(
        "browser_sessions",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("sub", KEY_TEXT, nullable=False),
        sa.Column("auth_time", sa.BigInteger(), nullable=False),
        sa.Column("password_set_at", sa.BigInteger(), nullable=True),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.Column("amr", sa.Text(), nullable=False),
        sa.Column("upstream", sa.LargeBinary(), nullable=True),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("last_active_at", sa.BigInteger(), nullable=False),
        sa.Column("last_address", sa.Text(), nullable=False),
        sa.Column("last_device", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["pool_id", "sub"], ["users.pool_id", "users.sub"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest"),
        sa.UniqueConstraint("session_id", name="browser_sessions_by_id"),
    )
    op.create_index("browser_sessions_by_user", "browser_sessions", ["pool_id", "sub"])
    op.create_index("browser_sessions_by_expiry", "browser_sessions", ["expires_at"])


def _authorization_codes() -> None:
    op.create_table(
        "authorization_codes",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("sub", KEY_TEXT, nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("grant_details", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("family_id", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["pool_id", "sub"], ["users.pool_id", "users.sub"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["client_id"], ["app_clients.client_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("authorization_codes_by_user", "authorization_codes", ["pool_id", "sub"])
    op.create_index("authorization_codes_by_client", "authorization_codes", ["client_id"])
    op.create_index("authorization_codes_by_expiry", "authorization_codes", ["expires_at"])


def _pushed_requests() -> None:
    op.create_table(
        "pushed_requests",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["app_clients.client_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("pushed_requests_by_client", "pushed_requests", ["client_id"])
    op.create_index("pushed_requests_by_expiry", "pushed_requests", ["expires_at"])


def _device_authorizations() -> None:
    op.create_table(
        "device_authorizations",
        sa.Column("device_digest", sa.LargeBinary(), nullable=False),
        sa.Column("user_code_digest", sa.LargeBinary(), nullable=False),
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sub", KEY_TEXT, nullable=True),
        sa.Column("auth_time", sa.BigInteger(), nullable=True),
        sa.Column("interval_seconds", sa.Integer(), nullable=False),
        sa.Column("next_poll_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["pool_id"], ["user_pools.pool_id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["client_id"], ["app_clients.client_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("device_digest"),
        sa.UniqueConstraint(
            "pool_id", "user_code_digest", name="device_authorizations_by_user_code"
        ),
    )
    op.create_index("device_authorizations_by_client", "device_authorizations", ["client_id"])
    op.create_index("device_authorizations_by_expiry", "device_authorizations", ["expires_at"])


def _ui_customizations() -> None:
    op.create_table(
        "ui_customizations",
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("css", sa.Text(), nullable=True),
        sa.Column("css_version", sa.Text(), nullable=False),
        sa.Column("image", sa.LargeBinary(), nullable=True),
        sa.Column("image_name", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["pool_id"], ["user_pools.pool_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("pool_id", "client_id"),
    )


def _managed_login_brandings() -> None:
    op.create_table(
        "managed_login_brandings",
        sa.Column("branding_id", sa.Text(), nullable=False),
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("uses_defaults", sa.Boolean(), nullable=False),
        sa.Column("settings", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["app_clients.client_id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["pool_id"], ["user_pools.pool_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("branding_id"),
        sa.UniqueConstraint("client_id", name="managed_login_brandings_by_client"),
    )
    op.create_index(
        "managed_login_brandings_by_pool", "managed_login_brandings", ["pool_id"], unique=False
    )


def _branding_assets() -> None:
    op.create_table(
        "branding_assets",
        sa.Column("branding_id", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("color_mode", sa.Text(), nullable=False),
        sa.Column("resource_id", sa.Text(), nullable=False),
        sa.Column("extension", sa.Text(), nullable=False),
        sa.Column("image_name", sa.Text(), nullable=False),
        sa.Column("image", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["branding_id"], ["managed_login_brandings.branding_id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("branding_id", "category", "color_mode", "resource_id"),
    )


def _terms() -> None:
    op.create_table(
        "terms",
        sa.Column("terms_id", sa.Text(), nullable=False),
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("settings", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["app_clients.client_id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["pool_id"], ["user_pools.pool_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("terms_id"),
        sa.UniqueConstraint("client_id", "name", name="terms_by_client"),
    )
    op.create_index("terms_by_pool", "terms", ["pool_id", "terms_id"], unique=False)


def _terms_acceptances() -> None:
    op.create_table(
        "terms_acceptances",
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("sub", KEY_TEXT, nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("terms_of_use", sa.Text(), nullable=False),
        sa.Column("privacy_policy", sa.Text(), nullable=False),
        sa.Column("accepted_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["pool_id", "sub"], ["users.pool_id", "users.sub"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pool_id", "sub"),
        sqlite_with_rowid=False,
    )


def _risk_configurations() -> None:
    op.create_table(
        "risk_configurations",
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=True),
        sa.Column("settings", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["app_clients.client_id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["pool_id"], ["user_pools.pool_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("owner_id"),
    )
    op.create_index("risk_configurations_by_client", "risk_configurations", ["client_id"])
    op.create_index("risk_configurations_by_pool", "risk_configurations", ["pool_id"])


def _auth_events() -> None:
    op.create_table(
        "auth_events",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("sub", KEY_TEXT, nullable=False),
        sa.Column("position", KEY_TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("is_refused", sa.Boolean(), nullable=False),
        sa.Column("response", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("challenges", sa.LargeBinary(), nullable=False),
        sa.Column("feedback", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("event_id"),
    )
    op.create_index("auth_events_by_age", "auth_events", ["created_at"])
    op.create_index("auth_events_by_user", "auth_events", ["pool_id", "sub", "position"])


def _known_places() -> None:
    op.create_table(
        "known_places",
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("sub", KEY_TEXT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value_key", KEY_TEXT, nullable=False),
        sa.Column("is_reported", sa.Boolean(), nullable=False),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["pool_id", "sub"], ["users.pool_id", "users.sub"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pool_id", "sub", "kind", "value_key"),
    )
    op.create_index("known_places_by_age", "known_places", ["last_seen_at"])


def _address_failures() -> None:
    op.create_table(
        "address_failures",
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("address", KEY_TEXT, nullable=False),
        sa.Column("sub", KEY_TEXT, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pool_id", "address", "sub"),
    )
    op.create_index("address_failures_by_age", "address_failures", ["last_at"])


def _iam_users() -> None:
    op.create_table(
        "iam_users",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("boundary_arn", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id"),
        sa.UniqueConstraint("name_key"),
    )


def _iam_groups() -> None:
    op.create_table(
        "iam_groups",
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("group_id"),
        sa.UniqueConstraint("name_key"),
    )


def _iam_group_members() -> None:
    op.create_table(
        "iam_group_members",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["iam_users.user_id"]),
        sa.ForeignKeyConstraint(["group_id"], ["iam_groups.group_id"]),
        sa.PrimaryKeyConstraint("user_id", "group_id"),
    )
    op.create_index(
        "iam_group_members_by_group", "iam_group_members", ["group_id", "user_id"], unique=False
    )


def _iam_roles() -> None:
    op.create_table(
        "iam_roles",
        sa.Column("role_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("trust_policy", sa.Text(), nullable=False),
        sa.Column("longest_session_seconds", sa.Integer(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("boundary_arn", sa.Text()),
        sa.Column("linked_service", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger()),
        sa.Column("used_region", sa.Text()),
        sa.PrimaryKeyConstraint("role_id"),
        sa.UniqueConstraint("name_key"),
    )


def _iam_inline_policies() -> None:
    op.create_table(
        "iam_inline_policies",
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "name"),
    )


def _iam_managed_policies() -> None:
    op.create_table(
        "iam_managed_policies",
        sa.Column("policy_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("arn", sa.Text(), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("default_version", sa.Integer(), nullable=False),
        sa.Column("last_version", sa.Integer(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("policy_id"),
        sa.UniqueConstraint("name_key"),
        sa.UniqueConstraint("arn"),
    )


def _iam_policy_versions() -> None:
    op.create_table(
        "iam_policy_versions",
        sa.Column("policy_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["iam_managed_policies.policy_id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("policy_id", "version"),
    )


def _iam_attachments() -> None:
    op.create_table(
        "iam_attachments",
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("policy_arn", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "policy_arn"),
    )
    op.create_index(
        "iam_attachments_by_policy", "iam_attachments", ["policy_arn", "owner_id"], unique=False
    )


def _iam_oidc_providers() -> None:
    op.create_table(
        "iam_oidc_providers",
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("client_ids", sa.Text(), nullable=False),
        sa.Column("thumbprints", sa.Text(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("url"),
    )


def _iam_saml_providers() -> None:
    op.create_table(
        "iam_saml_providers",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("described", sa.LargeBinary(), nullable=False),
        sa.Column("encryption_mode", sa.Text(), nullable=True),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "iam_saml_private_keys",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("provider_name", sa.Text(), nullable=False),
        sa.Column("sealed_private_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["provider_name"], ["iam_saml_providers.name"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key_id"),
    )
    op.create_index("iam_saml_private_keys_by_provider", "iam_saml_private_keys", ["provider_name"])


def _iam_mfa_devices() -> None:
    op.create_table(
        "iam_mfa_devices",
        sa.Column("serial_number", sa.Text(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Text()),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", sa.BigInteger(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("enabled_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["user_id"], ["iam_users.user_id"]),
        sa.PrimaryKeyConstraint("serial_number"),
    )
    op.create_index("iam_mfa_devices_by_user", "iam_mfa_devices", ["user_id"], unique=False)


def _iam_account_aliases() -> None:
    op.create_table(
        "iam_account_aliases",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("alias", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account_id"),
    )


def _iam_outbound_federation() -> None:
    op.create_table(
        "iam_outbound_federation",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("account_id"),
    )
    op.create_table(
        "iam_web_identity_keys",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("public_jwk", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_private_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key_id"),
        sa.UniqueConstraint("algorithm"),
    )


def _iam_service_uses() -> None:
    op.create_table(
        "iam_service_uses",
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "service"),
    )


def _iam_reports() -> None:
    op.create_table(
        "iam_access_jobs",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("arn", sa.Text(), nullable=False),
        sa.Column("granularity", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("job_id"),
    )
    op.create_table(
        "iam_credential_reports",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id"),
    )


def _temporary_keys() -> None:
    op.create_table(
        "temporary_keys",
        sa.Column("access_key_id", sa.Text(), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("owner_id", sa.Text()),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("access_key_id"),
    )
    op.create_index("temporary_keys_by_expiry", "temporary_keys", ["expires_at"], unique=False)
    op.create_index("temporary_keys_by_owner", "temporary_keys", ["owner_id"], unique=False)


def _iam() -> None:
    _iam_users()
    _iam_groups()
    _iam_group_members()
    _iam_roles()
    _iam_inline_policies()
    _iam_managed_policies()
    _iam_policy_versions()
    _iam_attachments()
    _iam_oidc_providers()
    _iam_saml_providers()
    _iam_mfa_devices()
    _iam_account_aliases()
    _iam_outbound_federation()
    _iam_service_uses()
    _iam_reports()
    _temporary_keys()


def _identity_pool_tables() -> None:
    _identity_pools()
    _identities()
    _identity_logins()
    _identity_token_keys()


def _identity_pools() -> None:
    op.create_table(
        "identity_pools",
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("settings", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("pool_id"),
    )


def _identities() -> None:
    op.create_table(
        "identities",
        sa.Column("identity_id", sa.Text(), nullable=False),
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("merged_into", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["pool_id"], ["identity_pools.pool_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("identity_id"),
    )
    op.create_index("identities_by_pool", "identities", ["pool_id", "identity_id"], unique=False)


def _identity_logins() -> None:
    op.create_table(
        "identity_logins",
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("identity_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["identity_id"], ["identities.identity_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("pool_id", "provider", "subject"),
    )
    op.create_index(
        "identity_logins_by_identity",
        "identity_logins",
        ["identity_id", "provider", "subject"],
        unique=False,
    )


def _identity_token_keys() -> None:
    op.create_table(
        "identity_token_keys",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("public_jwk", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_private_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key_id"),
    )


def _looks() -> None:
    _ui_customizations()
    _managed_login_brandings()
    _branding_assets()


def _secrets_tables() -> None:
    op.create_table(
        "secrets",
        sa.Column("arn", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("kms_key_id", sa.Text()),
        sa.Column("tags", sa.Text()),
        sa.Column("resource_policy", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("accessed_on", sa.BigInteger()),
        sa.Column("purge_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("arn"),
        sa.UniqueConstraint("region", "name"),
    )
    op.create_index("secrets_by_purge", "secrets", ["purge_at"], unique=False)
    op.create_table(
        "secret_versions",
        sa.Column("arn", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("is_binary", sa.Boolean(), nullable=False),
        sa.Column("sealed_content", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("accessed_on", sa.BigInteger()),
        sa.ForeignKeyConstraint(["arn"], ["secrets.arn"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("arn", "version_id"),
    )
    op.create_table(
        "secret_labels",
        sa.Column("arn", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["arn"], ["secrets.arn"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("arn", "label"),
    )
    _secret_terms()
    _secret_replicas()
    _secret_rotations()


def _secret_terms() -> None:
    op.create_table(
        "secret_terms",
        sa.Column("arn", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("term", KEY_TEXT, nullable=False),
        sa.ForeignKeyConstraint(["arn"], ["secrets.arn"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("arn", "kind", "term"),
    )


def _secret_replicas() -> None:
    op.create_table(
        "secret_replicas",
        sa.Column("arn", sa.Text(), nullable=False),
        sa.Column("primary_arn", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("kms_key_id", sa.Text()),
        sa.Column("accessed_on", sa.BigInteger()),
        sa.ForeignKeyConstraint(["primary_arn"], ["secrets.arn"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("arn"),
        sa.UniqueConstraint("region", "name"),
    )
    op.create_index(
        "secret_replicas_by_primary", "secret_replicas", ["primary_arn", "region"], unique=False
    )


def _secret_rotations() -> None:
    op.create_table(
        "secret_rotations",
        sa.Column("arn", sa.Text(), nullable=False),
        sa.Column("function_arn", sa.Text(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("rotated_at", sa.BigInteger()),
        sa.Column("window_start", sa.BigInteger()),
        sa.Column("window_end", sa.BigInteger()),
        sa.Column("pending_version", sa.Text()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["arn"], ["secrets.arn"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("arn"),
    )
    op.create_index("secret_rotations_by_due", "secret_rotations", ["due_at"], unique=False)
