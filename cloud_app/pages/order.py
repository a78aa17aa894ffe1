"""Renting a mini-PC: what, how big, until when; the rest is folded away."""

import reflex as rx

from cloud_app import routes
from cloud_app.components.button import link_button
from cloud_app.components.choice import choice, choices
from cloud_app.components.form import area_input, field, text_input, wrong
from cloud_app.components.layout import Piece, card, facts, fold, heading, line, say, stack
from cloud_app.components.meter import meter
from cloud_app.components.secret import secret_once
from cloud_app.components.shell import page
from cloud_app.components.status import alert, banner
from cloud_app.components.table import empty, skeleton
from cloud_app.components.tokens import PLAIN, icon
from cloud_app.components.when import as_of, bare_day, day
from cloud_app.state.locale import Text, said, sentence, t
from cloud_app.state.order import OrderState
from cloud_app.state.order_view import SizeChoice, TemplateChoice

WAYS = ("generated", "own_key", "password")


def error(name: str) -> rx.Component:
    key = OrderState.errors[name]
    return wrong(name, sentence(key, "machines", "http.field", values=OrderState.values), key)


def picture(name: Text) -> Piece:
    known = [(sign, icon(sign)) for sign in ("globe", "flask-conical")]
    return rx.match(name, *known, icon("terminal"))


def template_card(template: TemplateChoice) -> rx.Component:
    return choice(
        "template",
        template.key,
        said(template.name),
        said(template.words),
        beside=picture(template.picture),
        default_checked=OrderState.template == template.key,
        on_change=OrderState.choose_template(template.key),
    )


def size_card(size: SizeChoice) -> rx.Component:
    return choice(
        "size",
        size.key,
        rx.fragment(
            said(size.name),
            rx.cond(
                size.recommended,
                rx.el.span(" · ", t("order.recommended"), class_name="quiet small"),
            ),
        ),
        sentence(size.reason, "machines"),
        beside=size.specs,
        default_checked=OrderState.size == size.key,
        disabled=size.blocked,
        on_change=OrderState.choose_size(size.key),
    )


def way_in(way: str) -> rx.Component:
    return choice(
        "access",
        way,
        t(f"machine.way_in.{way}"),
        t(f"order.way_in.{way}.words"),
        id=f"way-{way}",
        default_checked=way == WAYS[0],
    )


def ways_in() -> rx.Component:
    return rx.el.div(
        choices(
            t("order.way_in"),
            *(way_in(way) for way in WAYS),
            name="access",
            error=rx.fragment(),
        ),
        rx.el.div(
            field(
                "public_key",
                "order.public_key",
                area_input("public_key", placeholder="ssh-ed25519 AAAA…"),
                error=error("public_key"),
            ),
            class_name="only own_key",
        ),
        rx.el.div(
            rx.el.label(
                rx.el.span(t("order.password"), class_name="label"),
                rx.el.input(
                    type="password",
                    auto_complete="new-password",
                    class_name="input",
                    custom_attrs={"data-password": ""},
                ),
                class_name="field",
            ),
            error("password"),
            class_name="only password",
        ),
        class_name="ways stack near",
    )


def address() -> Piece:
    return rx.match(
        OrderState.address_choice,
        (
            "request",
            choice(
                "wants_address",
                "yes",
                t("order.address"),
                t("order.address.help"),
                kind="checkbox",
                default_checked=True,
            ),
        ),
        ("never", say(t("order.address.never"), "quiet small")),
        rx.fragment(
            rx.el.input(type="hidden", name="wants_address", value="yes", read_only=True),
            say(t("order.address.always"), "quiet small"),
        ),
    )


def advanced() -> rx.Component:
    return fold(
        t("order.advanced"),
        stack(
            ways_in(),
            address(),
            field(
                "cloud_init",
                "order.cloud_init",
                area_input("cloud_init", placeholder="#cloud-config"),
                error=error("cloud_init"),
                hint=t("order.cloud_init.help"),
            ),
            space="far",
        ),
        note=rx.el.span(t("order.advanced.words"), class_name="small"),
    )


def summary() -> rx.Component:
    values = OrderState.values
    refused = sentence(OrderState.refusal, "error", "machines", "http", values=values)
    return rx.el.aside(
        card(
            stack(
                rx.el.h2(t("order.summary")),
                facts(
                    (
                        "order.summary.what",
                        stack(
                            rx.el.strong(said(OrderState.template_name)),
                            rx.el.span(said(OrderState.size_name)),
                            rx.el.span(OrderState.size_specs, class_name="quiet small figures"),
                            space="tight",
                        ),
                    ),
                    ("order.summary.until", day(OrderState.return_on)),
                ),
                stack(
                    say(t("order.summary.after"), "quiet small"),
                    rx.foreach(OrderState.amounts, lambda amount: meter(amount, "limit")),
                    space="near",
                ),
                rx.cond(
                    OrderState.refusal,
                    alert(refused),
                ),
                submit(),
            ),
            how="summary",
        )
    )


def submit() -> rx.Component:
    return rx.el.button(
        rx.cond(
            OrderState.sending,
            rx.fragment(rx.el.span(icon("loader-circle"), class_name="spin"), t("order.sending")),
            t("order.submit"),
        ),
        type="submit",
        class_name="button primary full",
        disabled=OrderState.sending,
    )


def name() -> rx.Component:
    return field(
        "name",
        "machines.name",
        text_input(
            "name",
            default_value=OrderState.name,
            key=OrderState.name,
            auto_complete="off",
            attrs={"aria-invalid": rx.cond(OrderState.errors["name"], "true", "false")},
        ),
        error=error("name"),
        hint=t("order.name.help"),
    )


def return_on() -> rx.Component:
    return field(
        "return_on",
        "order.return_on",
        text_input(
            "return_on",
            type="date",
            default_value=OrderState.return_on,
            min=OrderState.first_return_on,
            max=OrderState.last_return_on,
            on_change=OrderState.choose_return_on,
        ),
        error=error("return_on"),
        hint=line(t("order.return_on.help"), bare_day(OrderState.last_return_on), how="wrap"),
    )


def form() -> rx.Component:
    return rx.el.form(
        stack(
            name(),
            choices(
                t("order.template"),
                rx.foreach(OrderState.templates, template_card),
                name="template",
                error=error("template"),
                how="two",
            ),
            choices(
                t("order.size"),
                rx.foreach(OrderState.sizes, size_card),
                name="size",
                error=error("size"),
                key=OrderState.template,
            ),
            return_on(),
            advanced(),
            space="apart",
        ),
        summary(),
        on_submit=OrderState.submit,
        no_validate=True,
        class_name="order",
    )


@page(
    routes.ORDER_MACHINE,
    title="order.title",
    place=routes.MACHINES,
    on_load=[OrderState.load],
)
def order() -> rx.Component:
    return stack(
        rx.el.div(
            heading(t("order.title")),
            say(t("order.words"), "quiet"),
        ),
        rx.cond(
            OrderState.old_since,
            banner(
                t("order.old"),
                as_of(OrderState.old_since, "aged"),
                tone="busy",
                picture="cloud-off",
            ),
        ),
        rx.cond(
            OrderState.loaded,
            rx.cond(
                OrderState.templates,
                form(),
                empty(
                    "machine",
                    "order.empty",
                    "order.empty.words",
                    link_button("not_found.home", routes.HOME, kind=PLAIN),
                ),
            ),
            skeleton(5),
        ),
        secret_once(on_done=OrderState.go_on),
        space="far",
    )
