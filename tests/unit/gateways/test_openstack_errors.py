"""Every refusal of OpenStack that was seen on real services, and what it means here."""

import pytest
from keystoneauth1 import exceptions as auth
from requests import RequestException, Response
from requests.exceptions import JSONDecodeError

from cloud_app.domain.errors import (
    Conflict,
    NotFound,
    PortalError,
    QuotaExceeded,
    Refused,
    Unavailable,
)
from cloud_app.gateways.openstack.errors import (
    nothing_missing,
    pool_exhausted,
    portal_errors,
    translated,
)

ID = "00000000-0000-0000-0000-000000000000"


def nova(code: int, message: str) -> str:
    return f'{{"anything": {{"code": {code}, "message": "{message}"}}}}'


def neutron(kind: str, message: str) -> str:
    return f'{{"NeutronError": {{"type": "{kind}", "message": "{message}", "detail": ""}}}}'


def glance(code: int, message: str) -> str:
    return (
        f"<html>\n <head>\n  <title>{code} Title</title>\n </head>\n <body>\n"
        f"  <h1>{code} Title</h1>\n  {message}<br /><br />\n\n </body>\n</html>"
    )


def answered(status: int, body: str) -> PortalError:
    response = Response()
    response.status_code = status
    response.headers["Content-Type"] = "text/html" if body.startswith("<") else "application/json"
    response._content = body.encode()
    return translated(auth.from_response(response, "POST", "http://cloud/"))


@pytest.mark.parametrize(
    ("status", "body", "kind", "key"),
    [
        (
            403,
            nova(403, "Quota exceeded for instances: Requested 1, but already used 1 of 1"),
            QuotaExceeded,
            "error.cloud_quota",
        ),
        (403, nova(403, "Quota exceeded, too many key pairs."), QuotaExceeded, "error.cloud_quota"),
        (403, nova(403, "Maximum number of ports exceeded"), QuotaExceeded, "error.cloud_quota"),
        (
            409,
            neutron("OverQuota", "Quota exceeded for resources: ['floatingip']."),
            QuotaExceeded,
            "error.cloud_quota",
        ),
        (
            413,
            nova(413, "VolumeLimitExceeded: Maximum number of volumes allowed (1) exceeded"),
            QuotaExceeded,
            "error.cloud_quota",
        ),
        (
            413,
            nova(413, "VolumeSizeExceedsAvailableQuota: Requested volume exceeds allowed quota."),
            QuotaExceeded,
            "error.cloud_quota",
        ),
        (413, "Upload exceeds quota.", QuotaExceeded, "error.cloud_quota"),
        (413, "<html>Request Entity Too Large</html>", Refused, "error.refused"),
        (
            403,
            nova(403, "Policy doesn't allow os_compute_api:os-quota-sets:update to be performed."),
            Refused,
            "error.cloud_forbids",
        ),
        (
            403,
            neutron("PolicyNotAuthorized", "rule:delete_port is disallowed by policy"),
            Refused,
            "error.cloud_forbids",
        ),
        (
            403,
            nova(403, "Only volume-backed servers are allowed for flavors with zero disk."),
            Refused,
            "error.size_without_disk",
        ),
        (400, nova(400, "Can not find requested image"), Refused, "error.image_gone"),
        (400, nova(400, f"Image {ID} could not be found."), Refused, "error.image_gone"),
        (400, nova(400, f"Image {ID} is not active."), Refused, "error.image_unusable"),
        (400, nova(400, "Flavor nope could not be found."), Refused, "error.size_gone"),
        (
            400,
            nova(400, "Flavor's disk is too small for requested image."),
            Refused,
            "error.size_too_small",
        ),
        (400, nova(400, f"Network {ID} could not be found."), Refused, "error.refused"),
        (
            400,
            neutron("ExternalIpAddressExhausted", "Unable to find any IP address"),
            Refused,
            "error.no_address",
        ),
        (
            409,
            neutron("IpAddressGenerationFailure", "No more IP addresses available"),
            Refused,
            "error.network_full",
        ),
        (409, neutron("SecurityGroupRuleExists", "It exists."), Conflict, "error.conflict"),
        (
            409,
            nova(409, f"Cannot 'stop' instance {ID} while it is in vm_state stopped"),
            Conflict,
            "error.conflict",
        ),
        (401, '{"error": {"message": "Please."}}', Refused, "error.credential_refused"),
        (404, nova(404, f"Instance {ID} could not be found."), NotFound, "error.not_found"),
        (404, glance(404, f"No image found with ID {ID}"), NotFound, "error.not_found"),
        (415, glance(415, "Image disk_format does not match"), Refused, "error.refused"),
        (408, "", Unavailable, "error.unavailable"),
        (429, nova(429, "This request was rate-limited."), Unavailable, "error.cloud_asks_to_wait"),
        (500, nova(500, "Unexpected API Error."), Unavailable, "error.unavailable"),
        (502, "<html>Bad Gateway</html>", Unavailable, "error.unavailable"),
        (503, "", Unavailable, "error.unavailable"),
        (504, "<html>Gateway Time-out</html>", Unavailable, "error.unavailable"),
    ],
)
def test_an_answer_is_translated(status: int, body: str, kind: type[PortalError], key: str) -> None:
    error = answered(status, body)

    assert (type(error), error.key) == (kind, key)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (nova(409, "Cannot 'stop' it"), "Cannot 'stop' it"),
        (neutron("NetworkInUse", "Ports exist."), "NetworkInUse: Ports exist."),
        ('{"error": {"code": 409, "message": "Taken.", "title": "Conflict"}}', "Taken."),
        (
            '{"errors": [{"status": 409, "title": "Conflict", "detail": "Generation."}]}',
            "Conflict: Generation.",
        ),
        (glance(409, "Not &#x27;allowed&#x27;"), "409 Title Not 'allowed'"),
        ("[]", "Unrecognized schema in response body. (HTTP 409)"),
    ],
)
def test_the_clouds_own_words_are_kept_as_detail(body: str, detail: str) -> None:
    assert answered(409, body).detail == detail


