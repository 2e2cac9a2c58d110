"""Which AWS keys are wished for, and where they are kept; it imports next to nothing.

Keys come from one of three doors: the signed-in user's identity pool, a role that trusts the user
pool's tokens (`role_arn`), or a role that trusts the keys at hand (`role_arn` with `signed_by`).
"""

from poolgate.client import surroundings
from poolgate.client.kept_answers import NO_PROFILE, KeptAnswer, file_stamp, is_folder_name

# Where AWS is reached when no profile of ours names a server.
_PLACE_VARIABLES = (
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_STS",
    "AWS_ENDPOINT_URL_COGNITO_IDENTITY",
)
# Which keys are at hand.
_KEY_VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "HOME",
)
# What --signed-by says for keys of the environment; anything else is a profile of ~/.aws.
OF_ENVIRONMENT = "environment"


class KeyWish:
    """The flags of `credentials` and `exec`; what is not given is None."""

    __slots__ = (
        "custom_role_arn",
        "duration_seconds",
        "external_id",
        "identity_pool_id",
        "profile",
        "role_arn",
        "role_session_name",
        "signed_by",
    )

    def __init__(
        self,
        *,
        profile: str | None = None,
        identity_pool_id: str | None = None,
        custom_role_arn: str | None = None,
        role_arn: str | None = None,
        role_session_name: str | None = None,
        duration_seconds: str | None = None,
        signed_by: str | None = None,
        external_id: str | None = None,
    ) -> None:
        self.profile = profile or surroundings.usual_profile()
        self.identity_pool_id = identity_pool_id
        self.custom_role_arn = custom_role_arn
        self.role_arn = role_arn
        self.role_session_name = role_session_name
        self.duration_seconds = duration_seconds
        self.signed_by = signed_by
        self.external_id = external_id

    def kept(self) -> KeptAnswer | None:
        """Return where such keys are kept; None where the profile's name cannot be one."""
        question = (
            "keys",
            self.identity_pool_id,
            self.custom_role_arn,
            self.role_arn,
            self.role_session_name,
            self.duration_seconds,
            self.signed_by,
            self.external_id,
            *map(surroundings.variable, _PLACE_VARIABLES),
        )
        if self.signed_by is not None:
            return KeptAnswer(NO_PROFILE, *question, *map(surroundings.variable, _KEY_VARIABLES))
        if not is_folder_name(self.profile):
            return None
        profile_file = f"{surroundings.config_folder()}/profiles/{self.profile}.toml"
        return KeptAnswer(self.profile, *question, profile_file, stamp=file_stamp(profile_file))


FLAGS = frozenset(KeyWish.__slots__)
