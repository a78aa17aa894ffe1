"""Every sentence in every language, none forgotten and none left over."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud_app.domain.machines import Command, State
from cloud_app.i18n.catalog import CATALOGS, DEFAULT, LOCALES, locale_of, placeholders, say

APP = Path(__file__).parents[2] / "cloud_app"
SECTIONS = {key.split(".")[0] for key in CATALOGS[DEFAULT]}
KEY = re.compile(r"[a-z_]+(\.[a-z_0-9]+)+")
NOT_TEXTS = {
    "machines.see", "machines.change", "account.id", "http.response.start", "http.response.body",
    "http.disconnect", "http.request", "machines.state", "machines.command", "machines.trouble",
    "machine.stage",
    "machine.way_in", "machine.connect.with", "machine.silent", "machine.outside", "http.field",
    "time.silent",
}  # fmt: skip
"""Words with a dot that are actions, columns, ASGI events, or groups of texts."""
GROUPS = (
    "machines.state", "machine.stage", "machine.way_in", "machine.connect.with", "role", "limit",
    "error", "home.attention", "http", "machines.no_room", "machines.command", "machines.trouble",
    "order.way_in",
    "nav.theme", "time.silent",
)  # fmt: skip
"""Looked up by a word that is only known when shown."""
FIRST_DOCUMENTS = (
    "미니 PC 이름을 입력해주세요.",
    "미니 PC 대여에 실패했습니다. 잠시 후 다시 시도해주세요.",
    "할당된 리소스를 초과하여 미니 PC 대여가 불가능합니다.",
    "정보를 불러올 수 없습니다.",
)


def literals() -> Iterator[str]:
    """Every text in the code that could be a key, f-strings with a star for their values."""
    for path in APP.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


SAID = {text for text in literals() if KEY.fullmatch(text) and text.split(".")[0] in SECTIONS}


def test_every_key_that_the_code_says_is_in_the_catalogue() -> None:
    assert sorted(SAID - CATALOGS[DEFAULT].keys() - NOT_TEXTS) == []


@pytest.mark.parametrize("locale", LOCALES)
def test_every_language_says_the_same_things(locale: str) -> None:
    assert CATALOGS[locale].keys() == CATALOGS[DEFAULT].keys()
    for key, sentence in CATALOGS[locale].items():
        assert sentence.strip(), key
        assert placeholders(sentence) == placeholders(CATALOGS[DEFAULT][key]), key


def test_no_text_is_left_over() -> None:
    groups = tuple(f"{group}." for group in GROUPS)
    looked_up = {key for key in CATALOGS[DEFAULT] if key.startswith(groups)}

    left_over = sorted(CATALOGS[DEFAULT].keys() - SAID - looked_up)

    assert left_over == []


@pytest.mark.parametrize("state", State)
def test_every_state_has_a_word_and_an_explanation(state: State) -> None:
    for locale in LOCALES:
        assert say(locale, f"machines.state.{state}")
        assert say(locale, f"machines.state.{state}.words")


@pytest.mark.parametrize("command", Command)
def test_every_command_can_be_refused_in_words(command: Command) -> None:
    for kind in ("not_now", "gave_up"):
        assert say(DEFAULT, f"machines.command.{kind}.{command}", name="web-1")


@pytest.mark.parametrize("sentence", FIRST_DOCUMENTS)
def test_sentences_of_the_first_documents_are_kept_word_for_word(sentence: str) -> None:
    assert sentence in CATALOGS["ko"].values()


def test_no_sentence_shouts_or_speaks_like_a_cloud() -> None:
    for key, sentence in CATALOGS["ko"].items():
        assert "!" not in sentence.replace("#!", ""), key
        assert not re.search(r"인스턴스|플레이버|테넌트|파드", sentence), key


def test_an_unknown_key_is_a_bug() -> None:
    with pytest.raises(KeyError):
        say("ko", "no.such.key")


def test_a_missing_value_does_not_take_the_sentence_away() -> None:
    assert "–" in say("en", "error.too_many")


@pytest.mark.parametrize(
    ("chosen", "accepted", "language"),
    [
        ("en", "ko", "en"),
        (None, "en-US,en;q=0.9,ko;q=0.8", "en"),
        (None, "fr;q=0.9, ko;q=0.5, en;q=0.1", "ko"),
        ("<script>", "", "ko"),
        (None, "en;q=oops,,;;,ko;q=1.0.0", "en"),
        (None, None, "ko"),
    ],
)
def test_the_visitors_choice_comes_before_the_browsers(
    chosen: str | None, accepted: str | None, language: str
) -> None:
    assert locale_of(chosen, accepted) == language
