"""What the rows of a user import job's CSV file make, and what is wrong with others."""

import bcrypt
import pytest
from kits.cognito import App, refused
from kits.imports import Importer, Row, counts, person

from poolgate.testing import LocalPoolgate

GUIDE = "Developer Guide: Formatting the CSV file"
HASHES = "Developer Guide: Importing users with password hashes"
WORDS = "words of a user import job's log"
QUOTES = "values of a CSV file may be in quotation marks"
PASSWORD = "Right-password-1"
ARGON2_EXAMPLE = (
    "$argon2id$v=19$m=19456,t=2,p=1$ko/G5o1ms+ML08P95sQ8DA$"
    "AkVbvWSOqz7Hs3qthhWKxicOWnGLN+MBmpwc3emi5VA"
)
SCRYPT_EXAMPLE = (
    "65536$8$1$304dbaef7c5e828dc19c98f0600d18fe$"
    "4f69c498c12cd102d057356facf8d77e8d42407090491ea32c5b038f5a18c099"
)
PBKDF2_EXAMPLE = (
    "$pbkdf2-sha256$600000$1XZlmwLQ2hhM3JYuCPiArQ$Pfheg9Zi/v5lXU4yyLA0WFUYEd/rlaVbzrM9oMD6IrA"
)
BCRYPT_EXAMPLE = "$2b$10$CtA.Rcu/szzn9U00wpUjOuN3vrgJRZycv4aOzcP3GzqzO8UDPEFq6"


@pytest.fixture
def importer(poolgate: LocalPoolgate) -> Importer:
    return Importer.of(poolgate)


def failed(importer: Importer, row: Row | str) -> str:
    """Import one row, which must fail and leave nobody behind, and return why."""
    file = importer.file_of() + row + "\n" if isinstance(row, str) else importer.file_of(row)
    job = importer.imported(file)
    assert (job["Status"], counts(job)) == ("Failed", (0, 0, 1))
    (line,) = importer.log(job)
    assert line.startswith("[FAILED] Line Number 2 - ")
    assert not importer.cognito.list_users(UserPoolId=importer.pool_id)["Users"]
    return line.removeprefix("[FAILED] Line Number 2 - ")


@pytest.mark.documented(GUIDE, "example CSV import file")
def test_the_example_of_the_documentation_is_imported(importer: Importer) -> None:
    job = importer.imported(
        "cognito:username,name,given_name,family_name,middle_name,nickname,preferred_username,"
        "profile,picture,website,email,email_verified,gender,birthdate,zoneinfo,locale,"
        "phone_number,phone_number_verified,address,updated_at,cognito:mfa_enabled\n"
        "John,,John,Doe,,,,,,,johndoe@example.com,TRUE,,02/01/1985,,,+12345550100,TRUE,"
        "123 Any Street,,FALSE\n"
        "Jane,,Jane,Roe,,,,,,,janeroe@example.com,TRUE,,01/01/1985,,,+12345550199,TRUE,"
        "100 Main Street,,FALSE\n"
    )
    assert (job["Status"], counts(job)) == ("Succeeded", (2, 0, 0))
    attributes = importer.attributes("John")
    attributes.pop("sub")
    assert attributes == {
        "given_name": "John",
        "family_name": "Doe",
        "email": "johndoe@example.com",
        "email_verified": "true",
        "birthdate": "1985-02-01",
        "phone_number": "+12345550100",
        "phone_number_verified": "true",
        "address": "123 Any Street",
    }
    assert importer.user("Jane")["UserStatus"] == "RESET_REQUIRED"


@pytest.mark.documented(GUIDE, "put a backslash before the comma; white space will be trimmed")
def test_commas_are_escaped_and_white_space_is_trimmed(importer: Importer) -> None:
    row = person(address=r"  Any Street 1\, Anytown  ", given_name="\tJohn ")
    importer.imported(importer.file_of(row))
    attributes = importer.attributes("john")
    assert attributes["address"] == "Any Street 1, Anytown"
    assert attributes["given_name"] == "John"


@pytest.mark.assumed(QUOTES)
def test_what_spreadsheets_write_is_read(importer: Importer) -> None:
    rows = [
        person("john", address='"Any ""Street"" 1, Anytown"', given_name='" John "'),
        person("jane", nickname='J "the" J'),
    ]
    file = "\ufeff" + importer.file_of(*rows).replace("\n", "\r\n")
    job = importer.imported(file.removesuffix("\r\n"))
    assert counts(job) == (2, 0, 0)
    assert importer.attributes("john")["address"] == 'Any "Street" 1, Anytown'
    assert importer.attributes("jane")["nickname"] == 'J "the" J'


