"""The terms documents of app clients."""

from poolgate.foundation.clock import from_epoch_millis
from poolgate.foundation.ids import ClientId, PoolId
from poolgate.operations.idp.paging import page_limit, page_token_of, position_of
from poolgate.operations.idp.registrar import registrar
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes.idp import (
    CreateTermsRequest,
    CreateTermsResponse,
    DeleteTermsRequest,
    DescribeTermsByClientRequest,
    DescribeTermsByClientResponse,
    DescribeTermsRequest,
    DescribeTermsResponse,
    ListTermsRequest,
    ListTermsResponse,
    TermsDescriptionType,
    TermsType,
    UpdateTermsRequest,
    UpdateTermsResponse,
)
from poolgate.store.call import Call
from poolgate.userpools import pools, terms
from poolgate.userpools.terms import Terms


@registrar.operation("CreateTerms", authentication=Authentication.SIGV4)
def create_terms(call: Call, request: CreateTermsRequest) -> CreateTermsResponse:
    """Give an app client a terms document."""
    made = terms.create(
        call,
        PoolId(request["UserPoolId"]),
        ClientId(request["ClientId"]),
        name=request["TermsName"],
        source=request["TermsSource"],
        enforcement=request["Enforcement"],
        links=request.get("Links", {}),
    )
    return {"Terms": _shape(made)}


@registrar.operation("DescribeTerms", authentication=Authentication.SIGV4)
def describe_terms(call: Call, request: DescribeTermsRequest) -> DescribeTermsResponse:
    """Show a terms document."""
    with call.db.reading() as transaction:
        found = terms.get(transaction, PoolId(request["UserPoolId"]), request["TermsId"])
    return {"Terms": _shape(found)}


@registrar.operation("DescribeTermsByClient", authentication=Authentication.SIGV4)
def describe_terms_by_client(
    call: Call, request: DescribeTermsByClientRequest
) -> DescribeTermsByClientResponse:
    """Show the terms document of a name that an app client has."""
    pool_id, client_id = PoolId(request["UserPoolId"]), ClientId(request["ClientId"])
    with call.db.reading() as transaction:
        found = terms.get_of_client(transaction, pool_id, client_id, request["TermsName"])
    return {"Terms": _shape(found)}


@registrar.operation("UpdateTerms", authentication=Authentication.SIGV4)
def update_terms(call: Call, request: UpdateTermsRequest) -> UpdateTermsResponse:
    """Change a terms document; what is left out stays."""
    changed = terms.update(
        call,
        PoolId(request["UserPoolId"]),
        request["TermsId"],
        name=request.get("TermsName"),
        source=request.get("TermsSource"),
        enforcement=request.get("Enforcement"),
        links=request.get("Links"),
    )
    return {"Terms": _shape(changed)}


@registrar.operation("DeleteTerms", authentication=Authentication.SIGV4)
def delete_terms(call: Call, request: DeleteTermsRequest) -> None:
    """Remove a terms document."""
    terms.delete(call, PoolId(request["UserPoolId"]), request["TermsId"])


@registrar.operation("ListTerms", authentication=Authentication.SIGV4)
def list_terms(call: Call, request: ListTermsRequest) -> ListTermsResponse:
    """List a pool's terms documents by id."""
    pool_id = PoolId(request["UserPoolId"])
    listing = f"ListTerms:{pool_id}"
    after = position_of(call, listing, request.get("NextToken"))
    with call.db.reading() as transaction:
        pools.get(transaction, pool_id)
        page = terms.list_terms(
            transaction, pool_id, after=after, limit=page_limit(request.get("MaxResults"))
        )
    response = ListTermsResponse(Terms=[_description(found) for found in page.rows])
    if page.next_position is not None:
        response["NextToken"] = page_token_of(call, listing, page.next_position)
    return response


def _shape(found: Terms) -> TermsType:
    return TermsType(
        TermsId=found.terms_id,
        UserPoolId=found.pool_id,
        ClientId=found.client_id,
        TermsName=found.name,
        TermsSource=found.source,
        Enforcement=found.enforcement,
        Links=dict(found.links),
        CreationDate=from_epoch_millis(found.created_at),
        LastModifiedDate=from_epoch_millis(found.modified_at),
    )


def _description(found: Terms) -> TermsDescriptionType:
    return TermsDescriptionType(
        TermsId=found.terms_id,
        TermsName=found.name,
        Enforcement=found.enforcement,
        CreationDate=from_epoch_millis(found.created_at),
        LastModifiedDate=from_epoch_millis(found.modified_at),
    )
