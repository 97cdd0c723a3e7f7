"""The frames that embed codes and oEmbed hand out."""

from collections.abc import Mapping
from html import escape
from urllib.parse import urlencode
from xml.etree.ElementTree import Element, SubElement, tostring

from mixbot.sandbox.mixcloud.records import Show, User
from mixbot.sandbox.mixcloud.render import SITE, THUMBNAILER, Json

PLAYER = "https://player-widget.mixcloud.com/widget/iframe/"
BAR_HEIGHT = 120


def player_frame(key: str, asked: Mapping[str, str]) -> str:
    """An iframe with the player, as wide, high and light as `asked`."""
    options = {"hide_cover": "1", "feed": key}
    if asked.get("light") == "1":
        options["light"] = "1"
    width, height = _length(asked.get("width"), "100%"), _length(asked.get("height"), BAR_HEIGHT)
    source = escape(f"{PLAYER}?{urlencode(options)}")
    return f'<iframe width="{width}" height="{height}" src="{source}" frameborder="0" ></iframe>'


def oembed(subject: Show | User, asked: Mapping[str, str]) -> Json:
    """What oEmbed says of a show or a person. There is no `thumbnail_url`, only `image`."""
    author = subject.user if isinstance(subject, Show) else subject
    html = player_frame(subject.key, asked)
    height = asked.get("height", "")
    return {
        "type": "rich",
        "version": "1.0",
        "title": subject.name,
        "author_name": author.name,
        "author_url": SITE + author.key,
        "provider_name": "Mixcloud",
        "provider_url": f"{SITE}/",
        "url": SITE + subject.key,
        "html": html,
        "embed": html,
        "image": f"{THUMBNAILER}/600x600/{subject.picture}",
        "width": "100%",
        "height": int(height) if height.isdigit() else BAR_HEIGHT,
    }


def oembed_xml(answer: Json) -> bytes:
    root = Element("oembed")
    for name, value in answer.items():
        SubElement(root, name).text = str(value)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


def _length(asked: str | None, default: str | int) -> str:
    """A number of pixels or a percentage; anything else is not let into the markup."""
    return asked if asked and asked.removesuffix("%").isdigit() else str(default)
