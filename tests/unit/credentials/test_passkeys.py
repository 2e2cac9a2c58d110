import datetime as dt
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st
from kits.passkeys import (
    BE,
    BS,
    ED,
    EDDSA,
    ES256,
    ORIGIN,
    RP_ID,
    RS256,
    UP,
    UV,
    Passkey,
    b64,
    cbor,
    cose_members,
    new_private_key,
    sign,
    unb64,
)

from poolgate.credentials import passkeys
from poolgate.credentials.attestation import AttestationNotSupported
from poolgate.credentials.cose_keys import AlgorithmNotSupported, SignatureRefused, parse_cose_key
from poolgate.credentials.passkeys import (
    ChallengeMismatch,
    CounterWentBack,
    KeptCredential,
    NewCredential,
    OriginNotAllowed,
    PasskeyMalformed,
    PresentedAssertion,
    PresentedRegistration,
    RelyingParty,
    RelyingPartyMismatch,
    UserNotVerified,
    is_origin_of,
    verify_assertion,
    verify_registration,
)

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/webauthn.json").read_text())
CHALLENGE = bytes(range(32))
LENIENT = RelyingParty(RP_ID, demands_user_verification=False)
STRICT = RelyingParty(RP_ID, demands_user_verification=True)
CREATION = {
    "challenge": b64(CHALLENGE),
    "rp": {"id": RP_ID},
    "user": {"id": b64(b"somebody")},
}
REQUEST = {"challenge": b64(CHALLENGE), "rpId": RP_ID}


def registration(answer: dict[str, Any]) -> PresentedRegistration:
    response = answer["response"]
    return PresentedRegistration(
        unb64(answer["id"]), unb64(response["clientDataJSON"]), unb64(response["attestationObject"])
    )


def assertion(answer: dict[str, Any]) -> PresentedAssertion:
    parts = ("clientDataJSON", "authenticatorData", "signature")
    return PresentedAssertion(*(unb64(answer["response"][part]) for part in parts))


def registered(passkey: Passkey, relying_party: RelyingParty = LENIENT) -> NewCredential:
    return verify_registration(registration(passkey.create(CREATION)), CHALLENGE, relying_party)


def kept(credential: NewCredential) -> KeptCredential:
    return KeptCredential(
        public_key=credential.public_key,
        sign_count=credential.sign_count,
        is_backup_eligible=credential.is_backup_eligible,
    )


def asserted(
    passkey: Passkey, credential: KeptCredential, relying_party: RelyingParty = LENIENT
) -> passkeys.ProvenAssertion:
    return verify_assertion(assertion(passkey.get(REQUEST)), CHALLENGE, relying_party, credential)


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: vector["name"])
def test_ceremonies_of_the_specification_are_verified(vector):
    relying_party = RelyingParty(VECTORS["relying_party_id"], demands_user_verification=False)
    parts = {name: bytes.fromhex(text) for name, text in vector["registration"].items()}
    credential = verify_registration(
        PresentedRegistration(
            parts["credential_id"], parts["clientDataJSON"], parts["attestationObject"]
        ),
        parts["challenge"],
        relying_party,
    )
    assert credential.credential_id == parts["credential_id"]
    proof = {name: bytes.fromhex(text) for name, text in vector["authentication"].items()}
    presented = PresentedAssertion(
        proof["clientDataJSON"], proof["authenticatorData"], proof["signature"]
    )
    proven = verify_assertion(presented, proof["challenge"], relying_party, kept(credential))
    assert not proven.is_user_verified
    broken = replace(presented, signature=presented.signature[:-1] + b"\0")
    with pytest.raises(SignatureRefused):
        verify_assertion(broken, proof["challenge"], relying_party, kept(credential))


@pytest.mark.parametrize("algorithm", [ES256, RS256, EDDSA])
@pytest.mark.parametrize("attestation", ["none", "packed"])
def test_each_algorithm_registers_and_proves(algorithm, attestation):
    passkey = Passkey(algorithm=algorithm, attestation=attestation)
    credential = registered(passkey, STRICT)
    assert credential.sign_count == 0
    proven = asserted(passkey, kept(credential), STRICT)
    assert (proven.sign_count, proven.is_user_verified) == (1, True)


