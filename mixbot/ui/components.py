"""Buttons, menus, forms and layouts as Discord's JSON has them.

A row is plain JSON, because discord.py's views would be built, sent, received, read back and
thrown away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import orjson

Component: TypeAlias = dict[str, Any]
Rows: TypeAlias = Sequence[Component]

PRIMARY, SECONDARY, DANGER = 1, 2, 4
MOST_OPTIONS = 25  # in one menu
FIELD_LIMIT = 4000  # characters in a field of a form
URL_LIMIT = 512  # characters of a link button's address


def written(part: Any) -> orjson.Fragment:
    """`part` as JSON in JSON, for what is kept and sent again and again."""
    return orjson.Fragment(packed(part))


def packed(data: Any) -> bytes:
    """`data` as JSON that is kept.

    It is copied, as orjson leaves eight kilobytes of room even with what is much smaller.
    """
    return bytes(memoryview(orjson.dumps(data)))


def row(*components: Component) -> Component:
    """Up to five buttons, or one menu, beside each other."""
    return {"type": 1, "components": list(components)}


def button(
    label: str, custom_id: str, *, style: int = SECONDARY, disabled: bool = False
) -> Component:
    return {
        "type": 2,
        "label": label,
        "custom_id": custom_id,
        "style": style,
        "disabled": disabled,
    }


def link_button(label: str, url: str) -> Component:
    return {"type": 2, "style": 5, "label": label, "url": url}


def link_buttons(label: str, url: str) -> list[Component]:
    """A button that leads to `url`, or none where Discord would refuse one that long."""
    return [link_button(label, url)] if len(url) <= URL_LIMIT else []


def menu(custom_id: str, options: Any, *, placeholder: str) -> Component:
    """A menu of which one option is taken."""
    return {
        "type": 3,
        "custom_id": custom_id,
        "options": options,
        "placeholder": placeholder,
    }


def option(label: str, value: str, description: str = "", *, default: bool = False) -> Component:
    """A line of a menu; the `default` one is shown as chosen."""
    line: Component = {"label": label, "value": value}
    if description:
        line["description"] = description
    if default:
        line["default"] = True
    return line


# Forms


def form(title: str, custom_id: str, *fields: Component) -> Component:
    """A form of up to five fields."""
    return {"custom_id": custom_id, "title": title, "components": list(fields)}


def text_field(
    label: str,
    field_id: str,
    *,
    value: str = "",
    about: str = "",
    required: bool = False,
    lines: bool = False,
    shortest: int = 0,
    longest: int = FIELD_LIMIT,
) -> Component:
    """A text of one line, or of several, with what stands in it already."""
    field: Component = {
        "type": 4,
        "style": 2 if lines else 1,
        "custom_id": field_id,
        "required": required,
        "min_length": shortest,
        "max_length": longest,
    }
    if value:
        field["value"] = value
    return _labelled(label, about, field)


def files_field(label: str, field_id: str, *, least: int, most: int, about: str = "") -> Component:
    """From `least` to `most` files."""
    return _labelled(
        label,
        about,
        {
            "type": 19,
            "custom_id": field_id,
            "required": least > 0,
            "min_values": least,
            "max_values": most,
        },
    )


def _labelled(label: str, about: str, field: Component) -> Component:
    labelled: Component = {"type": 18, "label": label, "component": field}
    if about:
        labelled["description"] = about
    return labelled


# Layouts (components v2)


def text(content: str) -> Component:
    """Text with Discord's formatting."""
    return {"type": 10, "content": content}


def section(texts: Iterable[str], picture: str, alt: str) -> Component:
    """One to three texts with a small picture beside them."""
    thumbnail = {"type": 11, "media": {"url": picture}, "description": alt}
    return {"type": 9, "components": [text(one) for one in texts], "accessory": thumbnail}


def gallery(picture: str, alt: str) -> Component:
    """A picture as large as it is shown."""
    return {"type": 12, "items": [{"media": {"url": picture}, "description": alt}]}


def line() -> Component:
    """A thin line between two parts."""
    return {"type": 14, "divider": True, "spacing": 1}


def container(parts: Iterable[Component], colour: int) -> Component:
    """A frame around `parts` with a coloured edge."""
    return {"type": 17, "components": list(parts), "accent_color": colour}
