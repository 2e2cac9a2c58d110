"""A second policy evaluator, written from the rules alone: slow, plain, sharing no code with ours.

It works on the JSON of the documents at every request and answers as
(allowed, effect, kind of policy).
"""

import base64
import ipaddress
import re
from datetime import UTC, datetime
from fractions import Fraction

STAR, ONE = ("*",), ("?",)
UNREADABLE = "unreadable"


def slow_decide(policies, principal, action, resource, context, owner=None):
    """Decide by the documents of identity (list), resource, boundary, session (list or None)."""
    context = {key.lower(): values for key, values in context.items()}
    asked = (principal, action, resource, context)
    groups = {
        "identity-based": policies["identity"],
        "resource-based": [policies["resource"]] if policies["resource"] else [],
        "permissions boundary": [policies["boundary"]] if policies["boundary"] else [],
        "session": policies["session"] or [],
    }
    matching = {
        kind: [s for document in documents for s in matching_statements(document, asked)]
        for kind, documents in groups.items()
    }
    for kind, statements in matching.items():
        if any(statement["Effect"] == "Deny" for statement in statements):
            return (False, "explicitDeny", kind)
    if owner not in {None, principal.account_id}:
        return across_accounts(policies, matching, principal)
    if principal.type == "Account":
        return (True, "allowed", None)
    return without_deny(policies, matching, principal)


def across_accounts(policies, matching, principal):
    """The other account names the caller, and the caller's own side allows as well."""
    if not matching["resource-based"]:
        return (False, "implicitDeny", "resource-based")
    if principal.type == "Account":
        return (True, "allowed", "resource-based")
    own_side = {**matching, "resource-based": []}
    return without_deny(policies, own_side, principal)


def without_deny(policies, matching, principal):
    strength = max(
        (how_named(statement, principal) for statement in matching["resource-based"]), default=0
    )
    if strength == 3:
        return (True, "allowed", "resource-based")
    if not matching["identity-based"] and strength != 2:
        return (False, "implicitDeny", "identity-based")
    if policies["boundary"] and not matching["permissions boundary"]:
        return (False, "implicitDeny", "permissions boundary")
    bound = policies["session"] is not None or principal.type == "FederatedUser"
    if bound and not matching["session"]:
        return (False, "implicitDeny", "session")
    return (True, "allowed", "identity-based" if matching["identity-based"] else "resource-based")


def matching_statements(document, asked):
    modern = document.get("Version") == "2012-10-17"
    return [s for s in as_list(document["Statement"]) if statement_matches(s, modern, asked)]


def statement_matches(statement, modern, asked):
    principal, action, resource, context = asked
    has_principals = "Principal" in statement or "NotPrincipal" in statement
    if has_principals and how_named(statement, principal) == 0:
        return False
    if not action_matches(statement, action):
        return False
    if not resource_matches(statement, resource, modern, context):
        return False
    verdicts = [
        condition_holds(operator, context.get(key.lower()) or (), as_list(wanted), modern, context)
        for operator, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    ]
    if False in verdicts:
        return False
    return UNREADABLE not in verdicts or statement["Effect"] == "Deny"


def as_list(value):
    return value if isinstance(value, list) else [value]


def how_named(statement, principal):
    """3: this very principal; 2: its role; 1: its account; 0: not at all."""
    element = statement.get("Principal", statement.get("NotPrincipal"))
    listed = ["*"] if element == "*" else as_list(element.get("AWS", []))
    account = [principal.account_id, f"arn:aws:iam::{principal.account_id}:root"]
    own = [principal.arn, principal.user_id]
    role = []
    if principal.type == "AssumedRole":
        role = [principal.principal_arn, principal.user_id.split(":")[0]]
    if "NotPrincipal" in statement:
        layers = [layer for layer in (own, role, account) if layer]
        spared = all(any(name in listed for name in layer) for layer in layers)
        return 0 if spared or "*" in listed else 3
    if "*" in listed or any(name in listed for name in own):
        return 3
    if any(name in listed for name in role):
        return 2
    return 1 if any(name in listed for name in account) else 0


def action_matches(statement, action):
    patterns = as_list(statement.get("Action", statement.get("NotAction")))
    found = any(
        glob(tokens_of(pattern.lower(), {}, wildcards=True, modern=False), action.lower())
        for pattern in patterns
    )
    return found == ("Action" in statement)