BENT: list[tuple[dict[str, Any], type[Exception]]] = [
    ({"origin": "https://evil.example"}, OriginNotAllowed),
    ({"origin": "https://notapp.example.com"}, OriginNotAllowed),
    ({"origin": f"http://{RP_ID}"}, OriginNotAllowed),
    ({"client_data": {"crossOrigin": True}}, OriginNotAllowed),
    ({"client_data": {"topOrigin": ORIGIN}}, OriginNotAllowed),
    ({"client_data": {"challenge": b64(bytes(32))}}, ChallengeMismatch),
    ({"client_data": {"challenge": b64(CHALLENGE) + "="}}, ChallengeMismatch),
    ({"client_data": {"challenge": "äöü"}}, ChallengeMismatch),
    ({"client_data": {"type": "payment.get"}}, PasskeyMalformed),
    ({"client_data": {"origin": None}}, PasskeyMalformed),
    ({"rp_id": "example.com"}, RelyingPartyMismatch),
    ({"flags": UV}, UserNotVerified),
    ({"flags": UP}, UserNotVerified),
    ({"flags": UP | UV | BS}, PasskeyMalformed),
    ({"flags": UP | UV | ED}, PasskeyMalformed),
]


@pytest.mark.parametrize(("bent", "failure"), BENT)
def test_bent_registration_is_refused(bent, failure):
    registered(Passkey(), STRICT)
    with pytest.raises(failure):
        registered(Passkey(**bent), STRICT)


@pytest.mark.parametrize(("bent", "failure"), BENT)
def test_bent_assertion_is_refused(bent, failure):
    passkey = Passkey()
    credential = kept(registered(passkey))
    asserted(passkey, credential, STRICT)
    for name, value in bent.items():
        setattr(passkey, name, value)
    with pytest.raises(failure):
        asserted(passkey, credential, STRICT)


def test_each_ceremony_is_refused_as_the_other():
    passkey = Passkey()
    credential = kept(registered(passkey))
    passkey.client_data = {"type": "webauthn.create"}
    with pytest.raises(PasskeyMalformed):
        asserted(passkey, credential)
    with pytest.raises(PasskeyMalformed):
        registered(Passkey(client_data={"type": "webauthn.get"}))


def test_another_key_does_not_prove():
    passkey = Passkey()
    credential = kept(registered(passkey))
    passkey.private_key = new_private_key(ES256)
    with pytest.raises(SignatureRefused):
        asserted(passkey, credential)


@pytest.mark.parametrize(
    ("before", "after", "passes"),
    [(0, 0, True), (0, 1, True), (5, 6, True), (5, 5, False), (5, 4, False), (5, 0, False)],
)
def test_counter_only_grows_or_stays_zero(before, after, passes):
    passkey = Passkey(sign_count=before, counts=0)
    credential = kept(registered(passkey))
    passkey.sign_count = after
    if passes:
        assert asserted(passkey, credential).sign_count == after
    else:
        with pytest.raises(CounterWentBack):
            asserted(passkey, credential)


def test_backup_eligibility_never_changes():
    passkey = Passkey(flags=UP | BE | BS)
    credential = registered(passkey)
    assert credential.is_backup_eligible
    passkey.flags = UP | BE
    asserted(passkey, kept(credential))
    passkey.flags = UP
    with pytest.raises(PasskeyMalformed):
        asserted(passkey, kept(credential))


@pytest.mark.parametrize(
    ("origin", "relying_party_id", "is_allowed"),
    [
        ("https://example.com", "example.com", True),
        ("https://example.com:8443", "example.com", True),
        ("https://a.b.example.com", "example.com", True),
        ("http://localhost:3000", "localhost", True),
        ("http://app.localhost", "localhost", True),
        ("https://localhost", "localhost", True),
        ("http://example.com", "example.com", False),
        ("https://badexample.com", "example.com", False),
        ("https://example.com.evil.example", "example.com", False),
        ("https://example.com/", "example.com", False),
        ("https://user@example.com", "example.com", False),
        ("https://evil.example#.example.com", "example.com", False),
        ("https://EXAMPLE.com", "example.com", False),
        ("https://example.com\n", "example.com", False),
        ("https://127.0.0.1", "localhost", False),
        ("android:apk-key-hash:abc", "example.com", False),
        ("null", "example.com", False),
        ("", "example.com", False),
    ],
)
def test_origins_are_those_of_the_domain_and_below(origin, relying_party_id, is_allowed):
    assert is_origin_of(origin, relying_party_id) is is_allowed


