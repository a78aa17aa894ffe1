"""The first page: what needs attention, one's machines, one button."""

import reflex as rx

from cloud_app import routes
from cloud_app.components.button import link_button, to
from cloud_app.components.layout import card, heading, line, say, stack, subheading, tiles
from cloud_app.components.meter import meter
from cloud_app.components.shell import page
from cloud_app.components.status import badge, freshness, not_known_now
from cloud_app.components.table import empty, skeleton
from cloud_app.components.tokens import PRIMARY
from cloud_app.components.turn import turn
from cloud_app.components.when import as_of, day
from cloud_app.state.locale import said, t, word
from cloud_app.state.overview import OverviewState
from cloud_app.state.session import SessionState
from cloud_app.state.views import MachineView


def tile(machine: MachineView) -> rx.Component:
    return rx.el.article(
        line(
            to(machine.href, machine.name, class_name="cover strong cut", title=machine.name),
            badge(machine.state, machine.tone, "machines.state"),
            how="spread",
        ),
        stack(
            say(said(machine.size), "quiet small"),
            rx.cond(
                machine.address,
                line(
                    rx.el.code(machine.address, class_name="small"),
                    rx.cond(
                        machine.address_old_since,
                        as_of(machine.address_old_since, "aged"),
                    ),
                    how="wrap",
                ),
                say(t("machines.no_address"), "quiet small"),
            ),
            space="tight",
        ),
        rx.cond(machine.turn.kind, say(turn(machine.turn), "quiet small")),
        line(
            rx.el.span(t("machines.return_on"), class_name="quiet small"),
            rx.el.span(day(machine.return_on), class_name="small"),
        ),
        not_known_now(machine.old_since),
        class_name=rx.cond(machine.old_since, "card tile old", "card tile"),
        key=machine.id,
    )


def needs_attention(machine: MachineView) -> rx.Component:
    return rx.el.li(
        line(
            to(machine.href, machine.name, class_name="strong cut", title=machine.name),
            line(
                say(word("home.attention", machine.worry), "quiet small"),
                rx.cond(machine.worry == "ending", day(machine.return_on)),
                badge(machine.state, machine.tone, "machines.state"),
                how="wrap",
            ),
            how="spread",
        ),
        key=machine.id,
    )


def attention() -> rx.Component:
    return rx.cond(
        OverviewState.attention,
        stack(
            subheading("home.attention"),
            card(
                rx.el.ul(rx.foreach(OverviewState.attention, needs_attention), class_name="stack")
            ),
        ),
    )


def mine() -> rx.Component:
    return stack(
        subheading(
            "home.mine",
            rx.cond(OverviewState.more, to(routes.MACHINES, t("home.all"), class_name="link")),
        ),
        tiles(rx.foreach(OverviewState.rows, tile)),
    )


def limit() -> rx.Component:
    return rx.cond(
        OverviewState.amounts,
        stack(
            subheading("home.limit"),
            card(
                rx.el.div(
                    rx.foreach(OverviewState.amounts, lambda amount: meter(amount, "limit")),
                    class_name="tiles",
                )
            ),
        ),
    )


@page(
    routes.HOME,
    title="home.title",
    on_load=[OverviewState.load],
    fresh=freshness(OverviewState.as_of, OverviewState.silent_since, OverviewState.silent_service),
)
def overview() -> rx.Component:
    return stack(
        heading(
            t("home.greeting", name=SessionState.name),
            rx.cond(
                OverviewState.rows,
                link_button("home.order", routes.ORDER_MACHINE, kind=PRIMARY, picture="plus"),
            ),
        ),
        rx.cond(
            OverviewState.loaded,
            rx.cond(
                OverviewState.rows,
                stack(attention(), mine(), limit(), space="apart"),
                stack(
                    card(
                        empty(
                            "machine",
                            "home.first",
                            "home.first.words",
                            link_button("home.order", routes.ORDER_MACHINE, kind=PRIMARY),
                        ),
                        how="flush",
                    ),
                    limit(),
                    space="apart",
                ),
            ),
            skeleton(),
        ),
        space="far",
    )
