import json
import threading

import pytest

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:rotate"
ARRANGED = "{:032d}".format
DAILY = {"AutomaticallyAfterDays": 1}
DAY = 24 * 3600


class Rotator:
    """A function that does what AWS's templates do, until it is told to fail at a step."""

    def __init__(self, poolgate, secretsmanager, function_arn=FUNCTION):
        self.events = []
        self.fails_at = None
        self._secretsmanager = secretsmanager
        poolgate.trigger(function_arn, self)

    @property
    def steps(self):
        return [event["Step"] for event in self.events]

    def __call__(self, event):
        self.events.append(event)
        if event["Step"] == self.fails_at:
            raise ValueError("no")
        step = getattr(self, event["Step"], None)
        if step is not None:
            step(event["SecretId"], event["ClientRequestToken"])

    def createSecret(self, arn, token):  # noqa: N802 - named as the step is
        stages = self._secretsmanager.describe_secret(SecretId=arn)["VersionIdsToStages"]
        assert "AWSPENDING" in stages[token]
        try:
            self._secretsmanager.get_secret_value(
                SecretId=arn, VersionId=token, VersionStage="AWSPENDING"
            )
        except self._secretsmanager.exceptions.ResourceNotFoundException:
            self._secretsmanager.put_secret_value(
                SecretId=arn,
                ClientRequestToken=token,
                SecretString=f"rotated {token}",
                VersionStages=["AWSPENDING"],
            )

    def finishSecret(self, arn, token):  # noqa: N802 - named as the step is
        stages = self._secretsmanager.describe_secret(SecretId=arn)["VersionIdsToStages"]
        (current,) = (each for each, labels in stages.items() if "AWSCURRENT" in labels)
        self._secretsmanager.update_secret_version_stage(
            SecretId=arn,
            VersionStage="AWSCURRENT",
            MoveToVersionId=token,
            RemoveFromVersionId=current,
        )
        self._secretsmanager.update_secret_version_stage(
            SecretId=arn, VersionStage="AWSPENDING", RemoveFromVersionId=token
        )


@pytest.fixture
def rotator(poolgate, secretsmanager):
    return Rotator(poolgate, secretsmanager)


@pytest.fixture
def kept(secretsmanager):
    return secretsmanager.create_secret(Name="kept", SecretString="first")


def rotate(secretsmanager, number=1, **members):
    members = {"RotationLambdaARN": FUNCTION, "RotationRules": DAILY, **members}
    token = ARRANGED(number)
    return secretsmanager.rotate_secret(SecretId="kept", ClientRequestToken=token, **members)


def value(secretsmanager):
    return secretsmanager.get_secret_value(SecretId="kept")["SecretString"]


@pytest.mark.recorded(
    "secretsmanager/test_secretsmanager.snapshot.json test_rotate_secret_with_lambda_success[None]"
)
def test_a_rotation_asks_its_function_four_times(poolgate, secretsmanager, rotator, kept):
    value(secretsmanager)
    answer = rotate(secretsmanager)
    assert {name: answer[name] for name in ("ARN", "Name", "VersionId")} == {
        "ARN": kept["ARN"],
        "Name": "kept",
        "VersionId": ARRANGED(1),
    }
    assert value(secretsmanager) == "first"
    poolgate.rotate_secrets()
    assert rotator.steps == ["createSecret", "setSecret", "testSecret", "finishSecret"]
    assert {json.dumps(event["SecretId"]) for event in rotator.events} == {json.dumps(kept["ARN"])}
    assert value(secretsmanager) == f"rotated {ARRANGED(1)}"
    described = secretsmanager.describe_secret(SecretId="kept")
    del described["ResponseMetadata"]
    assert described.keys() == {
        "ARN",
        "CreatedDate",
        "LastAccessedDate",
        "LastChangedDate",
        "LastRotatedDate",
        "Name",
        "NextRotationDate",
        "RotationEnabled",
        "RotationLambdaARN",
        "RotationRules",
        "VersionIdsToStages",
    }
    assert described["RotationEnabled"] is True
    assert described["RotationRules"] == DAILY
    assert described["VersionIdsToStages"] == {
        kept["VersionId"]: ["AWSPREVIOUS"],
        ARRANGED(1): ["AWSCURRENT"],
    }
    poolgate.rotate_secrets()
    assert len(rotator.events) == 4


