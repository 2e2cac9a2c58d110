import time

import pytest

from poolgate.policy.patterns import (
    TemplateMalformed,
    Variable,
    Wildcard,
    compile_arn,
    compile_pattern,
    fixed,
    parse_template,
    resolve,
)


def matcher(text, compile_matcher=compile_pattern):
    pattern = fixed(parse_template(text, wildcards=True, variables=False))
    assert pattern is not None
    return compile_matcher(pattern)


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("abc", ["abc"], ["ab", "abcd", "ABC"]),
        ("", [""], ["a"]),
        ("*", ["", "anything", "a\nb"], []),
        ("a*", ["a", "abc"], ["", "ba"]),
        ("*c", ["c", "abc"], ["", "cb"]),
        ("a*c", ["ac", "abc", "accc"], ["a", "c", "acb"]),
        ("aa*aa", ["aaaa", "aaxaa"], ["aa", "aaa"]),
        ("a*b*c", ["abc", "aXbYc"], ["acb", "ac"]),
        ("?", ["a", "\n"], ["", "ab"]),
        ("a?c", ["abc"], ["ac", "abbc"]),
        ("a?*", ["ab", "abc"], ["a"]),
        ("*?c", ["bc", "abc"], ["c"]),
        ("*a?c*", ["abc", "xabcx"], ["ac", "xacx"]),
        ("**a**", ["a", "bab"], ["b"]),
        ("a.c", ["a.c"], ["abc"]),
        ("[a]", ["[a]"], ["a"]),
    ],
)
def test_wildcards(pattern, matching, others):
    matches = matcher(pattern)
    assert [text for text in matching if not matches(text)] == []
    assert [text for text in others if matches(text)] == []


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("arn:aws:iam::1:user/*", ["arn:aws:iam::1:user/a/b:c"], ["arn:aws:iam::2:user/a"]),
        # A wildcard before the last part stays in its part.
        ("arn:aws:iam::*:user/a", ["arn:aws:iam::1:user/a"], ["arn:aws:iam::1:x:user/a"]),
        ("arn:aws:iam::?:user/a", ["arn:aws:iam::1:user/a"], ["arn:aws:iam::::user/a"]),
        ("arn:aws:iam::*", ["arn:aws:iam::1:user/a"], ["arn:aws:sts::1:user/a"]),
        ("*", ["arn:aws:iam::1:user/a", "*"], []),
    ],
)
def test_arns_match_part_by_part(pattern, matching, others):
    matches = matcher(pattern, compile_arn)
    assert [text for text in matching if not matches(text)] == []
    assert [text for text in others if matches(text)] == []


def test_variables_and_their_defaults():
    template = parse_template("a${aws:UserName}${aws:x, 'y'}*", wildcards=True, variables=True)
    assert template == ("a", Variable("aws:username", None), Variable("aws:x", "y"), Wildcard("*"))
    assert resolve(template, {"aws:username": ("bob",)}) == ("aboby", Wildcard("*"))
    assert resolve(template, {"aws:username": ("bob",), "aws:x": ("z",)}) == (
        "abobz",
        Wildcard("*"),
    )
    assert resolve(template, {}) is None


def test_a_key_with_several_values_is_no_variable():
    template = parse_template("${aws:x, 'y'}", wildcards=True, variables=True)
    assert resolve(template, {"aws:x": ("1", "2")}) is None


def test_wildcards_in_a_variables_value_are_literal():
    pattern = resolve(
        parse_template("a${aws:x}", wildcards=True, variables=True), {"aws:x": ("*",)}
    )
    assert pattern == ("a*",)
    assert not compile_pattern(pattern)("abc")


def test_escaped_wildcards_are_literal():
    template = parse_template("${*}${?}${$}{x}", wildcards=True, variables=True)
    assert template == ("*?${x}",)


def test_the_first_language_version_has_no_variables():
    template = parse_template("${aws:x}${*}", wildcards=True, variables=False)
    assert template == ("${aws:x}${*}",)


@pytest.mark.parametrize("text", ["${}", "${a,b}", "${a, 'b}", "${,'b'}"])
def test_malformed_variables(text):
    with pytest.raises(TemplateMalformed):
        parse_template(text, wildcards=True, variables=True)


def test_hostile_patterns_stay_bounded():
    matches = matcher("*a" * 500 + "?b")
    begun = time.process_time()
    assert not matches("a" * 20_000)
    assert time.process_time() - begun < 1
