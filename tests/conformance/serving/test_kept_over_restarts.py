"""What login pages are made of survives a restart, and what is sealed opens again."""

from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

from kits.images import PNG
from kits.serving import serving

SECONDS = 30


def test_a_restart_keeps_providers_domains_and_looks(tmp_path: Path) -> None:
    details = {"client_id": "c", "client_secret": "very secret", "authorize_scopes": "email"}
    with serving(tmp_path / "data") as first:
        cognito = first.client("cognito-idp")
        pool_id = cognito.create_user_pool(PoolName="pool")["UserPool"]["Id"]
        of_pool = {"UserPoolId": pool_id}
        cognito.create_identity_provider(
            **of_pool, ProviderName="Google", ProviderType="Google", ProviderDetails=details
        )
        cognito.create_user_pool_domain(**of_pool, Domain="my-app")
        image_url = cognito.set_ui_customization(**of_pool, ImageFile=PNG)["UICustomization"][
            "ImageUrl"
        ]
        certificate = cognito.get_signing_certificate(**of_pool)["Certificate"]
    with serving(tmp_path / "data") as second:
        cognito = second.client("cognito-idp")
        shown = cognito.describe_identity_provider(**of_pool, ProviderName="Google")
        assert shown["IdentityProvider"]["ProviderDetails"]["client_secret"] == "very secret"
        assert cognito.describe_user_pool(**of_pool)["UserPool"]["Domain"] == "my-app"
        assert cognito.get_signing_certificate(**of_pool)["Certificate"] == certificate
        # The port is another one.
        with urlopen(second.url + urlsplit(image_url).path, timeout=SECONDS) as answer:
            assert answer.read() == PNG
    stored = b"".join(path.read_bytes() for path in (tmp_path / "data").glob("*.db*"))
    assert b"my-app" in stored
    assert b"very secret" not in stored
