"""One mini-PC: how it is, the next thing to do, what is known, and giving it back."""

import reflex as rx

from cloud_app import routes
from cloud_app.components.button import button, link_button
from cloud_app.components.confirm import confirm, opens
from cloud_app.components.copy import copy_button
from cloud_app.components.form import text_input, wrong
from cloud_app.components.layout import (
    card,
    facts,
    fold,
    heading,
    line,
    say,
    stack,
    subheading,
)
from cloud_app.components.shell import page
from cloud_app.components.stages import stages
from cloud_app.components.status import badge, explained, freshness
from cloud_app.components.table import empty, skeleton
from cloud_app.components.tokens import DANGER, PLAIN, PRIMARY, QUIETLY
from cloud_app.components.turn import turn
from cloud_app.components.when import day, when
from cloud_app.pages.machine_news import news
from cloud_app.pages.machine_next import next_thing
from cloud_app.state.locale import Text, said, sentence, t, word
from cloud_app.state.machine import MachineState

GIVE_BACK = "give-back"
MACHINE = MachineState.machine
NEWS = MACHINE.news


def title() -> rx.Component:
    return rx.cond(
        MachineState.renaming,
        rename_form(),
        stack(
            heading(rx.el.span(MACHINE.name), beside_name()),
            rx.cond(
                NEWS.name_in_cloud,
                say(t("machine.name_in_cloud", name=NEWS.name_in_cloud), "quiet small"),
            ),
            space="tight",
        ),
    )


def beside_name() -> rx.Component:
    return line(
        badge(MACHINE.state, MACHINE.tone, "machines.state"),
        rx.cond(
            MACHINE.can_change,
            button("machine.rename", MachineState.begin_rename, kind=QUIETLY, picture="pencil"),
        ),
        power(),
        how="wrap",
    )


def power() -> rx.Component:
    return rx.fragment(
        rx.cond(
            MACHINE.can_stop,
            rx.fragment(
                button("machine.restart", MachineState.restart, picture="rotate-cw"),
                button("machine.stop", MachineState.stop, picture="square"),
            ),
        ),
    )


def rename_form() -> rx.Component:
    key = MachineState.errors["name"]
    return rx.el.form(
        line(
            rx.el.div(
                rx.el.label(t("machines.name"), html_for="new_name", class_name="unseen"),
                text_input(
                    "new_name", default_value=MACHINE.name, auto_focus=True, auto_complete="off"
                ),
                wrong("new_name", sentence(key, "machines", values=MachineState.values), key),
                class_name="field grow",
            ),
            button("machine.rename.submit", kind=PRIMARY, type="submit"),
            button("action.cancel.edit", MachineState.leave_rename, kind=QUIETLY),
            how="wrap top",
        ),
        on_submit=MachineState.rename,
    )


def progress() -> rx.Component:
    return rx.cond(
        MACHINE.stages,
        card(
            stack(
                stages(MACHINE.stages, "machine.stages", "machines.state", "machine.stage"),
                rx.cond(MACHINE.failure, rx.fragment(), what_goes_on()),
            )
        ),
    )


def what_goes_on() -> rx.Component:
    return rx.cond(
        MACHINE.turn.kind,
        rx.el.div(
            rx.el.strong(turn(MACHINE.turn)),
            say(t("machines.turn.words"), "quiet"),
            class_name="stack tight",
            role="status",
        ),
        say(explained(MACHINE.state, "machines.state"), "quiet"),
    )


def address(of: Text) -> rx.Component:
    return rx.cond(
        of,
        line(rx.el.code(of), copy_button(of)),
        rx.el.span(t("machines.no_address"), class_name="quiet"),
    )


def about() -> rx.Component:
    return card(
        stack(
            subheading("machine.facts"),
            facts(
                ("machines.address", address(MACHINE.address)),
                ("machine.user", rx.el.code(MACHINE.user)),
                (
                    "machines.size",
                    stack(
                        rx.el.span(said(MACHINE.size)),
                        rx.el.span(MACHINE.specs, class_name="quiet small figures"),
                        space="tight",
                    ),
                ),
                ("machines.template", said(MACHINE.template)),
                ("machines.return_on", day(MACHINE.return_on)),
                ("machines.created", when(MACHINE.created_at)),
            ),
            fold(
                t("action.details"),
                facts(
                    ("machine.inner_address", address(MACHINE.inner_address)),
                    ("machine.way_in", word("machine.way_in", MACHINE.way_in)),
                    ("machine.cloud", MACHINE.cloud),
                    ("machine.raw", rx.el.code(MACHINE.raw_status)),
                    ("machine.server_id", rx.el.code(MACHINE.server_id)),
                ),
            ),
            space="far",
        )
    )


def giving_back() -> rx.Component:
    return rx.cond(
        MACHINE.can_give_back,
        rx.fragment(
            card(
                line(
                    say(t("machine.give_back.card"), "quiet"),
                    button("machine.give_back", kind=DANGER, custom_attrs=opens(GIVE_BACK)),
                    how="spread wrap",
                )
            ),
            confirm(
                GIVE_BACK,
                t("machine.give_back.question", name=MACHINE.name),
                "machine.give_back.words",
                [
                    t("machine.give_back.disk", size=MACHINE.disk),
                    rx.cond(
                        MACHINE.address,
                        t("machine.give_back.address", address=MACHINE.address),
                        t("machines.no_address"),
                    ),
                ],
                verb="machine.give_back",
                on_confirm=MachineState.give_back,
            ),
        ),
    )


def everything() -> rx.Component:
    return stack(
        title(),
        news(),
        progress(),
        next_thing(),
        about(),
        giving_back(),
        space="far",
    )


@page(
    routes.MACHINE,
    title="machine.title",
    place=routes.MACHINES,
    on_load=[MachineState.load],
    fresh=freshness(MachineState.as_of, MachineState.silent_since, MachineState.silent_service),
)
def machine() -> rx.Component:
    return rx.cond(
        MachineState.loaded,
        rx.cond(
            MachineState.missing,
            empty(
                "nowhere",
                "machine.missing",
                "machine.missing.words",
                link_button("machines.none_found.clear", routes.MACHINES, kind=PLAIN),
                alone=True,
            ),
            everything(),
        ),
        skeleton(3, "tall"),
    )
