"""The mini-PCs of a project."""

import reflex as rx

from cloud_app import routes
from cloud_app.components.button import button, link_button, menu_item, to
from cloud_app.components.confirm import confirm, opens
from cloud_app.components.copy import copy_button
from cloud_app.components.form import search, select
from cloud_app.components.layout import heading, line, say, stack
from cloud_app.components.menu import menu
from cloud_app.components.shell import page
from cloud_app.components.status import badge, freshness
from cloud_app.components.table import Column, empty, pager, skeleton, table
from cloud_app.components.tokens import PLAIN, PRIMARY, icon
from cloud_app.components.turn import turn
from cloud_app.components.when import as_of, day, when
from cloud_app.state.locale import said, sentence, t
from cloud_app.state.machines import MachinesState
from cloud_app.state.views import MachineView

FILTERS = [
    ("", "machines.filter.all"),
    ("on", "machines.filter.on"),
    ("off", "machines.filter.off"),
    ("busy", "machines.filter.busy"),
    ("problem", "machines.filter.problem"),
]
SORTS = [
    ("", "machines.sort.newest"),
    ("name", "machines.sort.name"),
    ("return_on", "machines.sort.return_on"),
]


def name(machine: MachineView) -> rx.Component:
    return stack(
        to(machine.href, machine.name, class_name="name cut", title=machine.name),
        say(said(machine.template), "quiet small cut"),
        space="tight",
    )


def address(machine: MachineView) -> rx.Component:
    return rx.cond(
        machine.address,
        stack(
            line(rx.el.code(machine.address), copy_button(machine.address)),
            rx.cond(machine.address_old_since, as_of(machine.address_old_since, "aged")),
            space="tight",
        ),
        rx.el.span(t("machines.no_address"), class_name="quiet small"),
    )


def size(machine: MachineView) -> rx.Component:
    return stack(
        rx.el.span(said(machine.size)),
        say(machine.specs, "quiet small"),
        space="tight",
    )


def actions(machine: MachineView) -> rx.Component:
    return rx.fragment(
        menu(
            [icon("ellipsis")],
            rx.cond(
                machine.can_start,
                menu_item("machine.start", MachinesState.start(machine.id), picture="play"),
            ),
            rx.cond(
                machine.can_stop,
                menu_item("machine.stop", MachinesState.stop(machine.id), picture="square"),
            ),
            to(machine.href, icon("arrow-right"), t("action.details"), class_name="item"),
            rx.cond(
                machine.can_give_back,
                menu_item(
                    "machine.give_back",
                    picture="corner-down-left",
                    how="danger",
                    custom_attrs=opens(dialog_of(machine)),
                ),
            ),
            label=t("machines.actions.of", name=machine.name),
        ),
        confirm(
            dialog_of(machine),
            t("machine.give_back.question", name=machine.name),
            "machine.give_back.words",
            [
                t("machine.give_back.disk", size=machine.disk),
                rx.cond(
                    machine.address,
                    t("machine.give_back.address", address=machine.address),
                    t("machines.no_address"),
                ),
            ],
            verb="machine.give_back",
            on_confirm=MachinesState.give_back(machine.id),
        ),
    )


def dialog_of(machine: MachineView) -> rx.Var[str]:
    return rx.Var.create(f"give-back-{machine.id}")


def state(machine: MachineView) -> rx.Component:
    return stack(
        badge(machine.state, machine.tone, "machines.state"),
        rx.cond(machine.turn.kind, say(turn(machine.turn), "quiet small")),
        rx.cond(machine.old_since, as_of(machine.old_since, "aged")),
        rx.cond(
            machine.failure,
            rx.fragment(
                say(t("machine.failed"), "small"),
                say(sentence(machine.failure, "error"), "quiet small"),
            ),
        ),
        space="tight",
    )


COLUMNS: tuple[Column[MachineView], ...] = (
    Column("machines.name", name),
    Column("machines.column.state", state, "state"),
    Column("machines.address", address, "second"),
    Column("machines.size", size, "minor"),
    Column("machines.return_on", lambda machine: day(machine.return_on), "second"),
    Column("machines.age", lambda machine: when(machine.created_at), "minor"),
    Column("machines.actions", actions, "end"),
)


def tools() -> rx.Component:
    return rx.el.div(
        search("machines.search", MachinesState.find, MachinesState.look_for),
        select("machines.filter.state", FILTERS, MachinesState.keep, MachinesState.keep_only),
        select("machines.sort", SORTS, MachinesState.sort, MachinesState.sort_by),
        rx.el.span(
            t("machines.count", count=MachinesState.count),
            class_name="quiet small figures",
        ),
        class_name="tools",
    )


def some() -> rx.Component:
    return stack(
        tools(),
        rx.cond(
            MachinesState.rows,
            table(
                MachinesState.rows,
                COLUMNS,
                label="machines.title",
                key=lambda machine: machine.id,
                how=lambda machine: rx.cond(machine.old_since, "old", ""),
            ),
            empty(
                "search",
                "machines.none_found",
                "machines.none_found.words",
                button("machines.none_found.clear", MachinesState.show_all, kind=PLAIN),
            ),
        ),
        pager(MachinesState.page, MachinesState.pages, MachinesState.turn),
    )


@page(
    routes.MACHINES,
    title="machines.title",
    on_load=[MachinesState.load],
    fresh=freshness(MachinesState.as_of, MachinesState.silent_since, MachinesState.silent_service),
)
def machines() -> rx.Component:
    return stack(
        heading(
            t("machines.title"),
            rx.cond(
                MachinesState.any,
                link_button("machines.order", routes.ORDER_MACHINE, kind=PRIMARY, picture="plus"),
            ),
        ),
        rx.cond(
            MachinesState.loaded,
            rx.cond(
                MachinesState.any,
                some(),
                empty(
                    "machine",
                    "machines.empty",
                    "machines.empty.words",
                    link_button("machines.order", routes.ORDER_MACHINE, kind=PRIMARY),
                ),
            ),
            skeleton(),
        ),
        space="far",
    )