@pytest.mark.recorded(
    "secretsmanager/test_secretsmanager.snapshot.json "
    "test_rotate_secret_multiple_times_with_lambda_success"
)
@pytest.mark.usefixtures("rotator", "kept")
def test_a_second_rotation_follows_the_first(poolgate, secretsmanager):
    for number in (1, 2):
        rotate(secretsmanager, number)
        poolgate.rotate_secrets()
    listed = secretsmanager.list_secret_version_ids(SecretId="kept")["Versions"]
    assert {version["VersionId"]: version["VersionStages"] for version in listed} == {
        ARRANGED(1): ["AWSPREVIOUS"],
        ARRANGED(2): ["AWSCURRENT"],
    }


@pytest.mark.recorded(
    "secretsmanager/test_secretsmanager.snapshot.json test_rotate_secret_invalid_lambda_arn, "
    "test_first_rotate_secret_with_missing_lambda_arn"
)
@pytest.mark.usefixtures("kept")
def test_without_a_function_nothing_changes(secretsmanager, refused):
    before = secretsmanager.describe_secret(SecretId="kept")
    answer = refused(secretsmanager.rotate_secret, SecretId="kept", RotationRules=DAILY)
    assert (answer["code"], answer["message"]) == (
        "InvalidRequestException",
        "No Lambda rotation function ARN is associated with this secret.",
    )
    answer = refused(secretsmanager.rotate_secret, SecretId="kept", RotationLambdaARN="none")
    assert answer["code"] == "AccessDeniedException"
    assert answer["message"] == (
        "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function"
        " policy grants access to the principal secretsmanager.amazonaws.com."
    )
    after = secretsmanager.describe_secret(SecretId="kept")
    assert {**after, "ResponseMetadata": None} == {**before, "ResponseMetadata": None}


@pytest.mark.recorded(
    "secretsmanager/test_secretsmanager.snapshot.json test_no_client_request_token[RotateSecret]"
)
@pytest.mark.usefixtures("kept")
def test_a_raw_rotation_brings_its_token(poolgate):
    answer = poolgate.post_json(
        "secretsmanager", "RotateSecret", {"SecretId": "kept"}, signed_by=poolgate.root_credentials
    )
    assert answer.status == 400
    assert b"InvalidParameterException" in answer.body
    assert b"You must provide a ClientRequestToken value." in answer.body


@pytest.mark.documented("API_RotateSecret", "AWSPENDING on another version: still in progress")
@pytest.mark.usefixtures("kept")
def test_one_rotation_at_a_time(poolgate, secretsmanager, refused, rotator):
    rotate(secretsmanager)
    assert rotate(secretsmanager)["VersionId"] == ARRANGED(1)
    refusal = refused(secretsmanager.rotate_secret, SecretId="kept", ClientRequestToken=ARRANGED(2))
    assert refusal["code"] == "InvalidRequestException"
    poolgate.rotate_secrets()
    assert len(rotator.events) == 4


@pytest.mark.documented("API_DescribeSecret", "If rotation fails ... retries multiple times")
@pytest.mark.usefixtures("kept")
def test_a_failed_rotation_is_tried_again_from_its_first_step(poolgate, secretsmanager, rotator):
    rotator.fails_at = "testSecret"
    rotate(secretsmanager)
    poolgate.rotate_secrets()
    assert rotator.steps == ["createSecret", "setSecret", "testSecret"]
    assert value(secretsmanager) == "first"
    assert "LastRotatedDate" not in secretsmanager.describe_secret(SecretId="kept")
    rotator.fails_at = None
    rotator.events.clear()
    poolgate.rotate_secrets()
    assert rotator.events == []
    poolgate.clock.advance(60)
    poolgate.rotate_secrets()
    assert rotator.steps == ["createSecret", "setSecret", "testSecret", "finishSecret"]
    assert value(secretsmanager) == f"rotated {ARRANGED(1)}"


