"""Names that users of aiomixcloud know, doing what they do there."""

from datetime import UTC, datetime
from typing import Any

import pytest

from mixbot.mixcloud import InvalidArgument, InvalidUpload, Mixcloud, Unauthorized
from mixbot.mixcloud.datetime import Moment, format_datetime, to_timestamp
from mixbot.mixcloud.decorators import displayed, paginated, personal, targeting, uploading
from mixbot.mixcloud.json import MixcloudJSONDecoder
from mixbot.sandbox import MixcloudServer
from tests.mixcloud.conftest import Client


class Mine(Mixcloud):
    """A client with methods of somebody's own."""

    @paginated
    async def rising(self, genre: str, params: dict[str, str]) -> Any:
        return genre, params

    @displayed
    async def framed(self, key: str, params: dict[str, str]) -> Any:
        return key, params

    @uploading
    async def sent(self, params: dict[str, str], *, twice: bool = False) -> Any:
        return params, twice

    @targeting
    @personal
    async def applaud(self, key: str, times: int = 1) -> Any:
        return key, times


async def test_decorators_make_one_dict_of_what_is_given() -> None:
    mine: Any = Mine(access_token=None)
    assert await mine.rising("jazz", page=2) == ("jazz", {"offset": "40", "limit": "20"})
    assert await mine.framed("a/b", width=300) == ("a/b", {"width": "300"})
    assert await mine.sent(tags=["a"], twice=True) == ({"tags-0-tag": "a"}, True)
    with pytest.raises(InvalidArgument, match="offset"):
        await mine.rising("jazz", offset=-1)
    with pytest.raises(InvalidUpload):
        await mine.sent(tags=[""])
    with pytest.raises(Unauthorized):
        await mine.applaud("a/b")


async def test_what_targets_is_a_method_of_resources(server: MixcloudServer) -> None:
    async with Mine(server.api_url, access_token=server.token_for("listener")) as mine:
        show = await mine.get("juno/show-1")
        assert await show.applaud(times=3) == ("/juno/show-1/", 3)


async def test_its_decoder_makes_datetimes_of_dates_only(
    client: Client, server: MixcloudServer
) -> None:
    server.catalogue.add_show("juno", "22.12.2017", description="May", created=datetime(2017, 5, 1))
    mixcloud = client(json_decoder_class=MixcloudJSONDecoder)
    show = await mixcloud.get("juno/22-12-2017")
    assert (show.name, show.description) == ("22.12.2017", "May")
    assert isinstance(show.data["created_time"], datetime)
    assert show.created_time == show["created_time"] == show.data["created_time"]
    assert MixcloudJSONDecoder.object_hook({"created_time": "soon"}) == {"created_time": "soon"}


@pytest.mark.parametrize(
    "moment",
    [1447941900, 1447941900.5, "2015-11-19 14:05 UTC", datetime(2015, 11, 19, 14, 5, tzinfo=UTC)],
)
def test_moments(moment: Moment) -> None:
    assert to_timestamp(moment) == 1447941900
    assert format_datetime(moment) == "2015-11-19T14:05:00Z"


@pytest.mark.parametrize("moment", [float("nan"), float("inf"), 1e300, True, None, "soon", [], ""])
def test_what_is_no_moment(moment: Any) -> None:
    with pytest.raises(InvalidArgument, match="is not a"):
        to_timestamp(moment)
