"""Every sentence the portal can say, by key and language, checked when it is loaded.

Pages, toasts and the API all speak through these catalogues, so a sentence
exists once. A key that one language lacks stops the start.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from string import Formatter
from typing import Any

LOCALES = ("ko", "en")
DEFAULT = "ko"
COOKIE = "madang_language"
"""The visitor's own choice; readable by scripts, holds nothing but the language."""

_NUMBER_MISSING = "–"
_PREFERENCE = re.compile(r"\s*([a-zA-Z]{1,8})[^,;]*(?:;\s*q=([0-9.]+))?")


class WrongCatalog(Exception):
    """The languages do not say the same things."""


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    texts: dict[str, str] = {}
    for name, value in table.items():
        if isinstance(value, str):
            texts[prefix + name] = value
        else:
            texts |= _flat(value, f"{prefix}{name}.")
    return texts


def _load(locale: str) -> Mapping[str, str]:
    path = Path(__file__).with_name(f"{locale}.toml")
    return _flat(tomllib.loads(path.read_text(encoding="utf-8")))


def placeholders(sentence: str) -> frozenset[str]:
    """Name the values a sentence waits for."""
    return frozenset(name for _, name, _, _ in Formatter().parse(sentence) if name)


def problems(catalogs: Mapping[str, Mapping[str, str]]) -> list[str]:
    """List what one language says and another does not."""
    base = catalogs[DEFAULT]
    found: list[str] = []
    for locale, texts in catalogs.items():
        found += [f"{locale}: {key} is missing" for key in base.keys() - texts.keys()]
        found += [f"{locale}: {key} is only here" for key in texts.keys() - base.keys()]
        found += [
            f"{locale}: {key} has other values"
            for key in base.keys() & texts.keys()
            if placeholders(base[key]) != placeholders(texts[key])
        ]
    return sorted(found)


def _checked() -> Mapping[str, Mapping[str, str]]:
    catalogs = {locale: _load(locale) for locale in LOCALES}
    if found := problems(catalogs):
        raise WrongCatalog("\n".join(found))
    return catalogs


CATALOGS: Mapping[str, Mapping[str, str]] = _checked()


class _Tolerant(dict[str, str | int]):
    def __missing__(self, key: str) -> str:
        return _NUMBER_MISSING


def say(locale: str, key: str, **values: str | int) -> str:
    """Say `key` in a language. An unknown key is a bug and raises KeyError."""
    texts = CATALOGS.get(locale, CATALOGS[DEFAULT])
    return texts[key].format_map(_Tolerant(values))


def group(locale: str, prefix: str) -> Mapping[str, str]:
    """All texts right below `prefix`: what follows the prefix, to its text."""
    start = prefix + "."
    return {
        key.removeprefix(start): sentence
        for key, sentence in CATALOGS[locale].items()
        if key.startswith(start)
    }


def locale_of(chosen: str | None, accepted: str | None) -> str:
    """Choose a visitor's language: what they chose, else what their browser asks for."""
    if chosen in LOCALES:
        return chosen
    wishes: list[tuple[float, str]] = []
    for part in (accepted or "").split(","):
        if match := _PREFERENCE.match(part):
            weight = float(match[2]) if match[2] and match[2].count(".") < 2 else 1.0
            wishes.append((-weight, match[1].lower()))
    known = [language for _, language in sorted(wishes, key=lambda wish: wish[0])]
    return next((language for language in known if language in LOCALES), DEFAULT)
