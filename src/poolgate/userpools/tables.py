"""The tables of user pools. Times are milliseconds since 1970; `*_key` columns are folded text."""

from typing import Any

import sqlalchemy as sa

from poolgate.store.database import metadata

# Prefix searches compare bytes; PostgreSQL must not use a language's order for them.
KEY_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

# SQLite keeps the rows of these tables in the order of their key: one tree less to read and write,
# which pays for small rows that are found by their key.
_BY_KEY: dict[str, Any] = {"sqlite_with_rowid": False}

user_pools = sa.Table(
    "user_pools",
    metadata,
    sa.Column("pool_id", sa.Text, primary_key=True),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("settings", sa.LargeBinary, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("modified_at", sa.BigInteger, nullable=False),
    sa.Index("user_pools_by_region", "region", "pool_id"),
)

# Where a pool's login pages are; the name is unique on the server, since it is part of their path.
user_pool_domains = sa.Table(
    "user_pool_domains",
    metadata,
    sa.Column("domain", sa.Text, primary_key=True),
    sa.Column("pool_id", sa.ForeignKey("user_pools.pool_id", ondelete="CASCADE"), nullable=False),
    sa.Column("is_custom", sa.Boolean, nullable=False),
    # The region of a replica that the domain's settings name; it cannot go before they change.
    sa.Column("failover_region", sa.Text),
    sa.Column("settings", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("pool_id", "is_custom", name="user_pool_domains_by_pool"),
)

# How many requests of a category of operations are let through in a second, where that was set,
# and how many were in the latest second.
provisioned_limits = sa.Table(
    "provisioned_limits",
    metadata,
    sa.Column("category", sa.Text, primary_key=True),
    sa.Column("requests_per_second", sa.Integer, nullable=False),
    sa.Column("second", sa.BigInteger, nullable=False),
    sa.Column("requests", sa.Integer, nullable=False),
)

# Further regions in which a pool is listed and administered.
user_pool_replicas = sa.Table(
    "user_pool_replicas",
    metadata,
    sa.Column("pool_id", sa.ForeignKey("user_pools.pool_id", ondelete="CASCADE"), primary_key=True),
    sa.Column("region", sa.Text, primary_key=True),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("tags", sa.LargeBinary, nullable=False),
    sa.Index("user_pool_replicas_by_region", "region", "pool_id"),
)

app_clients = sa.Table(
    "app_clients",
    metadata,
    sa.Column("client_id", sa.Text, primary_key=True),
    sa.Column("pool_id", sa.ForeignKey("user_pools.pool_id", ondelete="CASCADE"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("settings", sa.LargeBinary, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("modified_at", sa.BigInteger, nullable=False),
    sa.Index("app_clients_by_pool", "pool_id", "client_id"),
)

client_secrets = sa.Table(
    "client_secrets",
    metadata,
    sa.Column("secret_id", sa.Text, primary_key=True),
    sa.Column(
        "client_id", sa.ForeignKey("app_clients.client_id", ondelete="CASCADE"), nullable=False
    ),
    sa.Column("sealed_secret", sa.LargeBinary, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Index("client_secrets_by_client", "client_id", "created_at"),
)

users = sa.Table(
    "users",
    metadata,
    sa.Column("pool_id", sa.ForeignKey("user_pools.pool_id", ondelete="CASCADE"), primary_key=True),
    sa.Column("sub", KEY_TEXT, primary_key=True),
    sa.Column("username", sa.Text, nullable=False),
    sa.Column("username_key", KEY_TEXT, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("attributes", sa.LargeBinary, nullable=False),
    # One of: None (no password), a sealed SRP verifier, a sealed Argon2id hash (DESIGN 5.4), or the
    # sealed hash of an imported password until it is typed.
    sa.Column("password_scheme", sa.Text),
    sa.Column("password_salt", sa.LargeBinary),
    sa.Column("sealed_password", sa.LargeBinary),
    sa.Column("password_set_at", sa.BigInteger),
    # Which second factors are set up and turned on; None where none is. See mfa_settings.
    sa.Column("mfa", sa.LargeBinary),
    # Counts password failures in a row; see lockout.
    sa.Column("failed_attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("last_failure_at", sa.BigInteger),
    sa.Column("locked_until", sa.BigInteger),
    # Tokens issued up to this moment are no longer accepted (global sign-out, disabling).
    sa.Column("signed_out_at", sa.BigInteger),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("modified_at", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("pool_id", "username_key", name="users_by_username"),
)

# What users had before the current password, in pools that remember it; the highest number is the
# last one.
earlier_passwords = sa.Table(
    "earlier_passwords",
    metadata,
    sa.Column("pool_id", sa.Text, primary_key=True),
    sa.Column("sub", KEY_TEXT, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("scheme", sa.Text, nullable=False),
    sa.Column("salt", sa.LargeBinary, nullable=False),
    sa.Column("sealed_password", sa.LargeBinary, nullable=False),
    sa.Column("set_at", sa.BigInteger, nullable=False),
    sa.ForeignKeyConstraint(["pool_id", "sub"], ["users.pool_id", "users.sub"], ondelete="CASCADE"),
)

# What ListUsers can search, one row a value: email, phone_number, name, given_name, family_name,
# preferred_username, cognito:user_status, status. Username and sub are columns of `users`.
user_search = sa.Table(
    "user_search",
    metadata,
    sa.Column("pool_id", sa.Text, primary_key=True),
    sa.Column("attribute", sa.Text, primary_key=True),
    sa.Column("value_key", KEY_TEXT, primary_key=True),
    sa.Column("sub", KEY_TEXT, primary_key=True),
    sa.ForeignKeyConstraint(["pool_id", "sub"], ["users.pool_id", "users.sub"], ondelete="CASCADE"),
    sa.Index("user_search_by_user", "pool_id", "sub"),
    **_BY_KEY,
)

# Names besides the username that sign a user in; the primary key makes them unique in the pool.
aliases = sa.Table(
    "aliases",
    metadata,
    sa.Column("pool_id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("value_key", KEY_TEXT, primary_key=True),
    sa.Column("sub", KEY_TEXT, nullable=False),
    sa.ForeignKeyConstraint(["pool_id", "sub"], ["users.pool_id", "users.sub"], ondelete="CASCADE"),
    sa.Index("aliases_by_user", "pool_id", "sub"),
    **_BY_KEY,
)

# The newest code of each purpose; asking again replaces it. Only a keyed digest is kept.
confirmation_codes = sa.Table(
    "confirmation_codes",
    metadata,
    sa.Column("pool_id", sa.Text, primary_key=True),
    sa.Column("sub", KEY_TEXT, primary_key=True),
    sa.Column("purpose", sa.Text, primary_key=True),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("attribute", sa.Text, nullable=False),
    # The address the code went to; what is confirmed, and for a pending change the new value.
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("attempts_left", sa.Integer, nullable=False),
    sa.Column("issued_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.ForeignKeyConstraint(["pool_id", "sub"], ["users.pool_id", "users.sub"], ondelete="CASCADE"),
)

# Authenticator apps: one that is verified and one that waits to be, for each user. A code counts
# once: `last_used_step` only grows.
software_tokens = sa.Table(
    "software_tokens",
    metadata,
    sa.Column("pool_id", sa.Text, primary_key=True),
    sa.Column("sub", KEY_TEXT, primary_key=True),
    sa.Column("verified", sa.Boolean, primary_key=True),
    sa.Column("sealed_secret", sa.LargeBinary, nullable=False),
    sa.Column("last_used_step", sa.BigInteger, nullable=False),
    sa.ForeignKeyConstraint(["pool_id", "sub"], ["users.pool_id", "users.sub"], ondelete="CASCADE"),
)

# Devices that users confirmed. The verifier is one that the device made of a secret of its own;
# `sealed_step` is the sign-in that waits for the device's proof.
devices = sa.Table(
    "devices",
    metadata,
    sa.Column("pool_id", sa.Text, primary_key=True),
    sa.Column("sub", KEY_TEXT, primary_key=True),
    sa.Column("device_key", KEY_TEXT, primary_key=True),
    sa.Column("name", sa.Text),
    sa.Column("remembered", sa.Boolean, nullable=False),
    sa.Column("salt", sa.LargeBinary, nullable=False),
    sa.Column("sealed_verifier", sa.LargeBinary, nullable=False),
    sa.Column("sealed_step", sa.LargeBinary),
    sa.Column("last_address", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("modified_at", sa.BigInteger, nullable=False),
    sa.Column("last_signed_in_at", sa.BigInteger, nullable=False),
    sa.ForeignKeyConstraint(["pool_id", "sub"], ["users.pool_id", "users.sub"], ondelete="CASCADE"),
)

# Passkeys, by the id that the authenticator gave each. `sign_count` only grows, or stays 0.
passkeys = sa.Table(
    "passkeys",
    metadata,
    sa.Column("pool_id", sa.Text, primary_key=True),
    sa.Column("credential_id", sa.LargeBinary, primary_key=True),
    sa.Column("sub", KEY_TEXT, nullable=False),
    sa.Column("relying_party_id", sa.Text, nullable=False),
    sa.Column("public_key", sa.LargeBinary, nullable=False),
    sa.Column("sign_count", sa.BigInteger, nullable=False),
    sa.Column("backup_eligible", sa.Boolean, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("attachment", sa.Text),
    sa.Column("transports", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.ForeignKeyConstraint(["pool_id", "sub"], ["users.pool_id", "users.sub"], ondelete="CASCADE"),
    sa.Index("passkeys_by_user", "pool_id", "sub"),
)

# The challenge that waits for a user's new passkey; asking again replaces it.
passkey_registrations = sa.Table(
    "passkey_registrations",
    metadata,
    sa.Column("pool_id", sa.Text, primary_key=True),
    sa.Column("sub", KEY_TEXT, primary_key=True),
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("relying_party_id", sa.Text, nullable=False),
    sa.Column("challenge", sa.LargeBinary, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.ForeignKeyConstraint(["pool_id", "sub"], ["users.pool_id", "users.sub"], ondelete="CASCADE"),
    sa.Index("passkey_registrations_by_expiry", "expires_at"),
)

# How often something was tried in the current window (codes sent, codes tried, changes).
attempt_windows = sa.Table(
    "attempt_windows",
    metadata,
    sa.Column("pool_id", sa.Text, primary_key=True),
    sa.Column("sub", KEY_TEXT, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("started_at", sa.BigInteger, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
)

# A sign-in between two challenges. The state is sealed into the string the client holds; this row
# makes it single-use and revocable.
auth_sessions = sa.Table(
    "auth_sessions",
    metadata,
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("pool_id", sa.Text, nullable=False),
    sa.Column("sub", KEY_TEXT, nullable=False),
    sa.Column("sealed_custom_state", sa.LargeBinary),
    sa.Column("consumed", sa.Boolean, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Index("auth_sessions_by_expiry", "expires_at"),
    **_BY_KEY,
)

# Proofs that may be used once though nothing was stored when they were begun: SRP secret blocks,
# assertions, states of sign-ins by other providers.
spent_proofs = sa.Table(
    "spent_proofs",
    metadata,
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Index("spent_proofs_by_expiry", "expires_at"),
    **_BY_KEY,
)

groups = sa.Table(
    "groups",
    metadata,
    sa.Column("pool_id", sa.ForeignKey("user_pools.pool_id", ondelete="CASCADE"), primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("description", sa.Text),
    sa.Column("role_arn", sa.Text),
    sa.Column("precedence", sa.Integer),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("modified_at", sa.BigInteger, nullable=False),
)

group_members = sa.Table(
    "group_members",
    metadata,
    sa.Column("pool_id", sa.Text, primary_key=True),
    sa.Column("sub", KEY_TEXT, primary_key=True),
    sa.Column("group_name", sa.Text, primary_key=True),
    sa.ForeignKeyConstraint(["pool_id", "sub"], ["users.pool_id", "users.sub"], ondelete="CASCADE"),
    sa.ForeignKeyConstraint(
        ["pool_id", "group_name"], ["groups.pool_id", "groups.name"], ondelete="CASCADE"
    ),
    sa.Index("group_members_by_group", "pool_id", "group_name", "sub"),
    **_BY_KEY,
)

# The latest activity of a sign-in, where the pool tracks sessions.
token_session_activity = sa.Table(
    "token_session_activity",
    metadata,
    sa.Column(
        "family_id", sa.ForeignKey("token_families.family_id", ondelete="CASCADE"), primary_key=True
    ),
    sa.Column("last_active_at", sa.BigInteger, nullable=False),
    sa.Column("last_address", sa.Text, nullable=False),
    sa.Column("last_device", sa.Text, nullable=False),
)

resource_servers = sa.Table(
    "resource_servers",
    metadata,
    sa.Column("pool_id", sa.ForeignKey("user_pools.pool_id", ondelete="CASCADE"), primary_key=True),
    sa.Column("identifier", KEY_TEXT, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("scopes", sa.LargeBinary, nullable=False),
)

# Identity providers of others that a pool trusts. `sealed_secret` is the client secret or private
# key, `metadata` a SAML provider's own document.
identity_providers = sa.Table(
    "identity_providers",
    metadata,
    sa.Column("pool_id", sa.ForeignKey("user_pools.pool_id", ondelete="CASCADE"), primary_key=True),
    sa.Column("name", KEY_TEXT, primary_key=True),
    sa.Column("settings", sa.LargeBinary, nullable=False),
    sa.Column("sealed_secret", sa.LargeBinary),
    sa.Column("metadata", sa.LargeBinary),
    sa.Column("sealed_decryption_key", sa.LargeBinary),
    # When metadata that is published is read again; null for whatever has none.
    sa.Column("refresh_at", sa.BigInteger),
    sa.Index("identity_providers_by_refresh", "refresh_at"),
)

# Other names of identity providers; the primary key makes them unique in the pool.
idp_identifiers = sa.Table(
    "idp_identifiers",
    metadata,
    sa.Column("pool_id", sa.Text, primary_key=True),
    sa.Column("identifier", sa.Text, primary_key=True),
    sa.Column("name", KEY_TEXT, nullable=False),
    sa.ForeignKeyConstraint(
        ["pool_id", "name"],
        ["identity_providers.pool_id", "identity_providers.name"],
        ondelete="CASCADE",
    ),
    sa.Index("idp_identifiers_by_provider", "pool_id", "name"),
)

# Who at an identity provider is which user of the pool, before or after the first sign-in there.
linked_identities = sa.Table(
    "linked_identities",
    metadata,
    sa.Column("pool_id", sa.Text, primary_key=True),
    sa.Column("provider_name", KEY_TEXT, primary_key=True),
    sa.Column("attribute", sa.Text, primary_key=True),
    sa.Column("value", KEY_TEXT, primary_key=True),
    sa.Column("sub", KEY_TEXT, nullable=False),
    sa.ForeignKeyConstraint(["pool_id", "sub"], ["users.pool_id", "users.sub"], ondelete="CASCADE"),
    sa.Index("linked_identities_by_user", "pool_id", "sub"),
)

# How the classic login pages look, by app client; "ALL" is every client without its own row.
ui_customizations = sa.Table(
    "ui_customizations",
    metadata,
    sa.Column("pool_id", sa.ForeignKey("user_pools.pool_id", ondelete="CASCADE"), primary_key=True),
    sa.Column("client_id", sa.Text, primary_key=True),
    sa.Column("css", sa.Text),
    sa.Column("css_version", sa.Text, nullable=False),
    sa.Column("image", sa.LargeBinary),
    sa.Column("image_name", sa.Text),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("modified_at", sa.BigInteger, nullable=False),
)

# How managed login looks for an app client: a style, with its image files apart.
managed_login_brandings = sa.Table(
    "managed_login_brandings",
    metadata,
    sa.Column("branding_id", sa.Text, primary_key=True),
    sa.Column("pool_id", sa.ForeignKey("user_pools.pool_id", ondelete="CASCADE"), nullable=False),
    sa.Column(
        "client_id", sa.ForeignKey("app_clients.client_id", ondelete="CASCADE"), nullable=False
    ),
    sa.Column("uses_defaults", sa.Boolean, nullable=False),
    sa.Column("settings", sa.LargeBinary),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("modified_at", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("client_id", name="managed_login_brandings_by_client"),
    sa.Index("managed_login_brandings_by_pool", "pool_id"),
)

branding_assets = sa.Table(
    "branding_assets",
    metadata,
    sa.Column(
        "branding_id",
        sa.ForeignKey("managed_login_brandings.branding_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Column("category", sa.Text, primary_key=True),
    sa.Column("color_mode", sa.Text, primary_key=True),
    # Empty where the category has one image for each mode.
    sa.Column("resource_id", sa.Text, primary_key=True),
    sa.Column("extension", sa.Text, nullable=False),
    sa.Column("image_name", sa.Text, nullable=False),
    sa.Column("image", sa.LargeBinary, nullable=False),
)

# Links to terms of use and privacy policies, for the sign-up pages of an app client.
terms = sa.Table(
    "terms",
    metadata,
    sa.Column("terms_id", sa.Text, primary_key=True),
    sa.Column("pool_id", sa.ForeignKey("user_pools.pool_id", ondelete="CASCADE"), nullable=False),
    sa.Column(
        "client_id", sa.ForeignKey("app_clients.client_id", ondelete="CASCADE"), nullable=False
    ),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("settings", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("client_id", "name", name="terms_by_client"),
    sa.Index("terms_by_pool", "pool_id", "terms_id"),
)

# To which documents somebody agreed by signing up, as their links were at that moment.
terms_acceptances = sa.Table(
    "terms_acceptances",
    metadata,
    sa.Column("pool_id", sa.Text, primary_key=True),
    sa.Column("sub", KEY_TEXT, primary_key=True),
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("terms_of_use", sa.Text, nullable=False),
    sa.Column("privacy_policy", sa.Text, nullable=False),
    sa.Column("accepted_at", sa.BigInteger, nullable=False),
    sa.ForeignKeyConstraint(["pool_id", "sub"], ["users.pool_id", "users.sub"], ondelete="CASCADE"),
    **_BY_KEY,
)

# The key that signs a pool's SAML requests, with its certificate; made once.
saml_signing_keys = sa.Table(
    "saml_signing_keys",
    metadata,
    sa.Column("pool_id", sa.ForeignKey("user_pools.pool_id", ondelete="CASCADE"), primary_key=True),
    sa.Column("certificate", sa.LargeBinary, nullable=False),
    sa.Column("sealed_private_key", sa.LargeBinary, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
)

signing_keys = sa.Table(
    "signing_keys",
    metadata,
    sa.Column("key_id", sa.Text, primary_key=True),
    sa.Column("pool_id", sa.ForeignKey("user_pools.pool_id", ondelete="CASCADE"), nullable=False),
    # "id" or "access": AWS signs the two kinds of token with different keys.
    sa.Column("token_use", sa.Text, nullable=False),
    sa.Column("public_jwk", sa.LargeBinary, nullable=False),
    sa.Column("sealed_private_key", sa.LargeBinary, nullable=False),
    # Published from created_at, signs from signs_from, leaves the key set at retires_at.
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("signs_from", sa.BigInteger, nullable=False),
    sa.Column("retires_at", sa.BigInteger),
    sa.Index("signing_keys_by_pool", "pool_id", "token_use", "signs_from"),
)

# One sign-in and everything refreshed from it. Its id is the tokens' origin_jti.
token_families = sa.Table(
    "token_families",
    metadata,
    sa.Column("family_id", sa.Text, primary_key=True),
    sa.Column("pool_id", sa.Text, nullable=False),
    sa.Column("sub", KEY_TEXT, nullable=False),
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("scope", sa.Text, nullable=False),
    # Of sign-ins of the API in pools that track devices.
    sa.Column("device_key", sa.Text),
    sa.Column("auth_time", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("revoked_at", sa.BigInteger),
    # Whether an OAuth grant began it, and the resource that its access tokens are for.
    sa.Column("is_granted", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("resource", sa.Text),
    # The authentication level, and by what it was reached, where the sign-in asked for one.
    sa.Column("acr", sa.Text),
    sa.Column("amr", sa.Text),
    # The key whose possession a public app client proves to refresh.
    sa.Column("key_thumbprint", sa.Text),
    # The browser session that it came through, where it did, whether or not that goes on.
    sa.Column("browser_session_id", sa.Text),
    sa.ForeignKeyConstraint(["pool_id", "sub"], ["users.pool_id", "users.sub"], ondelete="CASCADE"),
    sa.ForeignKeyConstraint(["client_id"], ["app_clients.client_id"], ondelete="CASCADE"),
    sa.Index("token_families_by_user", "pool_id", "sub"),
    sa.Index("token_families_by_client", "client_id"),
    sa.Index("token_families_by_expiry", "expires_at"),
    **_BY_KEY,
)

refresh_tokens = sa.Table(
    "refresh_tokens",
    metadata,
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column(
        "family_id", sa.ForeignKey("token_families.family_id", ondelete="CASCADE"), nullable=False
    ),
    sa.Column("issued_at", sa.BigInteger, nullable=False),
    # Set when a newer token of the family took its place.
    sa.Column("rotated_at", sa.BigInteger),
    sa.Index("refresh_tokens_by_family", "family_id"),
    **_BY_KEY,
)

# A browser that is signed in at the login pages; only a digest of its cookie is kept.
browser_sessions = sa.Table(
    "browser_sessions",
    metadata,
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("session_id", sa.Text, nullable=False),
    sa.Column("pool_id", sa.Text, nullable=False),
    sa.Column("sub", KEY_TEXT, nullable=False),
    sa.Column("auth_time", sa.BigInteger, nullable=False),
    sa.Column("password_set_at", sa.BigInteger),
    sa.Column("level", sa.BigInteger, nullable=False),
    sa.Column("amr", sa.Text, nullable=False),
    # Who vouched for the user: an identity provider, and what a sign-out there needs to know.
    sa.Column("upstream", sa.LargeBinary),
    # For lists of sessions: where it began, and its latest activity.
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("last_active_at", sa.BigInteger, nullable=False),
    sa.Column("last_address", sa.Text, nullable=False),
    sa.Column("last_device", sa.Text, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.ForeignKeyConstraint(["pool_id", "sub"], ["users.pool_id", "users.sub"], ondelete="CASCADE"),
    sa.UniqueConstraint("session_id", name="browser_sessions_by_id"),
    sa.Index("browser_sessions_by_user", "pool_id", "sub"),
    sa.Index("browser_sessions_by_expiry", "expires_at"),
)

# A code on its way through the browser to an app client. Used ones stay for a while, so that a
# second use is known as such and ends the sign-in of the first.
authorization_codes = sa.Table(
    "authorization_codes",
    metadata,
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("pool_id", sa.Text, nullable=False),
    sa.Column("sub", KEY_TEXT, nullable=False),
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("grant_details", sa.LargeBinary, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    # Set by the one use, with the sign-in that came of it.
    sa.Column("used_at", sa.BigInteger),
    sa.Column("family_id", sa.Text),
    sa.ForeignKeyConstraint(["pool_id", "sub"], ["users.pool_id", "users.sub"], ondelete="CASCADE"),
    sa.ForeignKeyConstraint(["client_id"], ["app_clients.client_id"], ondelete="CASCADE"),
    sa.Index("authorization_codes_by_user", "pool_id", "sub"),
    sa.Index("authorization_codes_by_client", "client_id"),
    sa.Index("authorization_codes_by_expiry", "expires_at"),
)

# An authorization request that an app client sent ahead of the browser (RFC 9126).
pushed_requests = sa.Table(
    "pushed_requests",
    metadata,
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column(
        "client_id", sa.ForeignKey("app_clients.client_id", ondelete="CASCADE"), nullable=False
    ),
    sa.Column("request", sa.LargeBinary, nullable=False),
    sa.Column("used_at", sa.BigInteger),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Index("pushed_requests_by_client", "client_id"),
    sa.Index("pushed_requests_by_expiry", "expires_at"),
)

# A device that waits for somebody to sign in for it elsewhere (RFC 8628).
device_authorizations = sa.Table(
    "device_authorizations",
    metadata,
    sa.Column("device_digest", sa.LargeBinary, primary_key=True),
    sa.Column("user_code_digest", sa.LargeBinary, nullable=False),
    sa.Column("pool_id", sa.ForeignKey("user_pools.pool_id", ondelete="CASCADE"), nullable=False),
    sa.Column(
        "client_id", sa.ForeignKey("app_clients.client_id", ondelete="CASCADE"), nullable=False
    ),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("resource", sa.Text),
    # "pending", "approved", "denied" or "used"; who approved it and when that user signed in.
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("sub", KEY_TEXT),
    sa.Column("auth_time", sa.BigInteger),
    sa.Column("interval_seconds", sa.Integer, nullable=False),
    sa.Column("next_poll_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("pool_id", "user_code_digest", name="device_authorizations_by_user_code"),
    sa.Index("device_authorizations_by_client", "client_id"),
    sa.Index("device_authorizations_by_expiry", "expires_at"),
)

# What a pool or an app client does about risks; `owner_id` is the id of either.
risk_configurations = sa.Table(
    "risk_configurations",
    metadata,
    sa.Column("owner_id", sa.Text, primary_key=True),
    sa.Column("pool_id", sa.ForeignKey("user_pools.pool_id", ondelete="CASCADE"), nullable=False),
    sa.Column("client_id", sa.ForeignKey("app_clients.client_id", ondelete="CASCADE")),
    sa.Column("settings", sa.LargeBinary, nullable=False),
    sa.Index("risk_configurations_by_pool", "pool_id"),
    sa.Index("risk_configurations_by_client", "client_id"),
)

# What users did to sign in, where a pool watches for risks. Events of names that nobody has are
# written and taken back, so no key holds an event to its user.
auth_events = sa.Table(
    "auth_events",
    metadata,
    sa.Column("event_id", sa.Text, primary_key=True),
    sa.Column("pool_id", sa.Text, nullable=False),
    sa.Column("sub", KEY_TEXT, nullable=False),
    # Orders a user's events by time.
    sa.Column("position", KEY_TEXT, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("is_refused", sa.Boolean, nullable=False),
    sa.Column("response", sa.Text, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("challenges", sa.LargeBinary, nullable=False),
    sa.Column("feedback", sa.LargeBinary),
    sa.Index("auth_events_by_user", "pool_id", "sub", "position"),
    sa.Index("auth_events_by_age", "created_at"),
)

# The addresses and devices that users signed in with; `kind` is "address" or "device".
known_places = sa.Table(
    "known_places",
    metadata,
    sa.Column("pool_id", sa.Text, primary_key=True),
    sa.Column("sub", KEY_TEXT, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("value_key", KEY_TEXT, primary_key=True),
    sa.Column("is_reported", sa.Boolean, nullable=False),
    sa.Column("first_seen_at", sa.BigInteger, nullable=False),
    sa.Column("last_seen_at", sa.BigInteger, nullable=False),
    sa.ForeignKeyConstraint(["pool_id", "sub"], ["users.pool_id", "users.sub"], ondelete="CASCADE"),
    sa.Index("known_places_by_age", "last_seen_at"),
)

# Who was refused at which address within the last hour, users and names that nobody has alike.
address_failures = sa.Table(
    "address_failures",
    metadata,
    sa.Column("pool_id", sa.Text, primary_key=True),
    sa.Column("address", KEY_TEXT, primary_key=True),
    sa.Column("sub", KEY_TEXT, primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("last_at", sa.BigInteger, nullable=False),
    sa.Index("address_failures_by_age", "last_at"),
)
