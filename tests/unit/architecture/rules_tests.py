"""Rules about tests: no sleep, no mocks, names that are sentences, selectors that last."""

import ast
import re
from collections.abc import Iterator

from .sources import Found, Source, called, rule

MARKUP = frozenset({"locator", "query_selector", "query_selector_all", "wait_for_selector"})


@rule(
    "tests/*.py",
    bites="""
async def test_a_machine_gets_ready():
    await asyncio.sleep(3)
""",
    excused={
        "tests/running.py::until": "a started program answers in its own time",
        "tests/contract/lab.py::LabPlace.wait": "real services take their own time",
        "tests/lab/openstack/processes.py::wait_for": "the one way to wait for a process",
        "tests/lab/openstack/processes.py::stop": "gives processes time to end by themselves",
        "tests/lab/openstack/sweep.py::sweep": "real services delete in their own time",
        "tests/lab/openstack/test_guest.py::say": "a guest boots in its own time",
    },
)
def tests_do_not_sleep(source: Source) -> Iterator[Found]:
    """A test that sleeps is slow on a good day and wrong on a bad one."""
    for node in source.nodes:
        if isinstance(node, ast.Call) and called(node) in ("sleep", "wait_for_timeout"):
            yield source.found(node, ast.unparse(node.func))


@rule(
    "tests/*.py",
    "bench/*.py",
    bites="""
from unittest.mock import patch
""",
)
def nothing_is_mocked(source: Source) -> Iterator[Found]:
    """A mock of our own code proves that the mock works; the practice cloud is there."""
    for node in source.nodes:
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        if isinstance(node, ast.arg):
            names = [node.arg]
        for name in names:
            if re.search(r"\bmock(er)?\b", name):
                yield source.found(node, f"uses {name}")


@rule(
    "tests/*/test_*.py",
    bites="""
def test_create(): ...
""",
    fine="""
def test_create_refuses_readers(): ...
""",
)
def test_names_are_sentences(source: Source) -> Iterator[Found]:
    """The name is all one reads when a test fails; two words do not say what broke."""
    for name, function in source.functions:
        if function.name.startswith("test_") and len(function.name.split("_")) < 4:
            yield Found(function.lineno, name, "say what is true, in three words or more")


@rule(
    "tests/browser/*.py",
    "tests/e2e/*.py",
    bites="""
def test_a_member_orders_a_machine(page):
    page.locator("div > .row:nth-child(2)").click()
""",
    fine="""
def test_a_member_orders_a_machine(page):
    page.get_by_role("row", name="web-1").click()
""",
)
def journeys_use_roles_and_labels(source: Source) -> Iterator[Found]:
    """A selector of markup breaks with every redesign and says nothing about what people see."""
    for node in source.nodes:
        if not isinstance(node, ast.Call) or called(node) not in MARKUP:
            continue
        if [ast.unparse(argument) for argument in node.args] != ["'html'"]:  # has no role
            yield source.found(node, ast.unparse(node)[:60])
