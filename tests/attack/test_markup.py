"""What people type reaches pages as text: in rows, in errors, and in toasts, which are script."""

import json

import pytest

from cloud_app.bootstrap import Portal
from tests.attack.conftest import OpenTab, Target
from tests.attack.test_events import named

NASTY = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "`${alert(1)}`", "'+alert(1)+'",
    '"-alert(1)-"', "\\u003cscript\\u003e", "</script><script>alert(1)", "{{alert(1)}}",
    "\u2028alert(1)", "javascript:alert(1)", "\\`;alert(1)//",
)  # fmt: skip
"""Each would be script somewhere."""


def scripts(events: list[dict[str, object]]) -> list[str]:
    """What the page was told to run."""
    return [
        json.dumps(event, ensure_ascii=False) for event in events if "_call" in str(event["name"])
    ]


@pytest.mark.parametrize("name", NASTY)
async def test_a_name_with_markup_is_refused_or_kept_as_it_is(
    target: Target, inside: Portal, open_tab: OpenTab, login: str, name: str
):
    async with target.client(bearer=login) as owner:
        await owner.put(f"/api/v1/servers/{target.machine}/info", json={"name": name})
        seen = (await owner.get(f"/api/v1/servers/{target.machine}")).json()["name"]
        await owner.put(f"/api/v1/servers/{target.machine}/info", json={"name": "victims-pc"})

    assert seen in (name.strip(), "victims-pc")


@pytest.mark.parametrize("typed", NASTY)
async def test_nothing_typed_gets_into_a_script_unescaped(
    open_tab: OpenTab, login: str, typed: str
):
    """A toast's text is a string of the script that shows it, whatever is in it."""
    tab = await (await open_tab(login)).load("/machines/new")
    for key in ("error.unexpected", "error.quota_exceeded", typed):
        await tab.send(
            named("notice_state.show"), key=key, values={"reference": typed, typed: typed}
        )
    form = {"name": typed, "size": typed, "template": typed, "cloud_init": typed, "access": typed}
    await tab.send(named("order_state.submit"), form=form)

    for event in tab.events:
        if event["name"] in ("_call_function", "_call_script"):
            assert_is_text_only(json.dumps(event["payload"]), typed)


def assert_is_text_only(payload: str, typed: str) -> None:
    """Wherever it stands in the script, it stands inside a string literal."""
    code = "\n".join(str(value) for value in json.loads(payload).values())
    if typed not in code and json.dumps(typed)[1:-1] not in code:
        return
    without_strings = strip_strings(code)
    assert "alert(1)" not in without_strings, code


def strip_strings(code: str) -> str:
    """The script without the contents of its string literals."""
    left, quote, skip = "", "", False
    for sign in code:
        if quote:
            if skip:
                skip = False
            elif sign == "\\":
                skip = True
            elif sign == quote or (quote in "'\"" and sign == "\n"):
                quote = ""
            elif quote == "`" and sign == "$":
                left += sign  # `${` begins code inside a template literal.
            continue
        if sign in "'\"`":
            quote = sign
        left += sign
    return left


async def test_an_address_with_markup_is_text_on_the_log_in_page(open_tab: OpenTab):
    tab = await (await open_tab()).load(
        "/login", handle="%3Cscript%3E", why="%3Cscript%3E", seconds="%3Cscript%3E", next="//evil"
    )

    assert tab.var("why") in ("", None)
    assert tab.var("seconds") in ("", None)