def test_user_data_that_nova_repeats_is_not_kept() -> None:
    words = "Invalid input for field/attribute user_data. Value: JDYkc2FsdA==. It is too long"

    error = answered(400, nova(400, words))

    assert error.key == "error.cloud_init_refused"
    assert error.detail == "Invalid input for field/attribute user_data"


@pytest.mark.parametrize(
    ("raised", "kind", "key"),
    [
        (auth.ConnectFailure("refused"), Unavailable, "error.cloud_silent"),
        (auth.ConnectTimeout("timed out"), Unavailable, "error.cloud_silent"),
        (auth.SSLError("untrusted"), Unavailable, "error.cloud_silent"),
        (auth.UnknownConnectionError("cut", OSError()), Unavailable, "error.cloud_silent"),
        (auth.EndpointNotFound("no compute"), Refused, "error.cloud_misconfigured"),
        (auth.AuthorizationFailure("no token"), Refused, "error.credential_refused"),
        (auth.DiscoveryFailure("odd"), Unavailable, "error.unavailable"),
        (JSONDecodeError("not JSON", "<html>", 0), Unavailable, "error.unavailable"),
        (RequestException("anything"), Unavailable, "error.unavailable"),
    ],
)
def test_no_answer_is_translated_and_keeps_its_cause(
    raised: Exception, kind: type[PortalError], key: str
) -> None:
    with pytest.raises(PortalError) as error, portal_errors():
        raise raised

    assert (type(error.value), error.value.key) == (kind, key)
    assert error.value.__cause__ is raised


def test_what_vanished_meanwhile_is_a_wrong_moment() -> None:
    with pytest.raises(Conflict) as error, nothing_missing():
        raise NotFound(detail="Port p could not be found.")

    assert error.value.detail == "Port p could not be found."


@pytest.mark.parametrize(
    ("key", "said"),
    [("error.network_full", "error.no_address"), ("error.cloud_forbids", "error.cloud_forbids")],
)
def test_a_full_network_is_an_exhausted_pool_where_an_external_address_is_taken(
    key: str, said: str
) -> None:
    with pytest.raises(Refused) as error, pool_exhausted():
        raise Refused(key, detail="No more IP addresses available")

    assert error.value.key == said