@pytest.mark.documented("Viewing the results", "the results refer to your users by line number")
def test_a_bad_line_costs_itself_only(importer: Importer) -> None:
    file = importer.file_of(person("john")).encode()
    file += b"too,few,values\n"
    file += b"\n"
    file += b"\xff\xfe\n"
    file += b"x" * 70_000 + b"\n"
    file += (
        importer.file_of(person("jane"), person("john"), person("joe")).encode().split(b"\n", 1)[1]
    )
    job = importer.imported(file)
    assert counts(job) == (3, 1, 3)
    assert importer.log(job) == [
        "[SUCCEEDED] Line Number 2 - The import succeeded.",
        "[FAILED] Line Number 3 - The row does not have as many values as the header has columns.",
        "[FAILED] Line Number 5 - The row is not UTF-8.",
        "[FAILED] Line Number 6 - The row is longer than 16000 characters.",
        "[SUCCEEDED] Line Number 7 - The import succeeded.",
        "[SKIPPED] Line Number 8 - The user already exists.",
        "[SUCCEEDED] Line Number 9 - The import succeeded.",
    ]


@pytest.mark.documented("Viewing the results", "does not set any of the auto verified attributes")
def test_an_address_that_the_pool_verifies_must_be_verified(importer: Importer) -> None:
    nothing = (
        "The User Record does not set any of the auto verified attributes to true. "
        "(Example: email_verified to true)."
    )
    assert failed(importer, person(email_verified="FALSE")) == nothing
    assert failed(importer, person(email_verified="")) == nothing
    by_phone = {"phone_number": "+12345550100", "phone_number_verified": "TRUE"}
    assert failed(importer, person(email_verified="", **by_phone)) == nothing


@pytest.mark.assumed(WORDS)
@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"cognito:username": ""}, "The cognito:username is missing."),
        ({"cognito:username": "two words"}, "The cognito:username cannot be a username."),
        ({"email": ""}, "The email is said to be verified, but has no value."),
        ({"email": "nobody"}, "Invalid email address format."),
        ({"phone_number": "12345"}, "Invalid phone number format."),
        ({"birthdate": "1985-02-01"}, "The birthdate is not in the format mm/dd/yyyy."),
        (
            {"updated_at": "yesterday"},
            "Attributes did not conform to the schema: updated_at: Number must be an integer",
        ),
        (
            {"cognito:mfa_enabled": "maybe"},
            "The value of cognito:mfa_enabled is neither true nor false nor blank.",
        ),
        (
            {"address": '"Any Street'},
            "A quotation mark is not closed.",
        ),
    ],
)
def test_what_is_wrong_with_a_row_is_told_without_its_values(
    importer: Importer, values: dict[str, str], words: str
) -> None:
    assert failed(importer, person(**values)) == words


@pytest.mark.documented(GUIDE, "Any attributes that you marked as required")
def test_required_attributes_must_be_there(poolgate: LocalPoolgate) -> None:
    importer = Importer.of(poolgate, Schema=[{"Name": "family_name", "Required": True}])
    assert failed(importer, person()) == (
        "Attributes did not conform to the schema: family_name: The attribute is required"
    )
    assert counts(importer.imported(importer.file_of(person(family_name="Doe")))) == (1, 0, 0)


@pytest.mark.documented(GUIDE, "must correspond to the MFA requirements of your user pool")
@pytest.mark.parametrize(
    ("mode", "fits", "differs"), [("OFF", "false", "true"), ("ON", "TRUE", "FALSE")]
)
def test_the_mfa_flag_fits_the_pool(
    poolgate: LocalPoolgate, mode: str, fits: str, differs: str
) -> None:
    importer = Importer.of(poolgate)
    if mode == "ON":
        importer.cognito.set_user_pool_mfa_config(
            UserPoolId=importer.pool_id,
            SoftwareTokenMfaConfiguration={"Enabled": True},
            MfaConfiguration="ON",
        )
    assert failed(importer, person(**{"cognito:mfa_enabled": differs})) == (
        f"The value of cognito:mfa_enabled does not fit the MFA mode of the pool, {mode}."
    )
    rows = [person("john", **{"cognito:mfa_enabled": fits}), person("jane")]
    assert counts(importer.imported(importer.file_of(*rows))) == (2, 0, 0)