@pytest.mark.assumed("how often a failed rotation is tried again")
@pytest.mark.usefixtures("kept")
def test_a_rotation_that_keeps_failing_waits_for_the_next_window(
    poolgate, secretsmanager, refused, rotator
):
    rotator.fails_at = "createSecret"
    rotate(secretsmanager)
    for pause in (0, 60, 120, 240, 480, 960):
        poolgate.clock.advance(pause)
        poolgate.rotate_secrets()
    assert len(rotator.events) == 5
    refusal = refused(secretsmanager.rotate_secret, SecretId="kept", ClientRequestToken=ARRANGED(2))
    assert refusal["code"] == "InvalidRequestException"
    rotator.fails_at = None
    poolgate.clock.advance(2 * DAY)
    poolgate.rotate_secrets()
    assert value(secretsmanager) == f"rotated {ARRANGED(1)}"


@pytest.mark.assumed("how often a failed rotation is tried again")
@pytest.mark.usefixtures("kept")
def test_a_function_that_does_not_finish_has_failed(poolgate, secretsmanager, rotator):
    rotator.finishSecret = lambda _arn, _token: None
    rotate(secretsmanager)
    poolgate.rotate_secrets()
    assert "LastRotatedDate" not in secretsmanager.describe_secret(SecretId="kept")
    assert "the new version was not made current" in poolgate.log.getvalue()


@pytest.mark.documented("API_RotationRulesType", "ScheduleExpression, rate(): windows at midnight")
@pytest.mark.usefixtures("kept")
def test_a_schedule_rotates_in_each_window(poolgate, secretsmanager, rotator):
    rules = {"ScheduleExpression": "rate(2 days)", "Duration": "3h"}
    rotate(secretsmanager, RotationRules=rules, RotateImmediately=False)
    poolgate.rotate_secrets()
    assert rotator.events == []
    described = secretsmanager.describe_secret(SecretId="kept")
    assert described["RotationRules"] == rules
    first_end = described["NextRotationDate"]
    assert (first_end.hour, first_end.minute) == (3, 0)
    for turn in (1, 2):
        poolgate.clock.advance(2 * DAY)
        poolgate.rotate_secrets()
        assert len(rotator.events) == 4 * turn
    end = secretsmanager.describe_secret(SecretId="kept")["NextRotationDate"]
    assert (end - first_end).days == 4


@pytest.mark.documented("API_CancelRotateSecret", "turns off and cancels; the label stays")
@pytest.mark.usefixtures("kept")
def test_a_cancelled_rotation_goes_no_further(poolgate, secretsmanager, rotator):
    rotate(secretsmanager)
    assert secretsmanager.cancel_rotate_secret(SecretId="kept")["VersionId"] == ARRANGED(1)
    poolgate.clock.advance(3 * DAY)
    poolgate.rotate_secrets()
    assert rotator.events == []
    described = secretsmanager.describe_secret(SecretId="kept")
    assert described["RotationEnabled"] is False
    assert described["RotationLambdaARN"] == FUNCTION
    assert described["VersionIdsToStages"][ARRANGED(1)] == ["AWSPENDING"]
    assert not {"NextRotationDate", "LastRotatedDate"} & described.keys()
    assert "VersionId" not in secretsmanager.cancel_rotate_secret(SecretId="kept")


