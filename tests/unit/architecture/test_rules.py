"""Holds every rule against every file it is about, and checks that every rule can bite."""

from pathlib import PurePosixPath

import pytest

from . import (
    rules_borders,
    rules_doors,
    rules_form,
    rules_pages,
    rules_secrets,
    rules_states,
    rules_tables,
    rules_tests,
)
from .sources import ROOT, RULES, Rule, Source, sources

BOOKS = (
    rules_borders,
    rules_doors,
    rules_form,
    rules_pages,
    rules_secrets,
    rules_states,
    rules_tables,
    rules_tests,
)
"""Importing them declares their rules."""
CHECKED = [s for p, s in sources().items() if any(rule.holds_in(p) for rule in RULES)]


@pytest.mark.parametrize("source", CHECKED, ids=lambda source: source.path)
def test_file_keeps_the_rules(source: Source):
    broken = [
        f"{source.path}:{found.line}: {found.name or 'top'}: {found.what}"
        f"\n    {rule.name}: {rule.harm}"
        for rule in RULES
        if rule.holds_in(source.path)
        for found in rule.findings(source)
        if not rule.excuse(source.path, found)
    ]

    assert not broken, "\n" + "\n".join(broken)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_rule_bites_its_sample_and_leaves_the_other_alone(rule: Rule):
    assert list(rule.check(rule.sample(rule.bites)))
    assert not list(rule.check(rule.sample(rule.fine)))
    assert rule.harm, "a rule says which harm it prevents"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_excuses_are_still_needed(rule: Rule):
    used = {
        rule.excuse(path, found)
        for path, source in sources().items()
        if rule.excused and rule.holds_in(path)
        for found in rule.findings(source)
    }

    assert set(rule.excused) <= used


def test_no_module_is_a_drawer():
    """`utils` and its kin are where things go that nobody named."""
    drawers = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc"}
    drawers |= {"data", "info", "base_classes", "stuff", "lib", "core", "shared"}

    found = [
        path
        for folder in ("cloud_app", "tools", "tests", "bench")
        for path in (ROOT / folder).rglob("*.py")
        if drawers & set(PurePosixPath(path.relative_to(ROOT).with_suffix("").as_posix()).parts)
    ]

    assert not found


def test_migrations_do_not_hide_the_library():
    """A regular package named alembic at the top would be imported instead of the library."""
    assert not (ROOT / "alembic" / "__init__.py").exists()
