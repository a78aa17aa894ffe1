"""Menus that unfold, and the two ways through the portal: rail and bottom bar."""

from typing import Any, Literal

import reflex as rx
from reflex.style import set_color_mode

from cloud_app import routes
from cloud_app.components.button import to
from cloud_app.components.layout import unseen
from cloud_app.components.tokens import ICON, ICON_SMALL, icon
from cloud_app.state.locale import LANGUAGE, LocaleState, t
from cloud_app.state.session import ProjectView, SessionState

PLACES = ((routes.HOME, "nav.home", "house"), (routes.MACHINES, "nav.machines", "monitor"))
"""Where one can go, in this order; the next resource adds its line here."""


def menu(
    summary: list[Any], *inside: Any, label: Any = None, how: str = "", square: bool = True
) -> rx.Component:
    """A button that unfolds `inside`. Closes on Escape, on a choice and on a press elsewhere."""
    named = {} if label is None else {"aria-label": label}
    return rx.el.details(
        rx.el.summary(*summary, class_name="square" if square else "", custom_attrs=named),
        rx.el.div(*inside, class_name="panel"),
        class_name=f"menu {how}",
    )


def places(where: str, how: str) -> rx.Component:
    """Links to the portal's places; `where` is the one this page belongs to."""
    links = [_place(href, key, picture, here=href == where) for href, key, picture in PLACES]
    return rx.el.nav(*links, class_name=how, custom_attrs={"aria-label": t("nav.label")})


def _place(href: str, key: str, picture: str, *, here: bool) -> rx.Component:
    current = {"aria-current": "page"} if here else {}
    return to(
        href, icon(picture, ICON + 1), rx.el.span(t(key)), class_name="place", custom_attrs=current
    )


def project_switcher() -> rx.Component:
    """Which project one is in; only for those who have more than one."""

    def choice(project: ProjectView) -> rx.Component:
        return rx.el.button(
            rx.el.span(project.name, class_name="cut"),
            rx.el.span(icon("check", ICON_SMALL), class_name="tick"),
            type="button",
            class_name="item",
            on_click=[SessionState.choose(project.id), rx.call_script("location.assign('/')")],
            custom_attrs={"aria-current": project.id == SessionState.project_id},
        )

    names = rx.foreach(
        SessionState.projects,
        lambda project: rx.cond(project.id == SessionState.project_id, project.name, ""),
    )
    return rx.cond(
        SessionState.projects.length() > 1,
        menu(
            [
                unseen(t("nav.project")),
                rx.el.span(names, class_name="cut"),
                icon("chevrons-up-down", ICON_SMALL),
            ],
            rx.el.p(t("nav.projects"), class_name="title"),
            rx.foreach(SessionState.projects, choice),
            how="switcher start",
            square=False,
        ),
    )


def appearance_menu() -> rx.Component:
    """Language and light, for everybody, also before logging in."""
    return menu(
        [icon("languages")],
        rx.el.p(t("nav.language"), class_name="title"),
        _language("ko", "한국어"),
        _language("en", "English"),
        rx.el.hr(),
        rx.el.p(t("nav.theme"), class_name="title"),
        _theme("light", "sun"),
        _theme("dark", "moon"),
        _theme("system", "monitor-smartphone"),
        label=t("nav.appearance"),
    )


def _language(locale: str, name: str) -> rx.Component:
    return _pressed(
        locale == LANGUAGE,
        rx.el.span(name, lang=locale),
        on_click=LocaleState.speak(locale),
        attrs={"data-language": locale},
    )


def _theme(mode: Literal["light", "dark", "system"], picture: str) -> rx.Component:
    return _pressed(
        rx.color_mode == mode,
        icon(picture),
        t(f"nav.theme.{mode}"),
        on_click=set_color_mode(mode),
        attrs={},
    )


def _pressed(on: Any, *inside: Any, on_click: Any, attrs: dict[str, Any]) -> rx.Component:
    return rx.el.button(
        *inside,
        rx.el.span(icon("check", ICON_SMALL), class_name="tick"),
        type="button",
        class_name="item",
        on_click=on_click,
        custom_attrs=attrs | {"aria-pressed": on},
    )


def account_menu() -> rx.Component:
    """Who is logged in, and the way out: a plain form, so that the cookie goes too."""
    initial = SessionState.name[0]
    return menu(
        [rx.el.span(initial, class_name="avatar", custom_attrs={"aria-hidden": "true"})],
        rx.el.p(
            rx.el.strong(SessionState.name), rx.el.br(), SessionState.handle, class_name="title"
        ),
        rx.el.hr(),
        PlainForm.create(
            rx.el.button(icon("log-out"), t("nav.log_out"), type="submit", class_name="item"),
            action=routes.LOG_OUT_FORM,
            method="post",
        ),
        label=t("nav.account"),
    )


class PlainForm(rx.Component):
    """A form that the browser itself sends, without scripts or websocket."""

    tag = "form"
    _is_tag_in_global_scope = True
    action: rx.Var[str]
    method: rx.Var[str]
