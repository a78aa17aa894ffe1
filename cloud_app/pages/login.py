"""The door: a plain form that works without scripts."""

import reflex as rx

from cloud_app import routes
from cloud_app.components.button import button
from cloud_app.components.drawings import mark, scene
from cloud_app.components.form import field, text_input
from cloud_app.components.layout import Piece, line, say, stack
from cloud_app.components.menu import PlainForm, appearance_menu
from cloud_app.components.shell import open_page, ribbon
from cloud_app.components.status import alert, banner
from cloud_app.components.tokens import PRIMARY, icon
from cloud_app.state.locale import t, word
from cloud_app.state.login import DemoLogin, LoginState


def why() -> Piece:
    return rx.match(
        LoginState.why,
        ("wrong", alert(t("login.wrong"))),
        ("wait", alert(t("error.too_many", seconds=LoginState.seconds))),
        ("out", banner(t("login.out"), tone="good", picture="circle-check", role="status")),
        ("ended", banner(t("login.ended"), role="status")),
        rx.fragment(),
    )


def form() -> rx.Component:
    return PlainForm.create(
        stack(
            field(
                "handle",
                "login.handle",
                text_input(
                    "handle",
                    default_value=LoginState.handle,
                    key=LoginState.handle,
                    required=True,
                    auto_complete="username",
                    auto_capitalize="none",
                    spell_check=False,
                    max_length=64,
                ),
            ),
            field(
                "password",
                "login.password",
                text_input(
                    "password", type="password", required=True, auto_complete="current-password"
                ),
            ),
            rx.el.input(type="hidden", name="next", value=LoginState.after, read_only=True),
            button("login.submit", kind=PRIMARY, type="submit", how="full"),
        ),
        action=routes.LOG_IN_FORM,
        method="post",
    )


def demo_chip(account: DemoLogin) -> rx.Component:
    return rx.el.button(
        icon("user-round"),
        account.name,
        rx.el.span(word("role", account.role), class_name="quiet small"),
        type="button",
        class_name="chip",
        custom_attrs={"data-handle": account.handle, "data-password": account.password},
    )


def demo() -> rx.Component:
    return rx.cond(
        LoginState.demo,
        stack(
            say(t("login.demo"), "strong"),
            say(t("login.demo.words"), "quiet small"),
            rx.el.div(rx.foreach(LoginState.demo, demo_chip), class_name="chips"),
            space="near",
        ),
    )


@open_page(routes.LOG_IN, title="login.title", on_load=[LoginState.load])
def login() -> rx.Component:
    return rx.el.div(
        ribbon(),
        rx.el.header(appearance_menu(), class_name="corner"),
        rx.el.main(
            stack(
                line(mark(34), rx.el.strong(t("portal.name")), how="brand"),
                rx.el.h1(t("login.welcome")),
                say(t("login.words"), "quiet"),
                space="near",
            ),
            why(),
            form(),
            demo(),
        ),
        rx.el.div(scene(), class_name="scene"),
        class_name="door practice",
    )