@pytest.mark.documented("API_RotationRulesType", "schedules that cannot be")
@pytest.mark.usefixtures("rotator", "kept")
@pytest.mark.parametrize(
    "rules",
    [
        {"AutomaticallyAfterDays": 1, "ScheduleExpression": "rate(1 day)"},
        {"ScheduleExpression": "rate(3 hours)"},
        {"ScheduleExpression": "every day"},
        {"ScheduleExpression": "cron(5 8 * * ? *)"},
        {"ScheduleExpression": "cron(0 8 31 2 ? *)"},
        {"ScheduleExpression": "cron(0 8 * * * *)"},
        {"ScheduleExpression": "cron(0 22 1 * ? *)", "Duration": "3h"},
        {"ScheduleExpression": "rate(1 day)", "Duration": "0h"},
    ],
)
def test_schedules_that_cannot_be_are_refused(secretsmanager, refused, rules):
    refusal = refused(
        secretsmanager.rotate_secret,
        SecretId="kept",
        RotationLambdaARN=FUNCTION,
        RotationRules=rules,
    )
    assert refusal["code"] in {"InvalidParameterException", "ValidationException"}
    assert "RotationEnabled" not in secretsmanager.describe_secret(SecretId="kept")


@pytest.mark.documented("API_RotateSecret", "a rotation is carried out once")
@pytest.mark.usefixtures("kept")
def test_two_workers_rotate_once(poolgate, secretsmanager, rotator):
    rotate(secretsmanager)
    workers = [threading.Thread(target=poolgate.rotate_secrets) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert rotator.steps == ["createSecret", "setSecret", "testSecret", "finishSecret"]


@pytest.mark.assumed("what marking for deletion means to rotation")
@pytest.mark.usefixtures("kept")
def test_what_is_marked_for_deletion_is_not_rotated(poolgate, secretsmanager, rotator):
    rotate(secretsmanager)
    secretsmanager.delete_secret(SecretId="kept", RecoveryWindowInDays=7)
    poolgate.rotate_secrets()
    assert rotator.events == []
    secretsmanager.restore_secret(SecretId="kept")
    poolgate.clock.advance(2 * DAY)
    poolgate.rotate_secrets()
    assert len(rotator.events) == 4


@pytest.mark.documented("API_RotateSecret", "a rotation that was begun is carried out")
@pytest.mark.usefixtures("kept")
def test_a_rotation_goes_on_after_its_server_was_killed(poolgate, secretsmanager, rotator):
    def killed(_arn, _token):
        raise SystemExit

    rotator.setSecret = killed
    rotate(secretsmanager)
    with pytest.raises(SystemExit):
        poolgate.rotate_secrets()
    del rotator.setSecret
    rotator.events.clear()
    poolgate.rotate_secrets()
    assert rotator.events == []
    poolgate.clock.advance(300)
    poolgate.rotate_secrets()
    assert rotator.steps == ["createSecret", "setSecret", "testSecret", "finishSecret"]
    assert value(secretsmanager) == f"rotated {ARRANGED(1)}"


@pytest.mark.documented("API_DeleteSecret", "after its window a secret is gone")
@pytest.mark.usefixtures("kept")
def test_a_secret_past_its_window_keeps_no_other_waiting(poolgate, secretsmanager, rotator):
    rotate(secretsmanager, RotateImmediately=False)
    secretsmanager.delete_secret(SecretId="kept", RecoveryWindowInDays=7)
    other = secretsmanager.create_secret(Name="other", SecretString="first")
    poolgate.clock.advance(8 * DAY)
    secretsmanager.rotate_secret(
        SecretId="other", ClientRequestToken=ARRANGED(9), RotationLambdaARN=FUNCTION
    )
    poolgate.rotate_secrets()
    assert {event["SecretId"] for event in rotator.events} == {other["ARN"]}
    assert secretsmanager.get_secret_value(SecretId="other")["VersionId"] == ARRANGED(9)


@pytest.mark.documented("API_RotateSecret", "in the region of the secret")
def test_a_secret_of_another_region_is_rotated_there(poolgate):
    elsewhere = poolgate.client("secretsmanager", region="eu-west-1")
    rotator = Rotator(poolgate, elsewhere)
    elsewhere.create_secret(Name="kept", SecretString="first")
    rotate(elsewhere)
    poolgate.rotate_secrets()
    assert len(rotator.events) == 4
    assert value(elsewhere) == f"rotated {ARRANGED(1)}"
