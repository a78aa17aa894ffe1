"""Everything that can go wrong in a way the user should hear about.

PortalError
├── Unauthenticated   nobody is signed in
├── NotAllowed        the actor may not do this here
├── NotFound          no such thing, or not visible to the actor
├── Invalid           the input is wrong; says which field
├── Conflict          right input, wrong moment
├── QuotaExceeded     the project has no room left
├── TooMany           asked too often; says when to come back
├── Refused           a cloud understood and said no; asking again will not help
└── Unavailable       a cloud did not answer; worth trying again

Anything else that is raised is a bug.
"""

from collections.abc import Mapping


class PortalError(Exception):
    """Carries a catalogue key and its values, never a finished sentence.

    `detail` is what a cloud said, for the log and the folded "details" only.
    """

    key = "error.unexpected"

    def __init__(self, key: str | None = None, *, detail: str = "", **values: str | int) -> None:
        self.key = key or type(self).key
        self.values = values
        self.detail = detail
        self.service = ""
        """Which service of a cloud said so: identity, compute, network or image."""
        super().__init__(f"{self.key} {values} {detail}".strip())


class Unauthenticated(PortalError):
    key = "error.unauthenticated"


class NotAllowed(PortalError):
    key = "error.not_allowed"


class NotFound(PortalError):
    key = "error.not_found"


class Invalid(PortalError):
    """Says what is wrong at which field: field name to catalogue key."""

    key = "error.invalid"

    def __init__(self, fields: Mapping[str, str], **values: str | int) -> None:
        super().__init__(None, detail="", **values)
        self.fields = dict(fields)


class Conflict(PortalError):
    key = "error.conflict"


class QuotaExceeded(PortalError):
    key = "error.quota_exceeded"


class TooMany(PortalError):
    """`seconds` is how long to wait."""

    key = "error.too_many"

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds=seconds)
        self.seconds = seconds


class Refused(PortalError):
    key = "error.refused"


class Unavailable(PortalError):
    """`seconds` is how long the cloud asks to be left alone; 0 where it did not say."""

    key = "error.unavailable"

    def __init__(self, key: str | None = None, *, detail: str = "", seconds: float = 0) -> None:
        super().__init__(key, detail=detail)
        self.seconds = seconds
