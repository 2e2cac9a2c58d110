import pytest
from hypothesis import given
from hypothesis import strategies as st
from kits.passkeys import cbor

from poolgate.credentials.cbor import decode_cbor, decode_cbor_at

VALUES = st.recursive(
    st.one_of(
        st.integers(-(2**64), 2**64 - 1),
        st.binary(max_size=40),
        st.text(max_size=40),
        st.booleans(),
        st.none(),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.integers(-300, 300), st.text(max_size=4)), inner, max_size=4),
    ),
    max_leaves=6,
)


@given(VALUES)
def test_what_is_encoded_decodes(value):
    assert decode_cbor(cbor(value)) == value


# SPEC RFC 8949 appendix A.
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1bffffffffffffffff", 18446744073709551615),
        ("3bffffffffffffffff", -18446744073709551616),
        ("3903e7", -1000),
        ("1903e8", 1000),
        ("4401020304", b"\x01\x02\x03\x04"),
        ("62c3bc", "ü"),
        ("83010203", [1, 2, 3]),
        ("a201020304", {1: 2, 3: 4}),
        ("826161a161626163", ["a", {"b": "c"}]),
        ("f4", False),
        ("f5", True),
        ("f6", None),
    ],
)
def test_examples_of_the_specification_decode(text, value):
    assert decode_cbor(bytes.fromhex(text)) == value


HOSTILE = {
    "nothing": "",
    "text that is not UTF-8": "61ff",
    "a length without bytes": "42",
    "a length of 2**64-1": "5bffffffffffffffff",
    "an array of 2**64-1": "9bffffffffffffffff",
    "a map of 2**64-1": "bbffffffffffffffff",
    "an array longer than what is there": "8a0102",
    "indefinite bytes": "5f4100ff",
    "an indefinite array": "9f01ff",
    "an indefinite map": "bf0101ff",
    "a reserved length": "1c",
    "a key twice": "a201020103",
    "a key twice, spelled differently": "a20102180103",
    "a key that is bytes": "a1410101",
    "a key that is true": "a1f501",
    "a key that is an array": "a18001",
    "a tag": "c074323031332d30332d32315432303a30343a30305a",
    "a float": "f93c00",
    "undefined": "f7",
    "a break": "ff",
    "a value after the value": "0101",
    "too deep": "81" * 9 + "01",
    "far too deep": "81" * 100_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_bytes_are_refused(text):
    with pytest.raises(ValueError, match=r"CBOR|utf-8"):
        decode_cbor(bytes.fromhex(text))


@given(st.binary(max_size=60))
def test_any_bytes_decode_or_are_refused(encoded):
    try:
        _, end = decode_cbor_at(encoded, 0)
    except ValueError:
        return
    assert 0 < end <= len(encoded)
