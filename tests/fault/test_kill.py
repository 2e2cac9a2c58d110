"""`poolgate serve` killed with SIGKILL under load: what was answered is there, and only once.

Each round lets several clients work until a number of answers drawn beforehand has arrived, kills
every process of the server, starts it again on the same data and compares with what was answered.
"""

import os
import random
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from kits.serving import BIN, Served, killable, make_pool

from poolgate.foundation.randomness import random_text

CLIENTS = 4
ROUNDS = 3
FEWEST, MOST = 15, 90
_LETTERS = "abcdefghijklmnop"


@dataclass
class Person:
    """One user, as far as answers told."""

    username: str
    # The last password that was acknowledged, and one whose acknowledgement never came.
    password: str = ""
    perhaps: str | None = None
    spent_sessions: list[str] = field(default_factory=list)
    dead_refresh_tokens: list[str] = field(default_factory=list)
    live_refresh_tokens: list[str] = field(default_factory=list)


class Ledger:
    """Counts answers, and says when it is time."""

    def __init__(self, kill_after: int) -> None:
        self.people: list[Person] = []
        self.unexpected: list[ClientError] = []
        self._answers = 0
        self._kill_after = kill_after
        self._lock = threading.Lock()
        self.time_to_kill = threading.Event()

    def answered(self) -> None:
        with self._lock:
            self._answers += 1
            if self._answers >= self._kill_after:
                self.time_to_kill.set()


