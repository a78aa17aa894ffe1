"""The practice cloud as `bootstrap` builds it: the gateways over one World."""

from cloud_app.gateways.protocols import Cloud
from cloud_app.gateways.simulator.catalog import PracticeCatalog
from cloud_app.gateways.simulator.compute import PracticeCompute
from cloud_app.gateways.simulator.identity import PracticeIdentity
from cloud_app.gateways.simulator.network import PracticeNetwork
from cloud_app.gateways.simulator.reach import PracticeReach
from cloud_app.gateways.simulator.world import World


def practice_cloud(cloud_id: str, world: World) -> Cloud:
    return Cloud(
        id=cloud_id,
        identity=PracticeIdentity(world),
        network=PracticeNetwork(world),
        compute=PracticeCompute(world),
        catalog=PracticeCatalog(world),
        reach=PracticeReach(world),
    )
