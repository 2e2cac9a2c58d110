"""`/error`: what cannot be told to any app is told to the person in front of the browser."""

from poolgate.login.language_choice import texts_for
from poolgate.login.pages import render_page
from poolgate.oauth.places import Place
from poolgate.store.call import Call
from poolgate.web.messages import HttpRequest, HttpResponse
from poolgate.web.parameters import ParameterRepeated, ParametersMalformed, parse_parameters

_BAD_REQUEST = 400
_MOST_CHARACTERS = 200


def answer_error_page(_call: Call, http: HttpRequest, place: Place) -> HttpResponse:
    """Say what was wrong, as the link has it."""
    texts = texts_for(http, place)
    try:
        told = parse_parameters(http.query.encode()).get("error", texts.UNNAMED_ERROR)
    except (ParametersMalformed, ParameterRepeated):
        told = texts.UNNAMED_ERROR
    # AWS: HTTP 400, whatever the link says.
    text = texts.ERROR.format(error=told[:_MOST_CHARACTERS])
    return render_page(_BAD_REQUEST, texts, texts.ERROR_TITLE, text)
