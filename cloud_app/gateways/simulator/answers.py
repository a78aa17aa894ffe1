"""The refusals of real clouds, as the real adapter translates them.

The keys are those of `gateways/openstack/errors.py`; the texts, which travel as
`detail` only, are those that Nova, Neutron and Keystone were seen to give.
"""

from cloud_app.domain.errors import Conflict, NotFound, QuotaExceeded, Refused, Unavailable

NO_VALID_HOST = "No valid host was found."
NO_NETWORK = "Build of instance aborted: Failed to allocate the network(s), not rescheduling."
"""What becomes of the later of two orders for one port, when both were accepted."""


def credential() -> Refused:
    """401: the one refusal that tells the portal to mend a project's own user."""
    text = "The request you have made requires authentication."
    return Refused("error.credential_refused", detail=text)


def no_image() -> Refused:
    """Missing references are 400 in Nova, not 404."""
    return Refused("error.image_gone", detail="Can not find requested image")


def unusable_image(image_id: str) -> Refused:
    return Refused("error.image_unusable", detail=f"Image {image_id} is not active.")


def no_flavor(flavor_id: str) -> Refused:
    return Refused("error.size_gone", detail=f"Flavor {flavor_id} could not be found.")


def too_small(what: str) -> Refused:
    text = f"Flavor's {what} is too small for requested image."
    return Refused("error.size_too_small", detail=text)


def long_user_data() -> Refused:
    text = "Invalid input for field/attribute user_data. Value is too long"
    return Refused("error.cloud_init_refused", detail=text)


def no_name() -> Refused:
    text = "Invalid input for field/attribute name. Value: . '' should be non-empty"
    return Refused(detail=text)


def no_project(project_id: str) -> Refused:
    return Refused(detail=f"Project ID {project_id} is not a valid project.")


def no_server(server_id: str) -> NotFound:
    return NotFound(detail=f"Instance {server_id} could not be found.")


def vanished(what: str, name: str) -> Conflict:
    """Something that was there a moment ago and is needed now."""
    return Conflict(detail=f"{what}NotFound: {what} {name} could not be found.")


def quota(name: str, requested: int, used: int, limit: int) -> QuotaExceeded:
    return QuotaExceeded("error.cloud_quota", detail=quota_text(name, requested, used, limit))


def quota_text(name: str, requested: int, used: int, limit: int) -> str:
    return (
        f"Quota exceeded for {name}: Requested {requested}, "
        f"but already used {used} of {limit} {name}"
    )


def over_quota(resource: str) -> QuotaExceeded:
    """Neutron says 409 where Nova says 403; both mean the same."""
    text = f"OverQuota: Quota exceeded for resources: ['{resource}']."
    return QuotaExceeded("error.cloud_quota", detail=text)


def wrong_state(verb: str, server_id: str, state: str) -> Conflict:
    return Conflict(detail=f"Cannot '{verb}' instance {server_id} while it is in {state}")


def still_deleting() -> Conflict:
    return Conflict(detail="the earlier server is still being deleted")


def port_in_use(port_id: str) -> Conflict:
    return Conflict(detail=f"Port {port_id} is still in use.")


def port_has_address(port_id: str) -> Conflict:
    text = f"FloatingIPPortAlreadyAssociated: port {port_id} already has a floating IP"
    return Conflict(detail=text)


def network_full(network: str) -> Refused:
    text = f"IpAddressGenerationFailure: No more IP addresses available on network {network}."
    return Refused("error.network_full", detail=text)


def no_address(network: str) -> Refused:
    text = f"IpAddressGenerationFailure: No more IP addresses available on network {network}."
    return Refused("error.no_address", detail=text)


def rest(call: str, seconds: float) -> Unavailable:
    return Unavailable("error.cloud_asks_to_wait", detail=f"{call}: 429", seconds=seconds)


def broken(call: str) -> Unavailable:
    return Unavailable(detail=f"{call}: Unexpected API Error.")


def unreadable(call: str) -> Unavailable:
    return Unavailable(detail=f"{call}: unexpected answer: JSONDecodeError")


def silence(call: str, seconds: float) -> Unavailable:
    return Unavailable("error.cloud_silent", detail=f"{call}: no answer after {seconds} s")