def resource_matches(statement, resource, modern, context):
    positive = "Resource" in statement
    patterns = as_list(statement.get("Resource", statement.get("NotResource")))
    tokens = [tokens_of(pattern, context, wildcards=True, modern=modern) for pattern in patterns]
    found = any(one is not None and arn_glob(one, resource) for one in tokens)
    if not positive and not found and None in tokens and statement["Effect"] == "Allow":
        return False
    return found == positive


def tokens_of(text, context, *, wildcards, modern):
    """Return one token a character; None when a variable has no value."""
    tokens = []
    while text:
        variable = re.match(r"\$\{([^{}]*)\}", text) if modern else None
        if variable:
            value = variable_value(variable[1], context)
            if value is None:
                return None
            tokens += list(value)
            text = text[len(variable[0]) :]
            continue
        tokens.append((text[0],) if wildcards and text[0] in "*?" else text[0])
        text = text[1:]
    return tokens


def variable_value(inside, context):
    if inside in ("*", "?", "$"):
        return inside
    key, comma, default = inside.partition(",")
    values = context.get(key.strip().lower()) or ()
    if len(values) == 1:
        return values[0]
    return default.strip()[1:-1] if comma and not values else None


def glob(tokens, text):
    """Match by the table of all prefixes against all prefixes."""
    reached = [True] + [False] * len(text)
    for token in tokens:
        following = [token == STAR and reached[0]]
        for position, character in enumerate(text):
            if token == STAR:
                following.append(following[-1] or reached[position + 1])
            else:
                following.append(reached[position] and (token in (ONE, character)))
        reached = following
    return reached[-1]


def arn_glob(tokens, text):
    parts = [[]]
    for token in tokens:
        if token == ":" and len(parts) < 6:
            parts.append([])
        else:
            parts[-1].append(token)
    if len(parts) < 6:
        return glob(tokens, text)
    told = text.split(":", 5)
    return len(told) == 6 and all(glob(*pair) for pair in zip(parts, told, strict=True))


def condition_holds(operator, values, wanted, modern, context):
    operator = operator.lower()
    if operator == "null":
        return any((str(value).lower() == "true") == (not values) for value in wanted)
    every = operator.startswith("forallvalues:")
    some = operator.startswith("foranyvalue:")
    operator = operator.split(":")[-1]
    if_exists = operator.endswith("ifexists")
    operator = operator.removesuffix("ifexists")
    negated = "not" in operator
    if not values:
        return if_exists or every or (negated and not some)
    met = [
        [compare(operator, value, str(text), modern, context) for text in wanted]
        for value in values
    ]
    if any(UNREADABLE in row for row in met):
        return UNREADABLE
    hits = [any(row) != negated for row in met]
    if every:
        return all(hits)
    if some:
        return any(hits)
    return all(hits) if negated else any(hits)


def compare(operator, value, wanted, modern, context):
    positive = operator.replace("not", "")
    if positive.startswith(("string", "arn", "bool")):
        return compare_text(positive, value, wanted, modern, context)
    try:
        if positive == "ipaddress":
            address = ipaddress.ip_address(value)
            return address in ipaddress.ip_network(wanted, strict=False)
        if positive == "binaryequals":
            return base64.b64decode(value, validate=True) == base64.b64decode(wanted)
        read = number if positive.startswith("numeric") else date
        one, other = read(value), read(wanted)
    except ValueError:
        return UNREADABLE
    return {
        "equals": one == other,
        "lessthan": one < other,
        "lessthanequals": one <= other,
        "greaterthan": one > other,
        "greaterthanequals": one >= other,
    }[re.sub("^(numeric|date)", "", positive)]


def compare_text(positive, value, wanted, modern, context):
    if positive == "bool" and value.lower() not in ("true", "false"):
        return UNREADABLE
    wildcards = positive in ("stringlike", "arnlike", "arnequals")
    tokens = tokens_of(wanted, context, wildcards=wildcards, modern=modern)
    if tokens is None:
        return False
    if positive in ("arnlike", "arnequals"):
        return arn_glob(tokens, value)
    if positive in ("stringequalsignorecase", "bool"):
        return "".join(tokens).casefold() == value.casefold()
    return glob(tokens, value)


def number(text):
    if not re.fullmatch(r"[+-]?\d+(\.\d+)?", text):
        raise ValueError(text)
    return Fraction(text)


def date(text):
    if re.fullmatch(r"\d+", text):
        return int(text)
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