def test_extensions_are_passed_over():
    class WithExtensions(Passkey):
        def authenticator_data(self, *, attested):
            self.flags |= ED
            return super().authenticator_data(attested=attested) + cbor({"credProtect": 2})

    passkey = WithExtensions()
    asserted(passkey, kept(registered(passkey)))


KEYS = {
    "another curve": {-1: 2},
    "another type": {1: 3},
    "an algorithm of no use": {3: -35},
    "an algorithm that is text": {3: "ES256"},
}


@pytest.mark.parametrize("change", KEYS.values(), ids=KEYS)
def test_keys_of_no_use_are_told_as_such(change):
    members = cose_members(new_private_key(ES256), ES256)
    with pytest.raises(AlgorithmNotSupported):
        parse_cose_key(cbor({**members, **change}))


@pytest.mark.parametrize(
    ("algorithm", "change"),
    [
        (ES256, {-2: bytes(31)}),
        (ES256, {-2: bytes(32), -3: bytes(32)}),
        (ES256, {-3: 7}),
        (EDDSA, {-2: bytes(31)}),
        (RS256, {-1: bytes(256)}),
        (RS256, {-1: b"\xff" * 1024}),
        (RS256, {-2: bytes(5)}),
        (RS256, {-2: b"\x02"}),
        (RS256, {-1: "text"}),
    ],
)
def test_keys_that_are_none_are_refused(algorithm, change):
    members = {**cose_members(new_private_key(algorithm), algorithm), **change}
    with pytest.raises((ValueError, AlgorithmNotSupported)):
        parse_cose_key(cbor(members))


@pytest.mark.parametrize("algorithm", [RS256, EDDSA])
def test_keys_of_another_type_serve_no_other_algorithm(algorithm):
    members = cose_members(new_private_key(ES256), ES256)
    with pytest.raises(AlgorithmNotSupported):
        parse_cose_key(cbor({**members, 3: algorithm}))


def test_challenges_are_long_and_fresh():
    first, second = passkeys.new_challenge(), passkeys.new_challenge()
    assert (len(first), first == second) == (32, False)


@pytest.mark.parametrize("encoded", [cbor([1]), cbor(1), b"", cbor({}) + b"\0"])
def test_what_is_no_key_is_refused(encoded):
    with pytest.raises((ValueError, AlgorithmNotSupported)):
        parse_cose_key(encoded)


# ---- attestation ----------------------------------------------------------------------------


def attested_with(changes: dict[str, Any], **settings: Any) -> NewCredential:
    answer = Passkey(**settings).create(CREATION, attestation_members=changes)
    return verify_registration(registration(answer), CHALLENGE, LENIENT)


@pytest.mark.parametrize("name", ["tpm", "android-key", "fido-u2f", "apple", "x"])
def test_formats_that_were_not_asked_for_are_refused(name):
    with pytest.raises(AttestationNotSupported):
        attested_with({"fmt": name, "attStmt": {}})


@pytest.mark.parametrize(
    ("settings", "changes"),
    [
        ({}, {"attStmt": {"sig": b"x"}}),
        ({}, {"attStmt": []}),
        ({}, {"fmt": 1}),
        ({}, {"authData": "text"}),
        ({}, {"authData": b"short"}),
        ({"attestation": "packed"}, {"attStmt": {}}),
        ({"attestation": "packed"}, {"attStmt": {"alg": ES256, "sig": b"wrong"}}),
        ({"attestation": "packed"}, {"attStmt": {"alg": RS256, "sig": b"wrong"}}),
        ({"attestation": "packed"}, {"attStmt": {"alg": ES256, "sig": b"x", "x5c": []}}),
        ({"attestation": "packed"}, {"attStmt": {"alg": ES256, "sig": b"x", "x5c": [b"no"]}}),
    ],
)
def test_statements_that_are_wrong_are_refused(settings, changes):
    attested_with({}, **settings)
    with pytest.raises(PasskeyMalformed):
        attested_with(changes, **settings)


def certificate(private_key: Any) -> bytes:
    name = x509.Name([])
    moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private_key.public_key())
        .serial_number(1)
        .not_valid_before(moment)
        .not_valid_after(moment + dt.timedelta(days=1))
    )
    signer = ec.generate_private_key(ec.SECP256R1())
    return builder.sign(signer, hashes.SHA256()).public_bytes(Encoding.DER)