@pytest.mark.assumed("an imported user with MFA uses the addresses that the pool's factors can")
def test_the_mfa_flag_turns_on_what_the_user_can_use(poolgate: LocalPoolgate) -> None:
    importer = Importer.of(poolgate)
    importer.cognito.set_user_pool_mfa_config(
        UserPoolId=importer.pool_id,
        SmsMfaConfiguration={
            "SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"}
        },
        MfaConfiguration="OPTIONAL",
    )
    wanted = {"cognito:mfa_enabled": "true"}
    assert failed(importer, person(**wanted)) == (
        "The user has no email or phone_number that a second factor of the pool could use."
    )
    importer.imported(importer.file_of(person(**wanted, phone_number="+12345550100")))
    user = importer.user("john")
    assert user["UserMFASettingList"] == ["SMS_MFA"]
    assert user["PreferredMfaSetting"] == "SMS_MFA"


@pytest.mark.documented(GUIDE, "must be unique within your user pool")
def test_a_name_that_signs_in_already_is_not_given_twice(poolgate: LocalPoolgate) -> None:
    importer = Importer.of(poolgate, AliasAttributes=["email"])
    first = person("john")
    job = importer.imported(
        importer.file_of(first, person("john2", email="john@example.com"), person("jane"))
    )
    assert importer.log(job) == [
        "[SUCCEEDED] Line Number 2 - The import succeeded.",
        "[FAILED] Line Number 3 - An account with the given email already exists.",
        "[SUCCEEDED] Line Number 4 - The import succeeded.",
    ]
    assert importer.user("john@example.com")["Username"] == "john"


@pytest.mark.documented(GUIDE, "cognito:username")
def test_addresses_as_usernames_become_the_attribute(poolgate: LocalPoolgate) -> None:
    importer = Importer.of(poolgate, UsernameAttributes=["email"])
    row = {"cognito:username": "john@example.com", "email_verified": "true"}
    job = importer.imported(importer.file_of(row, row))
    assert counts(job) == (1, 1, 0)
    assert importer.attributes("john@example.com")["email"] == "john@example.com"


@pytest.mark.assumed("words of a CSV header that does not fit")
def test_a_header_that_does_not_fit_fails_the_job(importer: Importer) -> None:
    header = importer.header()
    rows = [person()]
    for wrong, message in (
        ([*header, "color"], f"Column {len(header) + 1} of the CSV header is not known."),
        ([*header, "email"], f"Column {len(header) + 1} of the CSV header is there twice."),
        (header[1:], "The CSV header lacks the column name."),
        (header[:-1], "The CSV header lacks the column cognito:username."),
        (["sub", *header], "Column 1 of the CSV header is not known."),
    ):
        job = importer.imported(importer.file_of(*rows, header=wrong))
        assert (job["Status"], job["CompletionMessage"]) == ("Failed", message)
        assert counts(job) == (0, 0, 0)
    for unreadable in (b"", b"\xff\xfe,name\n", b"john,doe\n"):
        assert importer.imported(unreadable)["Status"] == "Failed"
    assert counts(importer.imported(importer.file_of(*rows, header=header[::-1]))) == (1, 0, 0)


@pytest.mark.documented(GUIDE, "The maximum number of rows (users) in the file is 500,000")
def test_a_file_with_too_many_rows_imports_nobody(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("poolgate.userpools.import_worker.MAX_ROWS", 2)
    job = importer.imported(importer.file_of(*(person(f"user{n}") for n in range(3))))
    assert (job["Status"], counts(job)) == ("Failed", (0, 0, 0))
    fits = importer.file_of(person("john"), person("jane"))
    assert counts(importer.imported(fits)) == (2, 0, 0)


# ---- afterwards -------------------------------------------------------------------------------


@pytest.fixture
def app(poolgate: LocalPoolgate) -> App:
    return App.of(poolgate, pool={"AutoVerifiedAttributes": ["email"]})


@pytest.mark.documented(
    "Requiring imported users to reset their passwords", "they can enter any password"
)
def test_an_imported_user_chooses_a_password_by_a_code(app: App) -> None:
    importer = Importer(app.poolgate, app.cognito, app.pool_id)
    importer.imported(importer.file_of(person("john")))
    with refused("PasswordResetRequiredException", "Password reset required for the user"):
        app.sign_in("john", password="Any-password-1")
    app.cognito.forgot_password(ClientId=app.client_id, Username="john")
    app.cognito.confirm_forgot_password(
        ClientId=app.client_id,
        Username="john",
        ConfirmationCode=app.last_code("john@example.com"),
        Password=PASSWORD,
    )
    assert "AuthenticationResult" in app.sign_in("john", password=PASSWORD)


@pytest.mark.documented(
    "Requiring imported users to reset their passwords", "returns a NotAuthorizedException when"
)
def test_an_imported_user_is_not_told_where_existence_is_hidden(app: App) -> None:
    importer = Importer(app.poolgate, app.cognito, app.pool_id)
    importer.imported(importer.file_of(person("john")))
    hiding = app.another_client(hides=True)
    with refused("NotAuthorizedException", "Incorrect username or password."):
        hiding.sign_in("john", password="Any-password-1")


@pytest.mark.documented(
    "Requiring imported users to reset their passwords", "sets their state to CONFIRMED"
)
def test_who_can_sign_in_without_a_password_is_confirmed(poolgate: LocalPoolgate) -> None:
    policies = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "SMS_OTP"]}}
    importer = Importer.of(poolgate, Policies=policies)
    importer.imported(importer.file_of(person("john", phone_number="+12345550100"), person("jane")))
    assert importer.user("john")["UserStatus"] == "CONFIRMED"
    assert importer.user("jane")["UserStatus"] == "RESET_REQUIRED"


