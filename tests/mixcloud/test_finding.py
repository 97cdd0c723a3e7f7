"""People, shows, tags, cities and categories by name."""

import pytest

from mixbot.mixcloud import Cloudcast, InvalidArgument, Mixcloud, NotFound, Tag, User
from mixbot.sandbox import MixcloudServer


async def test_people_and_shows(mixcloud: Mixcloud) -> None:
    assert type(await mixcloud.user("juno")) is User
    assert type(await mixcloud.user("https://www.mixcloud.com/caf%C3%A9/")) is User
    assert type(await mixcloud.cloudcast("juno/show-1")) is Cloudcast


async def test_what_is_something_else_is_not_found(mixcloud: Mixcloud) -> None:
    with pytest.raises(NotFound, match="is a Cloudcast and no User"):
        await mixcloud.user("juno/show-1")
    with pytest.raises(NotFound, match="is a User and no Cloudcast"):
        await mixcloud.cloudcast("juno")
    with pytest.raises(NotFound):
        await mixcloud.artist("aphex-twin")


async def test_tags_cities_and_both(mixcloud: Mixcloud, server: MixcloudServer) -> None:
    athens = server.catalogue.add_user("eleni", city="Athens")
    server.catalogue.add_show(athens, "Plaka by night", tags=("Jazz",))
    for tag, count in (
        (await mixcloud.discover("jazz"), 20),
        (await mixcloud.discover("jazz", city="athens"), 1),
        (await mixcloud.discover("jazz+city:athens"), 1),
        (await mixcloud.discover(city="athens"), 1),
    ):
        assert type(tag) is Tag
        assert len(await tag.popular()) == count
    with pytest.raises(InvalidArgument, match="neither a tag nor a city"):
        await mixcloud.discover()


async def test_categories(mixcloud: Mixcloud) -> None:
    categories = await mixcloud.categories()
    found = await mixcloud.category(categories[0].slug)
    assert found.name == categories[0].name
    assert (await found.connection("cloudcasts")) is not None
