import pytest

from poolgate.credentials import foreign_hashes
from poolgate.credentials.foreign_hashes import ForeignHashUnreadable, ForeignVerifier
from poolgate.credentials.passwords import WrongPassword, hash_argon2id, make_srp_verifier
from poolgate.foundation.secret import Secret

# Source of each: the publication that gives the vector, in the encoding of the named program.
VECTORS = [
    # Openwall crypt_blowfish's test vectors.
    ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
    ("U*U", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
    ("U*U", "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
    # The reference implementation's tests of Argon2.
    (
        "password",
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
    ),
    # RFC 7914 s12: scrypt("pleaseletmein", "SodiumChloride", 16384, 8, 1, 64).
    (
        "pleaseletmein",
        (
            "scrypt:16384:8:1$SodiumChloride$7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1"
            "f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
        ),
    ),
    (
        "pleaseletmein",
        (
            "scrypt$16384$SodiumChloride$8$1$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUk"
            "Kpr55h6F3A1lHkDfzwF7RVdYhw=="
        ),
    ),
    (
        "pleaseletmein",
        (
            "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8"
            "Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw"
        ),
    ),
    # RFC 6070: PBKDF2-HMAC-SHA1("password", "salt", 4096, 20).
    ("password", "pbkdf2:sha1:4096$salt$4b007901b765489abead49d926f721d065a429c1"),
    ("password", "pbkdf2_sha1$4096$salt$SwB5AbdlSJq+rUnZJvch0GWkKcE="),
    ("password", "$pbkdf2$4096$c2FsdA$SwB5AbdlSJq.rUnZJvch0GWkKcE"),
    # RFC 7914 s11: PBKDF2-HMAC-SHA256("passwd", "salt", 1, 64).
    (
        "passwd",
        (
            "pbkdf2:sha256:1$salt$55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
            "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783"
        ),
    ),
]


@pytest.mark.parametrize(("password", "encoded"), VECTORS)
def test_published_vectors_are_accepted_and_nothing_else(password: str, encoded: str) -> None:
    foreign_hashes.verify_readable(encoded)
    foreign_hashes.verify(encoded, Secret(password))
    for wrong in (password + "x", password.upper() + "?", ""):
        with pytest.raises(WrongPassword):
            foreign_hashes.verify(encoded, Secret(wrong))


def test_bcrypt_looks_at_72_bytes_as_it_did_when_the_hash_was_made() -> None:
    # Openwall crypt_blowfish: "0123...": 72 bytes and what follows is ignored.
    encoded = "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui"
    text = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    foreign_hashes.verify(encoded, Secret(text + "chars after 72 are ignored"))
    with pytest.raises(WrongPassword):
        foreign_hashes.verify(encoded, Secret(text[:71]))


def test_composed_and_decomposed_text_are_one_password_for_hashes_of_composed_text() -> None:
    foreign_hashes.verify(hash_argon2id(Secret("Pässword")), Secret("Pa\u0308ssword"))


def test_verifier_of_another_pool_is_checked_under_its_own_names() -> None:
    salt, password = bytes(range(1, 17)), Secret("Right-password-1")
    made = ForeignVerifier(
        "AbCdEfGhI", "alice$ä", salt, make_srp_verifier("AbCdEfGhI", "alice$ä", password, salt)
    )
    encoded = foreign_hashes.render_srp_verifier(made)
    assert foreign_hashes.parse_srp_verifier(encoded) == made
    foreign_hashes.verify(encoded, password)
    with pytest.raises(WrongPassword):
        foreign_hashes.verify(encoded, Secret("Right-password-2"))


@pytest.mark.parametrize(
    "encoded",
    [
        "",
        "plain-text-password",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "$1$salt$qJH7.N4xYta3aEG/dfqo/0",
        "$2a$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe",
        "$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=65536,t=9999,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=65536,t=0,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=65536,t=2,p=900$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXP",
        "scrypt:1048576:8:1$SodiumChloride$" + "70" * 64,
        "scrypt:1000:8:1$SodiumChloride$" + "70" * 64,
        "scrypt:1:8:1$SodiumChloride$" + "70" * 64,
        "scrypt:16384:8:4000$SodiumChloride$" + "70" * 64,
        "$scrypt$ln=99,r=8,p=1$U29kaXVt$cCO9yzr9c0hGHAbNgf046w",
        "pbkdf2:sha256:99999999$salt$" + "55" * 32,
        "pbkdf2:sha256:0$salt$" + "55" * 32,
        "pbkdf2:sha256:1000$salt$55ac",
        "pbkdf2_sha256$1000$salt$5=5=",
        "pbkdf2_md5$1000$salt$" + "55" * 32,
        "$poolgate-srp$a$b$c",
        "$poolgate-srp$QQ==$QQ==$QQ==$QQ==",
        "$2a$05$" + "C" * 3000,
    ],
)
def test_what_cannot_be_checked_or_costs_too_much_is_refused(encoded: str) -> None:
    with pytest.raises(ForeignHashUnreadable) as refused:
        foreign_hashes.verify_readable(encoded)
    assert not encoded or encoded not in str(refused.value)


def test_srp_verifier_without_a_salt_is_refused() -> None:
    encoded = foreign_hashes.render_srp_verifier(ForeignVerifier("a", "b", b"", bytes(384)))
    with pytest.raises(ForeignHashUnreadable):
        foreign_hashes.verify_readable(encoded)