def test_statement_signed_by_a_certificate_is_verified():
    passkey, attester = Passkey(), new_private_key(ES256)

    def statement(signer: Any) -> dict[str, Any]:
        client_data = unb64(passkey.create(CREATION)["response"]["clientDataJSON"])
        signed = passkey.authenticator_data(attested=True) + hashlib.sha256(client_data).digest()
        vouched = {"alg": ES256, "sig": sign(signer, signed), "x5c": [certificate(attester)]}
        return {"fmt": "packed", "attStmt": vouched}

    for signer, passes in ((attester, True), (new_private_key(ES256), False)):
        answer = passkey.create(CREATION, attestation_members=statement(signer))
        presented = registration(answer)
        if passes:
            verify_registration(presented, CHALLENGE, LENIENT)
        else:
            with pytest.raises(PasskeyMalformed):
                verify_registration(presented, CHALLENGE, LENIENT)


def test_statement_of_a_certificate_with_another_kind_of_key_is_refused():
    changes = {"alg": ES256, "sig": b"x", "x5c": [certificate(new_private_key(RS256))]}
    with pytest.raises(AlgorithmNotSupported):
        attested_with({"fmt": "packed", "attStmt": changes})


def test_statement_of_a_certificate_with_an_unknown_key_is_refused():
    p256, unknown = bytes.fromhex("06082a8648ce3d030107"), bytes.fromhex("06082a8648ce3d03017f")
    leaf = certificate(new_private_key(ES256)).replace(p256, unknown)
    changes = {"alg": ES256, "sig": b"x", "x5c": [leaf]}
    with pytest.raises(AlgorithmNotSupported):
        attested_with({"fmt": "packed", "attStmt": changes})


# ---- hostile bytes --------------------------------------------------------------------------

REFUSALS = (
    PasskeyMalformed,
    ChallengeMismatch,
    OriginNotAllowed,
    RelyingPartyMismatch,
    UserNotVerified,
    AlgorithmNotSupported,
    AttestationNotSupported,
    SignatureRefused,
    CounterWentBack,
)
HONEST = Passkey(algorithm=ES256, attestation="packed", credential_id=bytes(16))
HONEST_REGISTRATION = registration(HONEST.create(CREATION))
HONEST_CREDENTIAL = kept(verify_registration(HONEST_REGISTRATION, CHALLENGE, LENIENT))
HONEST_ASSERTION = assertion(HONEST.get(REQUEST))


def mutated(honest: bytes) -> st.SearchStrategy[bytes]:
    """Return the bytes with a piece cut out, put in or replaced."""

    def cut(place: tuple[int, int, bytes]) -> bytes:
        start, length, inserted = place
        return honest[:start] + inserted + honest[start + length :]

    places = st.tuples(st.integers(0, len(honest)), st.integers(0, 8), st.binary(max_size=8))
    return st.one_of(st.binary(max_size=300), places.map(cut))


@given(mutated(HONEST_REGISTRATION.attestation_object))
def test_altered_registrations_are_refused(altered):
    if altered == HONEST_REGISTRATION.attestation_object:
        return
    with pytest.raises(REFUSALS):
        verify_registration(
            replace(HONEST_REGISTRATION, attestation_object=altered), CHALLENGE, LENIENT
        )


@given(
    st.sampled_from(["client_data", "authenticator_data", "signature"]).flatmap(
        lambda part: st.tuples(st.just(part), mutated(getattr(HONEST_ASSERTION, part)))
    )
)
def test_altered_assertions_are_refused(altered):
    part, encoded = altered
    if encoded == getattr(HONEST_ASSERTION, part):
        return
    with pytest.raises(REFUSALS):
        verify_assertion(
            replace(HONEST_ASSERTION, **{part: encoded}), CHALLENGE, LENIENT, HONEST_CREDENTIAL
        )


@given(st.binary(max_size=200))
def test_client_data_that_cannot_be_read_is_refused(encoded):
    with pytest.raises(REFUSALS):
        verify_registration(replace(HONEST_REGISTRATION, client_data=encoded), CHALLENGE, LENIENT)


def test_deep_client_data_is_refused():
    deep = b'{"type":' + b"[" * 100_000
    with pytest.raises(PasskeyMalformed):
        verify_registration(replace(HONEST_REGISTRATION, client_data=deep), CHALLENGE, LENIENT)
