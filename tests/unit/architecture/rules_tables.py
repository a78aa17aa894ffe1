"""Rules about tables: transactions that are short and whole, a schema with a history."""

import ast
from collections.abc import Iterator

from .sources import Found, Source, called, rule

GATEWAYS = frozenset(
    {"network", "compute", "identity", "catalog", "volume", "objects", "apps", "quota", "gateways"}
)
QUESTIONS = frozenset({"select", "update", "delete", "insert"})


@rule(
    "cloud_app/*.py",
    bites="""
async def step(self):
    async with self.db.begin() as session:
        await self.cloud.compute.delete_server(row.id)
""",
    fine="""
async def step(self):
    async with self.db.begin() as session:
        row = await session.get(Row, 1)
    await self.cloud.compute.delete_server(row.id)
""",
)
def no_cloud_is_asked_inside_a_transaction(source: Source) -> Iterator[Found]:
    """Waiting for a cloud with a transaction open holds every other writer for seconds."""
    asking = {
        function.name for _, function in source.functions if any(_gateway_calls(function))
    } - {"__call__", "__init__"}
    for name, function in source.functions:
        for block in ast.walk(function):
            if not isinstance(block, ast.AsyncWith) or not _opens_transaction(block):
                continue
            for line in block.body:
                for call in _gateway_calls(line):
                    yield Found(call.lineno, name, f"asks {ast.unparse(call.func)}")
                for node in ast.walk(line):
                    if not isinstance(node, ast.Await) or not isinstance(node.value, ast.Call):
                        continue
                    said = ast.unparse(node.value.func)
                    if called(node.value) in asking and "self." in said:
                        yield Found(node.lineno, name, f"awaits {said}")


@rule(
    "cloud_app/*.py",
    bites="""
async def save(session):
    await session.commit()
""",
)
def nobody_commits_by_hand(source: Source) -> Iterator[Found]:
    """`begin()` commits once, at the end; a commit in the middle splits a use case in two."""
    for node in source.nodes:
        if isinstance(node, ast.Call) and called(node) in ("commit", "rollback"):
            yield source.found(node, ast.unparse(node.func))


@rule(
    "cloud_app/*.py",
    "tests/*.py",
    "tools/*.py",
    "rxconfig.py",
    bites="""
with rx.session() as session:
    session.add(rx.Model())
""",
)
def reflex_keeps_no_tables(source: Source) -> Iterator[Found]:
    """`rx.Model` is deprecated, and `rx.session` mixes tables into screens."""
    for node in source.nodes:
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("rx.session", "rx.Model"):
            yield source.found(node, ast.unparse(node))


@rule(
    "*.py",
    bites="""
SQLModel.metadata.create_all(engine)
""",
)
def tables_come_from_migrations(source: Source) -> Iterator[Found]:
    """Tables made by `create_all` are not the ones that migrations make, and have no history."""
    for node in source.nodes:
        if isinstance(node, ast.Attribute) and node.attr == "create_all":
            yield source.found(node, "create_all")


@rule(
    "cloud_app/services/*.py",
    "cloud_app/loops/*.py",
    "cloud_app/api/*.py",
    "cloud_app/state/*.py",
    bites="""
async def due(session):
    return await session.exec(select(MachineRecord).where(MachineRecord.settled == False))
""",
    fine="""
async def due(session):
    return await due_machines(session)
""",
)
def tables_are_asked_in_their_own_module(source: Source) -> Iterator[Found]:
    """A query beside its use cannot be found, named or tested when the table changes."""
    for node in source.nodes:
        if isinstance(node, ast.Call) and ast.unparse(node.func) in QUESTIONS:
            yield source.found(node, f"{ast.unparse(node.func)}() outside models")


@rule(
    "alembic/*.py",
    bites='''
"""Give machines an end date."""
def upgrade() -> None:
    from cloud_app.models.machines import MachineRecord
''',
    fine='''
"""Give machines an end date."""
import sqlalchemy as sa
''',
    excused={"alembic/env.py": "knows the tables, to compare them with the database"},
)
def migrations_do_not_know_the_models(source: Source) -> Iterator[Found]:
    """A migration that imports a table changes its meaning whenever the table does."""
    for node in source.nodes:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cloud_app"):
            yield source.found(node, f"imports {node.module}")


def _opens_transaction(block: ast.AsyncWith) -> bool:
    opened = [called(item.context_expr) for item in block.items]
    return "begin" in opened or "read" in opened


def _gateway_calls(node: ast.AST) -> Iterator[ast.Call]:
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            owner = call.func.value
            if isinstance(owner, ast.Attribute) and owner.attr in GATEWAYS:
                yield call