@pytest.mark.documented(HASHES, "creates them with a CONFIRMED status. Users can sign in")
def test_a_user_with_a_hash_signs_in_with_the_password(app: App) -> None:
    importer = Importer(app.poolgate, app.cognito, app.pool_id)
    made = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    file = (
        "cognito:username,email,email_verified,phone_number,phone_number_verified,password_hash\n"
        f"john,john@example.com,TRUE,+12345550100,TRUE,{made}\n"
        "jane,jane@example.com,TRUE,+12345550199,TRUE,\n"
    )
    job = importer.imported(file, PasswordHashingAlgorithm="BCRYPT")
    assert job["PasswordHashingAlgorithm"] == "BCRYPT"
    assert counts(job) == (2, 0, 0)
    assert app.status("john") == "CONFIRMED"
    assert app.status("jane") == "RESET_REQUIRED"
    assert "AuthenticationResult" in app.sign_in("john", password=PASSWORD)
    with refused("NotAuthorizedException"):
        app.sign_in("john", password="Wrong-password-1")


@pytest.mark.documented(HASHES, "Supported password hashing algorithms")
@pytest.mark.parametrize(
    ("algorithm", "example", "too_much"),
    [
        ("BCRYPT", BCRYPT_EXAMPLE, BCRYPT_EXAMPLE.replace("$10$", "$13$")),
        ("SCRYPT", SCRYPT_EXAMPLE, SCRYPT_EXAMPLE.replace("65536", "131072")),
        ("ARGON2ID", ARGON2_EXAMPLE, ARGON2_EXAMPLE.replace("t=2", "t=3")),
        ("PBKDF2_SHA256", PBKDF2_EXAMPLE, PBKDF2_EXAMPLE.replace("600000", "600001")),
    ],
)
def test_the_hashes_of_a_job_are_of_one_kind_and_bounded(
    importer: Importer, algorithm: str, example: str, too_much: str
) -> None:
    other = SCRYPT_EXAMPLE if algorithm != "SCRYPT" else BCRYPT_EXAMPLE
    header = [*importer.header(), "password_hash"]
    rows = [
        person("fits", password_hash=example.replace(",", r"\,")),
        person("costs", password_hash=too_much.replace(",", r"\,")),
        person("other", password_hash=other),
        person("short", password_hash=example[:-5].replace(",", r"\,")),
        person("none"),
        person("last"),
    ]
    job = importer.imported(
        importer.file_of(*rows, header=header), PasswordHashingAlgorithm=algorithm
    )
    outcomes = [line.partition("]")[0].removeprefix("[") for line in importer.log(job)]
    assert outcomes[:3] == ["SUCCEEDED", "FAILED", "FAILED"]
    assert outcomes[4:] == ["SUCCEEDED", "SUCCEEDED"]
    assert importer.user("fits")["UserStatus"] == "CONFIRMED"


@pytest.mark.documented(
    HASHES, "your CSV file doesn't include a password_hash column, the job fails"
)
def test_a_job_with_an_algorithm_needs_the_column(importer: Importer) -> None:
    job = importer.imported(importer.file_of(person()), PasswordHashingAlgorithm="BCRYPT")
    assert (job["Status"], job["CompletionMessage"]) == (
        "Failed",
        "The CSV header lacks the column password_hash.",
    )


@pytest.mark.assumed(WORDS)
def test_a_hash_that_no_algorithm_was_named_for_is_not_dropped(importer: Importer) -> None:
    header = [*importer.header(), "password_hash"]
    row = person(password_hash=BCRYPT_EXAMPLE)
    job = importer.imported(importer.file_of(row, header=header))
    (line,) = importer.log(job)
    assert line.endswith("There is a password_hash, but the job has no PasswordHashingAlgorithm.")
