"""The refusals of real clouds, as the real adapter translates them.

Texts are those that Nova, Neutron and Keystone were seen to give; they travel as
`detail` only. One place, so that a change in the real adapter is one change here.
"""

from cloud_app.domain.errors import Conflict, NotFound, QuotaExceeded, Refused


def credential() -> Refused:
    """401: the one refusal that tells the portal to mend a project's own user."""
    return Refused(
        "error.credential_refused",
        detail="The request you have made requires authentication. (HTTP 401)",
    )


def bad_request(text: str) -> Refused:
    """400: Nova answers a missing image, flavor or port with this, not with 404."""
    return Refused(detail=text)


def missing(what: str, name: str) -> NotFound:
    return NotFound(detail=f"{what} {name} could not be found.")


def quota(name: str, requested: int, used: int, limit: int) -> QuotaExceeded:
    return QuotaExceeded(detail=quota_text(name, requested, used, limit))


def quota_text(name: str, requested: int, used: int, limit: int) -> str:
    return (
        f"Quota exceeded for {name}: Requested {requested}, "
        f"but already used {used} of {limit} {name}"
    )


def over_quota(resource: str) -> QuotaExceeded:
    """Neutron says 409 where Nova says 403; both mean the same."""
    return QuotaExceeded(detail=f"Quota exceeded for resources: ['{resource}'].")


def wrong_state(verb: str, server_id: str, state: str) -> Conflict:
    return Conflict(detail=f"Cannot '{verb}' instance {server_id} while it is in {state}")


def port_in_use(port_id: str) -> Conflict:
    return Conflict(detail=f"Port {port_id} is still in use.")


def no_address(text: str) -> Refused:
    return Refused("error.no_address", detail=text)


NO_VALID_HOST = "No valid host was found. "
"""With the trailing space that Nova writes."""


def no_fixed_ip(network_id: str) -> Conflict:
    return Conflict(detail=f"No more IP addresses available on network {network_id}.")
