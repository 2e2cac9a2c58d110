"""Risk configurations between their shapes and the domain's values; what was set is echoed."""

from poolgate.foundation.clock import from_epoch_millis
from poolgate.foundation.ids import ClientId, PoolId
from poolgate.operations.shapes.idp import (
    AccountTakeoverActionsType,
    AccountTakeoverActionType,
    AccountTakeoverRiskConfigurationType,
    CompromisedCredentialsRiskConfigurationType,
    NotifyConfigurationType,
    NotifyEmailType,
    RiskConfigurationType,
    RiskExceptionConfigurationType,
    SetRiskConfigurationRequest,
)
from poolgate.userpools.risk_configuration import (
    AccountTakeover,
    AddressExceptions,
    CompromisedCredentials,
    NoticeSettings,
    NoticeTemplate,
    PasswordUse,
    RiskConfiguration,
    TakeoverAction,
    TakeoverReaction,
)


def risk_configuration_of(request: SetRiskConfigurationRequest) -> RiskConfiguration:
    """Return the configuration that a request sets."""
    compromised = request.get("CompromisedCredentialsRiskConfiguration")
    takeover = request.get("AccountTakeoverRiskConfiguration")
    exceptions = request.get("RiskExceptionConfiguration")
    return RiskConfiguration(
        compromised=None if compromised is None else _compromised_of(compromised),
        takeover=None if takeover is None else _takeover_of(takeover),
        exceptions=None if exceptions is None else _exceptions_of(exceptions),
    )


def risk_configuration_type(
    pool_id: PoolId, client_id: ClientId | None, configuration: RiskConfiguration
) -> RiskConfigurationType:
    """Return the shape of a configuration."""
    shape = RiskConfigurationType(UserPoolId=pool_id)
    if client_id is not None:
        shape["ClientId"] = client_id
    if configuration.compromised is not None:
        shape["CompromisedCredentialsRiskConfiguration"] = _compromised_type(
            configuration.compromised
        )
    if configuration.takeover is not None:
        shape["AccountTakeoverRiskConfiguration"] = _takeover_type(configuration.takeover)
    if configuration.exceptions is not None:
        shape["RiskExceptionConfiguration"] = _exceptions_type(configuration.exceptions)
    if configuration.modified_at is not None:
        shape["LastModifiedDate"] = from_epoch_millis(configuration.modified_at)
    return shape


def _compromised_of(
    shape: CompromisedCredentialsRiskConfigurationType,
) -> CompromisedCredentials:
    # AWS: "Defaults to all events", so an empty filter means all of them.
    uses = shape.get("EventFilter") or None
    return CompromisedCredentials(
        blocks=shape["Actions"]["EventAction"] == "BLOCK",
        uses=None if uses is None else tuple(map(PasswordUse, uses)),
    )


def _compromised_type(
    compromised: CompromisedCredentials,
) -> CompromisedCredentialsRiskConfigurationType:
    uses = tuple(PasswordUse) if compromised.uses is None else compromised.uses
    return CompromisedCredentialsRiskConfigurationType(
        EventFilter=[use.value for use in uses],
        Actions={"EventAction": "BLOCK" if compromised.blocks else "NO_ACTION"},
    )


def _takeover_of(shape: AccountTakeoverRiskConfigurationType) -> AccountTakeover:
    actions, notices = shape["Actions"], shape.get("NotifyConfiguration")
    return AccountTakeover(
        notices=None if notices is None else _notices_of(notices),
        low=_action_of(actions.get("LowAction")),
        medium=_action_of(actions.get("MediumAction")),
        high=_action_of(actions.get("HighAction")),
    )


def _takeover_type(takeover: AccountTakeover) -> AccountTakeoverRiskConfigurationType:
    actions = AccountTakeoverActionsType()
    if takeover.low is not None:
        actions["LowAction"] = _action_type(takeover.low)
    if takeover.medium is not None:
        actions["MediumAction"] = _action_type(takeover.medium)
    if takeover.high is not None:
        actions["HighAction"] = _action_type(takeover.high)
    shape = AccountTakeoverRiskConfigurationType(Actions=actions)
    if takeover.notices is not None:
        shape["NotifyConfiguration"] = _notices_type(takeover.notices)
    return shape


def _action_of(shape: AccountTakeoverActionType | None) -> TakeoverAction | None:
    if shape is None:
        return None
    return TakeoverAction(TakeoverReaction(shape["EventAction"]), notifies=shape["Notify"])


def _action_type(action: TakeoverAction) -> AccountTakeoverActionType:
    return AccountTakeoverActionType(Notify=action.notifies, EventAction=action.reaction.value)


def _notices_of(shape: NotifyConfigurationType) -> NoticeSettings:
    return NoticeSettings(
        source_arn=shape["SourceArn"],
        from_address=shape.get("From"),
        reply_to=shape.get("ReplyTo"),
        blocked=_template_of(shape.get("BlockEmail")),
        mfa=_template_of(shape.get("MfaEmail")),
        no_action=_template_of(shape.get("NoActionEmail")),
    )


def _notices_type(notices: NoticeSettings) -> NotifyConfigurationType:
    shape = NotifyConfigurationType(SourceArn=notices.source_arn)
    if notices.from_address is not None:
        shape["From"] = notices.from_address
    if notices.reply_to is not None:
        shape["ReplyTo"] = notices.reply_to
    if notices.blocked is not None:
        shape["BlockEmail"] = _template_type(notices.blocked)
    if notices.no_action is not None:
        shape["NoActionEmail"] = _template_type(notices.no_action)
    if notices.mfa is not None:
        shape["MfaEmail"] = _template_type(notices.mfa)
    return shape


def _template_of(shape: NotifyEmailType | None) -> NoticeTemplate | None:
    if shape is None:
        return None
    return NoticeTemplate(shape["Subject"], shape.get("HtmlBody"), shape.get("TextBody"))


def _template_type(template: NoticeTemplate) -> NotifyEmailType:
    shape = NotifyEmailType(Subject=template.subject)
    if template.html_body is not None:
        shape["HtmlBody"] = template.html_body
    if template.text_body is not None:
        shape["TextBody"] = template.text_body
    return shape


def _exceptions_of(shape: RiskExceptionConfigurationType) -> AddressExceptions:
    blocked, skipped = shape.get("BlockedIPRangeList"), shape.get("SkippedIPRangeList")
    return AddressExceptions(
        blocked=None if blocked is None else tuple(blocked),
        skipped=None if skipped is None else tuple(skipped),
    )


def _exceptions_type(exceptions: AddressExceptions) -> RiskExceptionConfigurationType:
    shape = RiskExceptionConfigurationType()
    if exceptions.blocked is not None:
        shape["BlockedIPRangeList"] = list(exceptions.blocked)
    if exceptions.skipped is not None:
        shape["SkippedIPRangeList"] = list(exceptions.skipped)
    return shape