def client_of(served: Served) -> Any:
    environment = served.environment()
    return boto3.client(
        "cognito-idp",
        endpoint_url=served.url,
        region_name=environment["AWS_DEFAULT_REGION"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        config=Config(
            retries={"total_max_attempts": 1},
            max_pool_connections=CLIENTS,
            read_timeout=30,
        ),
    )


def new_password() -> str:
    return "Aa1!" + random_text(_LETTERS, 12)


class Customer:
    """One client that lives through a user's life again and again until the server is gone."""

    def __init__(self, cognito: Any, pool: Any, ledger: Ledger) -> None:
        self._cognito = cognito
        self._pool = pool
        self._ledger = ledger

    def work(self) -> None:
        try:
            while True:
                self._one_life()
        except BotoCoreError:
            return  # the server is gone
        except ClientError as error:
            self._ledger.unexpected.append(error)
            self._ledger.time_to_kill.set()

    def _one_life(self) -> None:
        person = Person("user-" + random_text(_LETTERS, 12))
        temporary = new_password()
        self._ask(
            "admin_create_user",
            UserPoolId=self._pool.pool_id,
            Username=person.username,
            TemporaryPassword=temporary,
            MessageAction="SUPPRESS",
        )
        person.password = temporary
        self._ledger.people.append(person)

        challenge = self._sign_in(person)
        with self._changing(person) as password:
            tokens = self._ask(
                "respond_to_auth_challenge",
                ClientId=self._pool.client_id,
                ChallengeName="NEW_PASSWORD_REQUIRED",
                Session=challenge["Session"],
                ChallengeResponses={"USERNAME": person.username, "NEW_PASSWORD": password},
            )["AuthenticationResult"]
        person.spent_sessions.append(challenge["Session"])
        person.live_refresh_tokens.append(tokens["RefreshToken"])

        with self._changing(person) as password:
            self._ask(
                "admin_set_user_password",
                UserPoolId=self._pool.pool_id,
                Username=person.username,
                Password=password,
                Permanent=True,
            )
        # Whether that ended the first sign-in is not this test's question.
        person.live_refresh_tokens.clear()

        tokens = self._sign_in(person)["AuthenticationResult"]
        self._ask("revoke_token", ClientId=self._pool.client_id, Token=tokens["RefreshToken"])
        person.dead_refresh_tokens.append(tokens["RefreshToken"])

        tokens = self._sign_in(person)["AuthenticationResult"]
        self._ask("global_sign_out", AccessToken=tokens["AccessToken"])
        person.dead_refresh_tokens.append(tokens["RefreshToken"])

    def _sign_in(self, person: Person) -> Any:
        return self._ask(
            "initiate_auth",
            AuthFlow="USER_PASSWORD_AUTH",
            ClientId=self._pool.client_id,
            AuthParameters={"USERNAME": person.username, "PASSWORD": person.password},
        )

    @contextmanager
    def _changing(self, person: Person) -> Iterator[str]:
        person.perhaps = new_password()
        yield person.perhaps
        person.password, person.perhaps = person.perhaps, None

    def _ask(self, operation: str, **members: Any) -> Any:
        answer = getattr(self._cognito, operation)(**members)
        self._ledger.answered()
        return answer


def fault_code(operation: Any, **members: Any) -> str | None:
    try:
        operation(**members)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


def verify(cognito: Any, pool: Any, person: Person) -> None:
    """Assert that everything answered about a person is so, and nothing half."""
    cognito.admin_get_user(UserPoolId=pool.pool_id, Username=person.username)

    def refusal_of(password: str) -> str | None:
        return fault_code(
            cognito.initiate_auth,
            AuthFlow="USER_PASSWORD_AUTH",
            ClientId=pool.client_id,
            AuthParameters={"USERNAME": person.username, "PASSWORD": password},
        )

    refresh = {"AuthFlow": "REFRESH_TOKEN_AUTH", "ClientId": pool.client_id}
    for dead in person.dead_refresh_tokens:
        assert (
            fault_code(cognito.initiate_auth, **refresh, AuthParameters={"REFRESH_TOKEN": dead})
            == "NotAuthorizedException"
        )
    if person.perhaps is None:
        for live in person.live_refresh_tokens:
            cognito.initiate_auth(**refresh, AuthParameters={"REFRESH_TOKEN": live})
    for session in person.spent_sessions:
        answers = {"USERNAME": person.username, "NEW_PASSWORD": new_password()}
        assert fault_code(
            cognito.respond_to_auth_challenge,
            ClientId=pool.client_id,
            ChallengeName="NEW_PASSWORD_REQUIRED",
            Session=session,
            ChallengeResponses=answers,
        ) in {"NotAuthorizedException", "CodeMismatchException"}

    # Exactly one password signs in: the answered one, or the one whose answer was lost.
    works = [refusal_of(person.password) is None]
    if person.perhaps is not None:
        works.append(refusal_of(person.perhaps) is None)
    assert works.count(True) == 1


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str | None:
    if request.param == "postgresql":
        return request.getfixturevalue("empty_postgresql_url")
    return None


def test_a_killed_server_loses_nothing_it_answered(tmp_path, database_url):
    chance = random.Random(20260501)  # noqa: S311 - moments, the same in every run
    pool = None
    people: list[Person] = []
    for _ in range(ROUNDS):
        ledger = Ledger(chance.randint(FEWEST, MOST))
        with killable(tmp_path / "data", database_url) as (served, kill):
            cognito = client_of(served)
            if pool is None:
                pool = make_pool(cognito, "people")
            customers = [
                threading.Thread(target=Customer(cognito, pool, ledger).work)
                for _ in range(CLIENTS)
            ]
            for customer in customers:
                customer.start()
            assert ledger.time_to_kill.wait(timeout=90)
            kill()
            for customer in customers:
                customer.join()
        assert ledger.unexpected == []
        people.extend(ledger.people)
    assert len(people) >= ROUNDS
    with killable(tmp_path / "data", database_url) as (served, _):
        cognito = client_of(served)
        for person in people:
            verify(cognito, pool, person)


@pytest.mark.parametrize("reached", ["master.key", "poolgate.db", "credentials"])
def test_a_first_start_that_was_killed_is_finished_by_the_next(tmp_path, reached):
    data = tmp_path / "data"
    with subprocess.Popen(
        [BIN / "poolgate", "serve", "--data", data, "--port", "0"],
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        while not (data / reached).exists():
            assert process.poll() is None
        os.killpg(process.pid, signal.SIGKILL)
    with killable(data, None) as (served, _):
        assert client_of(served).list_user_pools(MaxResults=1)["UserPools"] == []
