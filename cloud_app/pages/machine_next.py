"""The next thing to do with a mini-PC: connect, start it, or see to what went wrong."""

import reflex as rx

from cloud_app import routes
from cloud_app.components.button import button, link_button
from cloud_app.components.copy import command_line, copy_button
from cloud_app.components.layout import Piece, card, fold, line, say, stack, subheading
from cloud_app.components.status import alert, banner, explained
from cloud_app.components.tokens import PLAIN, PRIMARY, icon
from cloud_app.state.locale import Text, sentence, t, word
from cloud_app.state.machine import MachineState

MACHINE = MachineState.machine


def next_thing() -> Piece:
    return rx.match(
        MACHINE.next,
        ("connect", connect()),
        ("start", start()),
        ("failed", failed("machine.failed")),
        ("failed_outside", failed("machine.failed_outside")),
        ("lost", lost()),
        ("gone", gone()),
        ("busy", banner(explained(MACHINE.state, "machines.state"), picture="hourglass")),
        rx.fragment(),
    )


def connect() -> rx.Component:
    return rx.cond(
        MACHINE.command,
        card(
            stack(
                subheading("machine.connect"),
                say(how_to_connect(), "quiet"),
                command_line(MACHINE.command),
                say(word("machine.connect.with", MACHINE.way_in), "quiet small"),
                rx.cond(
                    MACHINE.key_command,
                    fold(
                        t("machine.connect.chmod"),
                        command_line(MACHINE.key_command),
                    ),
                ),
                rx.cond(
                    MACHINE.unanswered,
                    banner(t("machine.connect.unanswered"), tone="busy", picture="info"),
                ),
                rx.foreach(MACHINE.pages, web_page),
            )
        ),
        card(
            stack(subheading("machine.connect"), say(t("machine.connect.none"), "quiet")),
        ),
    )


def how_to_connect() -> rx.Var[str]:
    """What to know before the command: whether it works now, and from where."""
    inside = t("machine.connect.no_address", address=MACHINE.inner_address)
    reachable = rx.cond(MACHINE.address, t("machine.connect.words"), inside)
    return rx.cond(MACHINE.silent, t("machine.connect.silent"), reachable).to(str)


def web_page(address: Text) -> rx.Component:
    return line(
        icon("globe"),
        rx.el.a(address, href=address, target="_blank", rel="noreferrer", class_name="link"),
    )


def start() -> rx.Component:
    return card(
        stack(
            subheading("machine.connect"),
            say(t("machine.connect.stopped"), "quiet"),
            rx.cond(
                MACHINE.can_start,
                line(button("machine.start", MachineState.start, kind=PRIMARY, picture="play")),
            ),
        )
    )


def failed(words: str) -> rx.Component:
    return alert(
        rx.el.strong(t(words)),
        rx.cond(MACHINE.failure, say(sentence(MACHINE.failure, "error", "machines"))),
        rx.cond(
            MACHINE.can_retry,
            line(
                button("machine.retry", MachineState.retry, kind=PRIMARY, picture="rotate-cw"),
                say(t("machine.retry.words"), "small"),
                how="wrap",
            ),
        ),
        details(),
    )


def details() -> rx.Component:
    return rx.cond(
        MACHINE.detail,
        fold(
            t("action.details"),
            stack(
                say(t("machine.code"), "small"),
                rx.el.pre(MACHINE.detail, class_name="raw", custom_attrs={"tabindex": "0"}),
                line(copy_button(MACHINE.detail)),
                space="near",
            ),
        ),
    )


def lost() -> rx.Component:
    return alert(
        rx.el.strong(t("home.attention.lost")),
        say(explained("lost", "machines.state")),
    )


def gone() -> rx.Component:
    return card(
        stack(
            say(t("machine.gone", name=MACHINE.name)),
            line(link_button("machines.none_found.clear", routes.MACHINES, kind=PLAIN)),
        )
    )
