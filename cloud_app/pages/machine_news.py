"""What is worth knowing about a mini-PC before reading on: silence, notices, troubles."""

import reflex as rx

from cloud_app.components.layout import say
from cloud_app.components.status import banner
from cloud_app.state.locale import sentence, t
from cloud_app.state.machine import MachineState

NEWS = MachineState.machine.news


def news() -> rx.Component:
    return rx.fragment(
        rx.cond(
            NEWS.silent,
            banner(
                sentence(NEWS.silent, "machine.silent"),
                tone="busy",
                picture="cloud-off",
                role="status",
            ),
        ),
        rx.cond(
            NEWS.notice,
            banner(
                sentence(NEWS.notice, "error", "machines.command"),
                tone="busy",
                picture="info",
                role="status",
            ),
        ),
        rx.cond(NEWS.trouble, trouble()),
        rx.foreach(
            NEWS.outside,
            lambda key: banner(
                sentence(key, "machine.outside"),
                tone="busy",
                picture="info",
                role="status",
                key=key,
            ),
        ),
    )


def trouble() -> rx.Component:
    """What holds the work up, and that it is tried again by itself."""
    return banner(
        rx.cond(NEWS.removing, t("machine.trouble.removing"), t("machine.trouble.working")),
        say(sentence(NEWS.trouble, "error", "machines.trouble")),
        tone="busy",
        picture="hourglass",
        role="status",
    )
