"""The fixture that others use in their tests, as they use it."""

import pytest

pytest_plugins = ["pytester"]

CONFTEST = 'pytest_plugins = ["mixbot.sandbox.fixtures"]'
BLOCKING = """
from urllib.request import urlopen

def test_a_show_is_found(mixcloud_server):
    mixcloud_server.catalogue.add_show("ada", "Rain, Recorded")
    with urlopen(f"{mixcloud_server.api_url}/ada/rain-recorded/") as answer:
        assert b"Rain, Recorded" in answer.read()

def test_nothing_of_it_is_left(mixcloud_server):
    assert not mixcloud_server.catalogue.shows
"""
AWAITING = """
from mixbot.mixcloud import Mixcloud

async def test_a_show_is_found(mixcloud_server):
    mixcloud_server.catalogue.add_show("ada", "Rain, Recorded")
    async with Mixcloud(mixcloud_server.api_url, access_token=None) as mixcloud:
        assert (await mixcloud.get("ada/rain-recorded")).name == "Rain, Recorded"
"""


@pytest.mark.parametrize(("tests", "count"), [(BLOCKING, 2), (AWAITING, 1)])
def test_others_can_use_it(pytester: pytest.Pytester, tests: str, count: int) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(tests)
    pytester.makeini("[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function")
    pytester.runpytest_subprocess().assert_outcomes(passed=count)
