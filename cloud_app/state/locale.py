"""The visitor's language: texts by key for pages, sentences for what the server says.

A page carries its own sentences in every language and the browser picks, from
the cookie or its own preference and before the first paint: switching needs no
reload and no text on the websocket. The server keeps only which language it is.
"""

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie

import reflex as rx
from reflex_base.vars import VarData
from reflex_base.vars.function import FunctionVar

from cloud_app.bootstrap import portal
from cloud_app.i18n.catalog import CATALOGS, COOKIE, DEFAULT, LOCALES, group, locale_of
from cloud_app.state.marks import public

Text = str | rx.Var[str]
"""What a page shows: a text, or a var that will be one."""

VISITOR = "$/public/visitor.js"

_SPOKEN = VarData(
    imports={VISITOR: ["useLanguage"]},
    hooks={"const madangLanguage = useLanguage()": None},
)
LANGUAGE = rx.Var("madangLanguage", _var_type=str, _var_data=_SPOKEN).to(str)
"""The language on the screen; lives in the browser."""
_IN_ENGLISH = rx.Var('(madangLanguage === "en")', _var_type=bool, _var_data=_SPOKEN).to(bool)


_FILL = rx.Var("fill", _var_data=VarData(imports={VISITOR: ["fill"]})).to(FunctionVar)


class LocaleState(rx.State):
    """What the server knows of the visitor's language, and the campus's clock."""

    now: str = ""
    zone: str = ""
    practice: bool = False
    """Whether this is the practice cloud; every page says so."""
    _chosen: str = ""

    @rx.event
    @public
    async def load(self):
        """Tell the page what time it is here."""
        self.now = portal().machines.now().isoformat()
        self.zone = portal().settings.timezone
        self.practice = portal().settings.practice

    @rx.event
    @public
    async def speak(self, locale: str):
        """Say errors in this language from now on; the page has already switched."""
        if locale in LOCALES:
            self._chosen = locale


def locale_in(state: LocaleState) -> str:
    """The language to speak to this visitor."""
    headers = state.router.headers
    return spoken(headers.cookie, headers.accept_language, chosen=state._chosen)  # noqa: SLF001


def spoken(cookies: str, accepted: str | None, *, chosen: str = "") -> str:
    """The language of a visitor whose browser sent these headers."""
    try:
        morsel = SimpleCookie(cookies).get(COOKIE)
    except CookieError:
        morsel = None
    return locale_of(chosen or (morsel.value if morsel else None), accepted)


def _known(key: str) -> str:
    if key not in CATALOGS[DEFAULT]:
        raise KeyError(key)
    return key


def t(key: str, **values: Text | int | rx.Var[int]) -> rx.Var[str]:
    """The text for a key, in the visitor's language. Unknown keys fail the build."""
    texts = {locale: CATALOGS[locale][_known(key)] for locale in LOCALES}
    if values:
        texts = {locale: text.format(**values) for locale, text in texts.items()}
    return _pick(texts)


def word(prefix: str, name: Text) -> rx.Var[str]:
    """The text `prefix.name` where the name differs by row and is known only when shown."""
    sets = {locale: dict(group(locale, prefix)) for locale in LOCALES}
    if not sets[DEFAULT]:
        raise KeyError(prefix)
    return rx.cond(_IN_ENGLISH, _lookup(sets["en"], name), _lookup(sets[DEFAULT], name)).to(str)


def sentence(
    key: Text, *prefixes: str, values: rx.Var[dict[str, str]] | dict[str, str] | None = None
) -> rx.Var[str]:
    """The text of a whole key that is known only when shown, out of the named groups."""
    sets = {
        locale: {
            f"{prefix}.{name}": text
            for prefix in prefixes
            for name, text in group(locale, prefix).items()
        }
        for locale in LOCALES
    }
    picked = rx.cond(_IN_ENGLISH, _lookup(sets["en"], key), _lookup(sets[DEFAULT], key))
    return picked.to(str) if values is None else _FILL.call(picked, values).to(str)


def said(words: rx.Var[Mapping[str, str]] | Mapping[str, str]) -> rx.Var[str]:
    """What a thing is called in the visitor's language, from its names by language."""
    return rx.Var.create(words).to(dict[str, str])[LANGUAGE].to(str)


def _lookup(texts: Mapping[str, str], name: Text) -> rx.Var[str]:
    return rx.Var.create(dict(texts)).to(dict[str, str])[name].to(str)


def _pick(texts: Mapping[str, str]) -> rx.Var[str]:
    return rx.cond(_IN_ENGLISH, texts["en"], texts[DEFAULT]).to(str)
