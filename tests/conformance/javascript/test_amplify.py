"""aws-amplify v6, unchanged but for the endpoint."""

import pytest
from kits.serving import make_pool


@pytest.mark.model("the operations of an account's life as aws-amplify calls them")
def test_account_lives_from_sign_up_to_its_deletion(served_dev, javascript):
    pool = make_pool(
        served_dev.client("cognito-idp"),
        "amplify",
        AutoVerifiedAttributes=["email"],
        MfaConfiguration="OPTIONAL",
        SmsConfiguration={"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"},
    )
    served_dev.client("cognito-idp").set_user_pool_mfa_config(
        UserPoolId=pool.pool_id,
        MfaConfiguration="OPTIONAL",
        SoftwareTokenMfaConfiguration={"Enabled": True},
    )
    told = javascript("amplify.mjs", served_dev.url, pool.pool_id, pool.client_id)
    assert told.get("error") is None, told
    sub = told["attributes"].pop("sub")
    assert told["after_sign_up"] == "CONFIRM_SIGN_UP"
    assert told["delivery"] == {
        "deliveryMedium": "EMAIL",
        "destination": "a***@e***",
        "attributeName": "email",
    }
    assert told["after_confirmation"] == "COMPLETE_AUTO_SIGN_IN"
    assert told["auto_signed_in"] is True
    assert told["claims"] == {"username": "amelia", "email": "amelia@example.com"}
    assert told["current"] == "amelia"
    assert told["attributes"] == {
        "email": "amelia@example.com",
        "email_verified": "true",
        "name": "Amelia",
    }
    assert told["setup_uri"].startswith("otpauth://totp/Poolgate:amelia?secret=")
    assert told["mfa"] == {"enabled": ["TOTP"], "preferred": "TOTP"}
    assert told["signed_out"] is True
    assert told["asked_for"] == "CONFIRM_SIGN_IN_WITH_TOTP_CODE"
    assert told["signed_in_with_totp"] is True
    assert told["updated"] == {"name": True, "email": "CONFIRM_ATTRIBUTE_WITH_CODE"}
    assert told["changed_attributes"] == {
        "sub": sub,
        "email": "amy@example.com",
        "email_verified": "true",
        "name": "Amy",
    }
    assert told["refreshed"] is True
    assert told["reset"] == "CONFIRM_RESET_PASSWORD_WITH_CODE"
    assert told["refused"] == "NotAuthorizedException"
    assert told["signed_in_after_reset"] is True
    assert told["deleted"] == "UserNotFoundException"
