"""Which language a page comes in: as the app or the person asks for it, or as the browser does.

    `lang` of the URL ──> what the app client pushed ──> the cookie ──> Accept-Language ──> English

`lang` is AWS's, `ui_locales` OpenID Connect's. Languages that there are no texts in are passed by.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from poolgate.login.texts import FALLBACK, LANGUAGES, Texts, texts_in
from poolgate.oauth.places import Place
from poolgate.web.cookies import Cookie
from poolgate.web.messages import HttpRequest
from poolgate.web.parameters import (
    ParameterRepeated,
    ParametersMalformed,
    parse_parameters,
    render_parameters,
)

PARAMETER = "lang"
_COOKIE_SECONDS = 365 * 24 * 3600
_MOST_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class LanguageLink:
    """Where the same page is in another language, or in its own."""

    language: str
    name: str
    location: str
    is_current: bool


def language_cookie(place: Place) -> Cookie:
    """Return the cookie that keeps the choice; every domain of this server shares it."""
    return Cookie(PARAMETER, is_secure=place.is_secure)


def texts_for(http: HttpRequest, place: Place, wanted: Iterable[str] = ()) -> Texts:
    """Return the texts of the page; `wanted` are the languages that the app client asked for."""
    named = _parameters(http).get(PARAMETER, "")
    kept = language_cookie(place).find(http) or ""
    accepted = http.header("accept-language") or ""
    return texts_in(_first_spoken([named, *wanted, kept, *_accepted(accepted)]))


def kept_choice(http: HttpRequest, place: Place) -> tuple[str, ...]:
    """Return the Set-Cookie that keeps the language of the URL, none where it names none."""
    named = _spoken(_parameters(http).get(PARAMETER, ""))
    cookie = language_cookie(place)
    if named is None or cookie.find(http) == named:
        return ()
    return (cookie.render(named, max_age_seconds=_COOKIE_SECONDS),)


def language_links(http: HttpRequest, place: Place, texts: Texts) -> list[LanguageLink]:
    """Return links to the page in each language."""
    rest = [pair for pair in _parameters(http).items() if pair[0] != PARAMETER]
    path = place.base_path + place.named.path
    return [
        LanguageLink(
            language,
            name,
            f"{path}?{render_parameters([*rest, (PARAMETER, language)])}",
            is_current=language == texts.language,
        )
        for language, name in LANGUAGES.items()
    ]


def _first_spoken(tags: Iterable[str]) -> str:
    return next((spoken for tag in tags if (spoken := _spoken(tag)) is not None), FALLBACK)


def _spoken(tag: str) -> str | None:
    """Return the language of a tag like `de-AT`, if there are texts in it."""
    language = tag.strip().lower().replace("_", "-").partition("-")[0]
    return language if language in LANGUAGES else None


def _accepted(header: str) -> Iterator[str]:
    """Return the tags of an Accept-Language header, the most wanted first."""
    weighted = []
    for position, part in enumerate(header[:_MOST_CHARACTERS].split(",")):
        tag, _, parameter = part.partition(";")
        weighted.append((-_weight(parameter), position, tag))
    # SPEC RFC 9110 s12.4.2: a weight of 0 is "not acceptable".
    return (tag for weight, _, tag in sorted(weighted) if weight < 0)


def _weight(parameter: str) -> float:
    name, _, number = parameter.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(number)
    except ValueError:
        return 0.0


def _parameters(http: HttpRequest) -> Mapping[str, str]:
    try:
        return parse_parameters(http.query.encode())
    except (ParametersMalformed, ParameterRepeated):
        return {}
