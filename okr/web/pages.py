"""How a page is made: its language, its words, its template; whatever is not ours is escaped."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response

from okr.errors import OkrError
from okr.settings import now
from okr.texts import known, language, text, told
from okr.texts.values import shown as shown_value
from okr.web.visits import Refused, found, house_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from okr.publish.door import Meeting
    from okr.texts import Language
    from okr.web.visits import Visit

LANGUAGE_COOKIE = "okr-language"
YEAR = 365 * 86400

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def shown(
    request: Request,
    template: str,
    *,
    status: int = 200,
    visit: Visit | None = None,
    **values: Any,  # noqa: ANN401
) -> Response:
    """Return a page in the reader's language."""
    house = house_of(request)
    if visit is None:
        visit = _visit(request)
    lang = spoken(request)
    zone = house.settings.zone

    def say(code: str, **filled: object) -> str:
        return text(f"web.{code}", lang, **filled)

    def say_if_known(code: str, otherwise: str) -> str:
        return text(f"web.{code}", lang) if known(f"web.{code}", lang) else otherwise

    def took(start: datetime, end: datetime) -> str:
        return shown_value(timedelta(seconds=round((end - start).total_seconds())), lang)

    def stage_name(name: str) -> str:
        kind, _, source = name.partition(" ")
        if kind == "pull" and source:
            return say("stage.pull", source=source)
        return say_if_known(f"stage.{name.replace(' ', '_')}", name)

    def clock(moment: datetime | None) -> str:
        return "" if moment is None else moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")

    content = TEMPLATES.get_template(template).render(
        {
            "say": say,
            "called_meeting": lambda meeting: called(meeting, lang),
            "took": took,
            "stage_name": stage_name,
            "severity": lambda code: text(f"severity.{code}", lang),
            "failed": lambda error: " ".join(told(error, lang)),
            "clock": clock,
            "when": lambda moment: when(moment, lang),
            "days": lambda moment: days(moment, house.settings, lang),
            "lang": lang,
            "path": request.url.path if request.method == "GET" else "/",
            "visit": visit,
            "mark": house.keys.mark(visit.number) if visit is not None else "",
            "rehearsing": house.settings.mail.redirect_to,
            "failure": None,
            **values,
        }
    )
    return HTMLResponse(content, status, headers={"Content-Language": lang, "Vary": "Cookie, Accept-Language"})


def _visit(request: Request) -> Visit | None:
    """Who is asking, where a page can do without."""
    try:
        return found(request)
    except (Refused, OkrError):
        return None


def spoken(request: Request) -> Language:
    """Return the reader's language: their choice, else the browser's, else the settings', else Chinese."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    if chosen in {"zh", "en"}:
        return cast("Language", chosen)
    for wish in _wishes(request.headers.get("accept-language", "")):
        if wish[:2] in {"zh", "en"}:
            return cast("Language", wish[:2])
    return language(settings_language=house_of(request).settings.language or "zh")


def _wishes(header: str) -> list[str]:
    """The languages that a browser asks for, the dearest first."""
    found = []
    for place, part in enumerate(header.split(",")[:20]):
        name, _, quality = part.strip().partition(";")
        try:
            weight = float(quality.strip().removeprefix("q=") or 1)
        except ValueError:
            weight = 0.0
        if name and weight > 0:
            found.append((-weight, place, name.strip().lower()))
    return [name for _, _, name in sorted(found)]


def choose_language(request: Request) -> Response:
    """Keep the language that somebody chose, and go back to the page."""
    lang = request.path_params["lang"]
    if lang not in {"zh", "en"}:
        raise Refused(404, "not_found")
    back = request.query_params.get("back", "/")
    # Only a path of ours: what begins with two slashes would be another host.
    safe = back if back.startswith("/") and back[1:2] not in {"/", "\\"} and back.isprintable() else "/"
    response = RedirectResponse(safe, 303)
    secure = house_of(request).is_https
    response.set_cookie(LANGUAGE_COOKIE, lang, max_age=YEAR, secure=secure, httponly=True, samesite="lax")
    return response


def called(meeting: Meeting, lang: Language) -> str:
    """What a meeting is called: its title, else its upper unit and period."""
    row = meeting.row
    return row["title"] or text("web.meetings.called", lang, unit=row["unit_name"], period=row["period_name"])


def when(moment: datetime, lang: Language) -> str:
    """A meeting's time as it was stated, with its weekday and offset."""
    offset = moment.strftime("%z")
    weekday = text(f"web.weekday.{moment.isoweekday()}", lang)
    return f"{moment.strftime('%Y-%m-%d')} {weekday} {moment.strftime('%H:%M')} (UTC{offset[:3]}:{offset[3:5]})"


def days(moment: datetime, settings: Any, lang: Language) -> str:  # noqa: ANN401
    """How many days until then, as days of the company's zone."""
    today = now(settings).astimezone(settings.zone).date()
    left = (moment.astimezone(settings.zone).date() - today).days
    if left in {-1, 0, 1}:
        return text(f"web.day.{ {-1: 'yesterday', 0: 'today', 1: 'tomorrow'}[left] }", lang)
    return text("web.day.left", lang, days=left)
