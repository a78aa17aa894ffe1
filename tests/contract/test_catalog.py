"""Images are listed with what a size must offer for them."""

import pytest

from cloud_app.gateways.protocols import Cloud

from .proving import Proving

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]


async def test_images_have_names_and_least_sizes(cloud: Cloud) -> None:
    images = await cloud.catalog.images()

    assert images
    assert all(image.id and image.name for image in images)
    assert all(image.min_disk_gib >= 0 and image.min_ram_mib >= 0 for image in images)
    assert len({image.id for image in images}) == len(images)


async def test_the_list_is_the_same_when_asked_again(cloud: Cloud, proving: Proving) -> None:
    first, second = await cloud.catalog.images(), await cloud.catalog.images()

    assert {image.id for image in first} == {image.id for image in second}
    assert proving.image in second


async def test_what_is_offered_can_be_asked_for_by_its_id_and_nothing_else(
    cloud: Cloud, proving: Proving
) -> None:
    nowhere = "00000000-0000-0000-0000-000000000000"
    assert await cloud.catalog.image(nowhere) is None
    assert await cloud.catalog.flavor(nowhere) is None

    assert await cloud.catalog.image(proving.image.id) == proving.image
    assert await cloud.catalog.flavor(proving.flavor.id) == proving.flavor
