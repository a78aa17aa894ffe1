"""Who did what: rows are only ever added."""

from datetime import datetime

from sqlmodel import Field
from sqlmodel.ext.asyncio.session import AsyncSession

from cloud_app.domain.actor import Action, Actor
from cloud_app.models.base import Moment, Row


class AuditRecord(Row, table=True):
    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=Moment, index=True)
    account_id: str = Field(index=True)
    """Empty when nobody was signed in."""
    action: str = Field(max_length=40)
    what: str = Field(default="", max_length=40)
    """The verb, such as `order` or `give_back`."""
    object_id: str = Field(default="", index=True, max_length=64)
    project_id: str = Field(default="", max_length=32)
    result: str = Field(default="done", max_length=64)
    """`done`, or the catalogue key of the refusal."""
    request_id: str = Field(default="", max_length=64)


def write_down(
    session: AsyncSession,
    actor: Actor | None,
    action: Action,
    *,
    at: datetime,
    what: str = "",
    object_id: str = "",
    project_id: str = "",
    result: str = "done",
    request_id: str = "",
) -> None:
    """Add one row to the trail, in the transaction that does the thing."""
    session.add(
        AuditRecord(
            at=at,
            account_id=actor.account_id if actor else "",
            action=action.value,
            what=what,
            object_id=object_id,
            project_id=project_id,
            result=result,
            request_id=request_id,
        )
    )
