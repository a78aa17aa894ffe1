"""How often one account, and one address without one, is answered."""

from cloud_app.bootstrap import Portal
from cloud_app.domain.actor import Actor
from cloud_app.domain.logins import new_token
from cloud_app.services.pace import WINDOW
from tests.api.conftest import Client, MakeClient
from tests.make import Clock

SERVERS = "/api/v1/servers"


async def test_one_account_cannot_take_the_api_for_itself(
    portal: Portal, script: Client, student: Actor, clock: Clock
):
    portal.paces.requests._full_at[student.account_id] = clock() + WINDOW

    refused = await script.get(SERVERS)

    assert refused.status_code == 429
    assert refused.json()["type"] == "error.too_many"
    assert int(refused.headers["retry-after"]) >= 1


async def test_made_up_tokens_are_looked_up_so_often_and_no_more(
    portal: Portal, client: MakeClient, clock: Clock
):
    portal.paces.strangers._full_at["127.0.0.1"] = clock() + WINDOW

    refused = await client(bearer=new_token()).get(SERVERS)

    assert refused.status_code == 429


async def test_an_answer_tells_how_many_more_there_are(portal: Portal, script: Client):
    most = portal.paces.requests.most

    answer = await script.get(SERVERS)

    assert answer.headers["ratelimit-policy"] == f'"account";q={most};w=60'
    assert answer.headers["ratelimit"].startswith(f'"account";r={most - 1};')
