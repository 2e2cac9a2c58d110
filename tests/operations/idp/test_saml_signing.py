"""The certificate of a pool's SAML requests: made once, valid ten years."""

import base64
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from kits.people import new_call

from poolgate.foundation.ids import PoolId
from poolgate.testing import LocalPoolgate
from poolgate.userpools import saml_signing


@pytest.fixture
def cognito(poolgate: LocalPoolgate) -> Any:
    return poolgate.client("cognito-idp", validate=False)


def new_pool(cognito: Any) -> str:
    made: str = cognito.create_user_pool(PoolName="pool")["UserPool"]["Id"]
    return made


@pytest.mark.documented("API_GetSigningCertificate", "valid for 10 years from the date of issue")
def test_a_certificate_is_made_once(poolgate: LocalPoolgate, cognito: Any) -> None:
    pool_id, other = new_pool(cognito), new_pool(cognito)
    shown = cognito.get_signing_certificate(UserPoolId=pool_id)["Certificate"]
    certificate = x509.load_der_x509_certificate(base64.b64decode(shown))
    certificate.verify_directly_issued_by(certificate)
    lifetime = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert lifetime == timedelta(days=3650)
    now = poolgate.clock.now()
    assert abs(certificate.not_valid_before_utc - now) < timedelta(seconds=1)
    poolgate.clock.advance(3600)
    assert cognito.get_signing_certificate(UserPoolId=pool_id)["Certificate"] == shown
    assert cognito.get_signing_certificate(UserPoolId=other)["Certificate"] != shown


@pytest.mark.documented("API_GetSigningCertificate", "the signing certificate")
def test_parallel_askers_get_the_same(poolgate: LocalPoolgate, cognito: Any) -> None:
    pool_id, call = PoolId(new_pool(cognito)), new_call(poolgate)
    with ThreadPoolExecutor(4) as threads:
        shown = list(threads.map(lambda _: saml_signing.certificate(call, pool_id), range(4)))
    assert len(set(shown)) == 1
