"""The portal speaks the visitor's language from the first paint and switches in place."""

from playwright.sync_api import expect

from cloud_app import routes
from tests.e2e.conftest import Visit, en, ko


def test_the_first_paint_is_in_the_browsers_language(visit: Visit):
    page = visit(routes.LOG_IN, language="en")

    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("heading", name=en("login.welcome"))).to_be_visible()
    expect(page).to_have_title(f"{en('login.title')} · {en('portal.name')}")


def test_no_other_language_is_ever_painted(visit: Visit):
    page = visit(routes.LOG_IN, language="en")
    watch = """() => {
        window.seen = [];
        const look = () => {
            const shown = document.body && getComputedStyle(document.body).visibility === "visible";
            if (shown && /[가-힣]{2}/.test(document.querySelector("main")?.innerText || ""))
                window.seen.push(document.querySelector("main").innerText.slice(0, 80));
            requestAnimationFrame(look);
        };
        look();
    }"""
    page.add_init_script(f"({watch})()")

    page.reload()
    expect(page.get_by_role("heading", name=en("login.welcome"))).to_be_visible()

    assert page.evaluate("window.seen") == []


def test_switching_needs_no_reload_and_no_texts_on_the_websocket(visit: Visit):
    page = visit(routes.HOME, "minji", language="ko")
    received: list[str] = []
    page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda frame: received.append(str(frame))),
    )
    page.reload()
    expect(page.get_by_role("heading", name=ko("home.first"))).to_be_visible()
    page.evaluate("window.same = true")
    received.clear()

    page.get_by_label(ko("nav.appearance")).click()
    page.get_by_role("button", name="English").click()

    expect(page.get_by_role("heading", name=en("home.first"))).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert page.evaluate("window.same") is True
    assert en("home.first") not in "".join(received)
    page.reload()
    expect(page.get_by_role("heading", name=en("home.first"))).to_be_visible()


def test_dark_is_kept(visit: Visit):
    page = visit(routes.LOG_IN)
    page.get_by_label(ko("nav.appearance")).click()
    page.get_by_role("button", name=ko("nav.theme.dark")).click()
    expect(page.locator("html")).to_have_class("dark")

    page.reload()

    expect(page.locator("html")).to_have_class("dark")
