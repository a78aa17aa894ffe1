"""What every table shares: constraint names, UTC instants, words instead of native enums."""

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import declared_attr
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

E = TypeVar("E", bound=StrEnum)

HELD: Any = {"key_share": True}
"""For `with_for_update` on a row that others refer to: they still may."""

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Row(SQLModel):
    """A table named for its class: `CloudProjectRecord` is kept in `cloud_project`."""

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805 # pyright: ignore[reportIncompatibleVariableOverride] - as SQLModel has it
        words = re.findall("[A-Z][a-z]+", cls.__name__.removesuffix("Record"))
        return "_".join(words).lower()


class Moment(TypeDecorator[datetime]):
    """An instant: aware on the way in, UTC in the table, aware UTC on the way out.

    SQLite drops the zone, so it is put back here.
    """

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


class Word(TypeDecorator[E], Generic[E]):
    """An enum kept as plain text: a new value needs no migration."""

    impl = sa.String(32)
    cache_ok = True

    def __init__(self, kind: type[E]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: E | str | None, dialect: Any) -> str | None:
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: str | None, dialect: Any) -> E | None:
        return None if value is None else self.kind(value)


async def add_if_absent(session: AsyncSession, row: Row) -> bool:
    """Insert a row that somebody else may insert at this very moment; tell whether it was ours."""
    kind = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    insert = kind.insert(type(row)).values(row.model_dump()).on_conflict_do_nothing()
    return (await session.exec(insert)).rowcount == 1
