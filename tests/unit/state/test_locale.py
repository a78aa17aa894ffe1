"""Texts by key: unknown ones fail the build, both languages travel with the page."""

import contextvars

import pytest
import reflex as rx
from reflex.istate.manager.memory import StateManagerMemory
from reflex_base.event import Event
from reflex_base.event.context import EventContext

from cloud_app.bootstrap import Portal
from cloud_app.domain.actor import Actor
from cloud_app.domain.errors import QuotaExceeded, Unauthenticated
from cloud_app.state.locale import LocaleState, locale_in, said, sentence, t, word
from cloud_app.state.notice import NoticeState, present
from tests.unit.state.visitor import Visitor


@pytest.mark.parametrize("make", [t, lambda key: word(key, "x")])
def test_an_unknown_key_fails_the_build(make: object):
    assert callable(make)
    with pytest.raises(KeyError):
        make("no.such.key")


def test_a_text_carries_both_languages_and_needs_no_state():
    text = t("machines.order")

    assert "Rent a mini-PC" in str(text)
    data = text._get_all_var_data()
    assert data is not None
    assert data.state == ""


def test_values_stand_inside_the_sentence():
    text = str(t("machines.count", count=rx.Var("n").to(int)))

    assert "{count}" not in text


def test_words_of_rows_are_looked_up_by_the_browser():
    name = rx.Var("row.state").to(str)

    assert "row.state" in str(word("machines.state", name))
    assert "row.state" in str(sentence(name, "error", "machines"))
    assert "madangLanguage" in str(said({"ko": "가", "en": "a"}))


@pytest.mark.parametrize(
    ("cookie", "accept", "chosen", "locale"),
    [
        ("", "en-GB,en", "", "en"),
        ("madang_language=ko", "en", "", "ko"),
        ("madang_language=ko", "en", "en", "en"),
        ("madang_language=../../x; %%%", "ko", "", "ko"),
        ("madang_language=xx", "", "", "ko"),
    ],
)
async def test_the_language_is_the_choice_else_the_cookie_else_the_browsers(
    portal: Portal, student: Actor, cookie: str, accept: str, chosen: str, locale: str
):
    visitor = await Visitor.log_in(portal)
    visitor.send(cookie=cookie, accept_language=accept)
    state = await visitor.at(LocaleState)

    await LocaleState.speak.fn(state, chosen)

    assert locale_in(state) == locale


async def test_errors_are_said_in_the_visitors_language(portal: Portal, student: Actor):
    visitor = await Visitor.log_in(portal)
    await LocaleState.speak.fn(await visitor.at(LocaleState), "en")

    toast = await NoticeState.show.fn(
        await visitor.at(NoticeState), "error.too_many", {"seconds": 7}
    )

    assert "7 seconds" in str(toast)


async def test_a_key_without_a_text_is_still_answered(portal: Portal, student: Actor):
    visitor = await Visitor.log_in(portal)

    toast = await NoticeState.show.fn(await visitor.at(NoticeState), "no.such.key", {})

    assert toast is not None


def test_the_boundary_knows_refusals_from_bugs(caplog: pytest.LogCaptureFixture):
    assert "/login" in str(present(Unauthenticated()))
    assert "error.quota_exceeded" in str(present(QuotaExceeded()))
    assert not caplog.records

    answer = present(ZeroDivisionError("secret inner words"))

    assert "secret" not in str(answer)
    assert "reference" in str(answer)
    assert caplog.records


async def test_an_error_met_while_telling_one_is_the_end_of_it(caplog: pytest.LogCaptureFixture):
    """Else an event that fails before its handler is reached would be told of for ever."""

    async def nowhere(token: str, *events: Event) -> None: ...

    first = EventContext(token="x" * 36, state_manager=StateManagerMemory(), enqueue_impl=nowhere)
    within = contextvars.copy_context()
    within.run(EventContext.set, first)
    told = within.run(present, ZeroDivisionError())
    within.run(EventContext.set, first.fork())

    again = within.run(present, ZeroDivisionError())

    assert told is not None
    assert again is None
    assert "error not told" in caplog.text
