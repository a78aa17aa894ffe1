"""Who is asking, and what that lets them do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cloud_app.domain.errors import NotAllowed


class Role(StrEnum):
    """What an account is on this campus."""

    STUDENT = "student"
    INSTRUCTOR = "instructor"
    STAFF = "staff"


class Membership(StrEnum):
    """What an account is in one project."""

    OWNER = "owner"
    MEMBER = "member"
    VIEWER = "viewer"


class Action(StrEnum):
    """What can be asked for; also the verb in the audit trail."""

    SEE_MACHINES = "machines.see"
    CHANGE_MACHINES = "machines.change"
    SEE_SITE = "site.see"
    CHANGE_SITE = "site.change"
    LOG_IN = "accounts.log_in"
    LOG_OUT = "accounts.log_out"


_IN_PROJECT: Mapping[Action, frozenset[Membership]] = {
    Action.SEE_MACHINES: frozenset(Membership),
    Action.CHANGE_MACHINES: frozenset({Membership.OWNER, Membership.MEMBER}),
}
_STAFF_ONLY = frozenset({Action.SEE_SITE, Action.CHANGE_SITE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """One signed-in account, as it was when this request began."""

    account_id: str
    handle: str
    name: str
    role: Role
    projects: Mapping[str, Membership] = field(default_factory=dict[str, Membership])
    """Project id to what the account is there."""

    def may(self, action: Action, project_id: str = "") -> bool:
        """Tell whether this actor may do `action`, in `project_id` where that matters."""
        if action in _STAFF_ONLY:
            return self.role is Role.STAFF
        membership = self.projects.get(project_id)
        return membership is not None and membership in _IN_PROJECT.get(action, frozenset())

    def require(self, action: Action, project_id: str = "") -> None:
        """Refuse with NotAllowed unless this actor may do `action`."""
        if not self.may(action, project_id):
            raise NotAllowed()
