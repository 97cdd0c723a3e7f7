"""What Discord accepts in messages, components, forms and autocomplete, and how it complains.

`shapes` has been here before: an object is an object, a list a list, and flags are a number.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from .errors import Json, Refusal, empty_message
from .kinds import SELECTS, ComponentKind, Flag

Path = tuple[str | int, ...]

INPUTS = SELECTS | {
    ComponentKind.TEXT_INPUT,
    ComponentKind.FILE_UPLOAD,
    ComponentKind.RADIO_GROUP,
    ComponentKind.CHECKBOX_GROUP,
    ComponentKind.CHECKBOX,
}
TOP_LEVEL_V2 = frozenset(
    {
        ComponentKind.ACTION_ROW,
        ComponentKind.SECTION,
        ComponentKind.TEXT_DISPLAY,
        ComponentKind.MEDIA_GALLERY,
        ComponentKind.FILE,
        ComponentKind.SEPARATOR,
        ComponentKind.CONTAINER,
    }
)
TOP_LEVEL_FORM = frozenset(
    {ComponentKind.ACTION_ROW, ComponentKind.TEXT_DISPLAY, ComponentKind.LABEL}
)
EMBED_TEXTS = (("title", 256), ("description", 4096))
EMBED_PARTS = (
    "title", "description", "url", "fields", "footer", "author", "image", "thumbnail", "timestamp"
)  # fmt: skip
LEGACY_FIELDS = ("content", "embeds", "poll", "sticker_ids")


class Form:
    """Collects what is wrong with a request body, each fault at the place where it is."""

    def __init__(self) -> None:
        self.errors: Json = {}

    def fail(self, path: Path, code: str, message: str) -> None:
        node = self.errors
        for step in path:
            node = node.setdefault(str(step), {})
        node.setdefault("_errors", []).append({"code": code, "message": message})

    def required(self, path: Path) -> None:
        self.fail(path, "BASE_TYPE_REQUIRED", "This field is required")

    def choices(self, path: Path, allowed: Iterable[object]) -> None:
        listed = ", ".join(map(str, allowed))
        self.fail(path, "BASE_TYPE_CHOICES", f"Value must be one of {{{listed}}}.")

    def text(
        self, path: Path, value: Any, longest: int, *, shortest: int = 0, optional: bool = True
    ) -> int:
        """Check a text and return its length; surrounding blanks do not make a text."""
        if value is None:
            if not optional:
                self.required(path)
            return 0
        if not isinstance(value, str):
            self.fail(path, "STRING_TYPE_CONVERT", "Could not interpret value as string.")
            return 0
        length = len(value)
        if length > longest or len(value.strip()) < shortest:
            if not value.strip() and not optional:
                self.required(path)
            elif shortest:
                self.fail(
                    path,
                    "BASE_TYPE_BAD_LENGTH",
                    f"Must be between {shortest} and {longest} in length.",
                )
            else:
                self.fail(path, "BASE_TYPE_MAX_LENGTH", f"Must be {longest} or fewer in length.")
        return length

    def number(self, path: Path, value: Any, lowest: int, highest: int) -> None:
        if value is None:
            return
        if not isinstance(value, int) or isinstance(value, bool):
            self.fail(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
        elif value > highest:
            self.fail(
                path, "NUMBER_TYPE_MAX", f"int value should be less than or equal to {highest}."
            )
        elif value < lowest:
            self.fail(
                path, "NUMBER_TYPE_MIN", f"int value should be greater than or equal to {lowest}."
            )

    def many(self, path: Path, value: list[Any] | None, lowest: int, highest: int) -> list[Any]:
        """Check a list's length and return the list, or an empty one where there is none."""
        if value is None and lowest == 0:
            return []
        if value is None:
            self.required(path)
            return []
        if not lowest <= len(value) <= highest:
            if lowest:
                message = f"Must be between {lowest} and {highest} in length."
                self.fail(path, "BASE_TYPE_BAD_LENGTH", message)
            else:
                self.fail(path, "BASE_TYPE_MAX_LENGTH", f"Must be {highest} or fewer in length.")
        return value

    def url(
        self,
        path: Path,
        value: Any,
        *,
        schemes: Sequence[str] = ("http", "https"),
        longest: int = 2048,
        optional: bool = True,
    ) -> None:
        if value is None or value == "":
            if not optional:
                self.required(path)
            return
        self.text(path, value, longest)
        scheme, _, rest = str(value).partition("://")
        if not rest or " " in str(value):
            self.fail(path, "URL_TYPE_INVALID_URL", "Not a well formed URL.")
        elif scheme.lower() not in schemes:
            message = f'Scheme "{scheme}" must be one of {tuple(schemes)}.'
            self.fail(path, "URL_TYPE_INVALID_SCHEME", message)
        elif scheme != "attachment" and not _has_host(str(value)):
            self.fail(path, "URL_TYPE_INVALID_URL", "Not a well formed URL.")

    def refuse_if_wrong(self) -> None:
        if self.errors:
            raise Refusal(400, 50035, "Invalid Form Body", errors=self.errors)


def _has_host(url: str) -> bool:
    try:
        return bool(urlsplit(url).hostname)
    except ValueError:
        return False


def check_message(
    body: Json, *, before: Json | None = None, uploads: int = 0, path: Path = ()
) -> None:
    """Refuse a message that Discord would refuse; `before` is the message that an edit changes."""
    form = Form()
    flags = int(body.get("flags") or 0) | int((before or {}).get("flags") or 0)
    v2 = bool(flags & Flag.COMPONENTS_V2)
    if v2:
        _refuse_legacy_fields(form, {**(before or {}), **body}, path)
    form.text((*path, "content"), body.get("content"), 2000)
    if body.get("nonce") is not None:
        form.text((*path, "nonce"), str(body["nonce"]), 25)
    check_embeds(form, body.get("embeds"), (*path, "embeds"))
    check_components(form, body.get("components"), (*path, "components"), v2=v2)
    form.many((*path, "attachments"), body.get("attachments"), 0, 10)
    form.refuse_if_wrong()
    if is_empty({**(before or {}), **body}, uploads=uploads):
        raise empty_message()


def _refuse_legacy_fields(form: Form, body: Json, path: Path) -> None:
    for name in LEGACY_FIELDS:
        if body.get(name):
            message = f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
            form.fail((*path, name), "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", message)


def is_empty(message: Json, *, uploads: int = 0) -> bool:
    """Whether a message has nothing to show."""
    return not (
        (message.get("content") or "").strip()
        or message.get("embeds")
        or message.get("components")
        or message.get("attachments")
        or message.get("sticker_ids")
        or message.get("poll")
        or uploads
    )


def check_embeds(form: Form, embeds: Any, path: Path) -> None:
    total = 0
    for index, embed in enumerate(form.many(path, embeds, 0, 10)):
        total += _check_embed(form, embed, (*path, index))
    if total > 6000:
        form.fail(path, "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000")


def _check_embed(form: Form, embed: Json, path: Path) -> int:
    """Check one embed and return how many of the 6000 characters it takes."""
    size = sum(form.text((*path, name), embed.get(name), most) for name, most in EMBED_TEXTS)
    form.url((*path, "url"), embed.get("url"))
    form.number((*path, "color"), embed.get("color"), 0, 0xFFFFFF)
    if footer := embed.get("footer"):
        size += form.text((*path, "footer", "text"), footer.get("text"), 2048)
        _check_picture(form, footer.get("icon_url"), (*path, "footer", "icon_url"))
    if author := embed.get("author"):
        size += form.text((*path, "author", "name"), author.get("name"), 256, optional=False)
        form.url((*path, "author", "url"), author.get("url"))
        _check_picture(form, author.get("icon_url"), (*path, "author", "icon_url"))
    for name in ("image", "thumbnail"):
        if picture := embed.get(name):
            _check_picture(form, picture.get("url"), (*path, name, "url"), optional=False)
    for index, field in enumerate(form.many((*path, "fields"), embed.get("fields"), 0, 25)):
        where = (*path, "fields", index)
        for name, most in (("name", 256), ("value", 1024)):
            size += form.text((*where, name), field.get(name), most, shortest=1, optional=False)
    if embed.get("timestamp") is not None:
        _check_timestamp(form, embed["timestamp"], (*path, "timestamp"))
    if not any(embed.get(name) for name in EMBED_PARTS):
        form.required((*path, "description"))
    return size


def _check_picture(form: Form, url: Any, path: Path, *, optional: bool = True) -> None:
    form.url(path, url, schemes=("http", "https", "attachment"), optional=optional)


def _check_timestamp(form: Form, value: Any, path: Path) -> None:
    try:
        datetime.fromisoformat(str(value))
    except ValueError:
        message = f"Could not parse {value}. Should be ISO8601."
        form.fail(path, "DATE_TIME_TYPE_PARSE", message)


def check_components(form: Form, components: Any, path: Path, *, v2: bool = False) -> None:
    """Check the buttons, menus and layout of a message."""
    check = _ComponentCheck(form, v2=v2)
    if not v2:
        for index, row in enumerate(form.many(path, components, 0, 5)):
            if check.is_one_of(row, (ComponentKind.ACTION_ROW,), (*path, index)):
                check.row(row, (*path, index))
        return
    for index, component in enumerate(form.many(path, components, 0, 40)):
        if check.is_one_of(component, TOP_LEVEL_V2, (*path, index)):
            check.layout(component, (*path, index))
    check.totals(path)


class _ComponentCheck:
    """One message's components: what must be unique or counted over all of them is kept here."""

    def __init__(self, form: Form, *, v2: bool) -> None:
        self.form = form
        self.v2 = v2
        self.custom_ids: set[str] = set()
        self.count = 0
        self.characters = 0

    def is_one_of(self, component: Any, allowed: Collection[int], path: Path) -> bool:
        self.count += 1
        kind = component.get("type") if isinstance(component, dict) else None
        if kind in allowed:
            return True
        listed = ", ".join(map(str, sorted(allowed)))
        message = f'Value of field "type" must be one of ({listed}).'
        self.form.fail((*path, "type"), "UNION_TYPE_CHOICES", message)
        return False

    def totals(self, path: Path) -> None:
        if self.count > 40:
            self.form.fail(
                path,
                "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
                "The maximum number of components (40) was exceeded",
            )
        if self.characters > 4000:
            self.form.fail(
                path,
                "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
                "Components displayable text size exceeds maximum size of 4000",
            )

    def layout(self, component: Json, path: Path) -> None:
        match component["type"]:
            case ComponentKind.ACTION_ROW:
                self.row(component, path)
            case ComponentKind.SECTION:
                self.section(component, path)
            case ComponentKind.TEXT_DISPLAY:
                self.text_display(component, path)
            case ComponentKind.MEDIA_GALLERY:
                self.gallery(component, path)
            case ComponentKind.FILE:
                media = component.get("file") or {}
                where = (*path, "file", "url")
                self.form.url(where, media.get("url"), schemes=("attachment",), optional=False)
            case ComponentKind.CONTAINER:
                self.container(component, path)

    def container(self, container: Json, path: Path) -> None:
        self.form.number((*path, "accent_color"), container.get("accent_color"), 0, 0xFFFFFF)
        where = (*path, "components")
        for index, child in enumerate(self.form.many(where, container.get("components"), 1, 40)):
            if self.is_one_of(child, TOP_LEVEL_V2 - {ComponentKind.CONTAINER}, (*where, index)):
                self.layout(child, (*where, index))

    def section(self, section: Json, path: Path) -> None:
        where = (*path, "components")
        for index, child in enumerate(self.form.many(where, section.get("components"), 1, 3)):
            if self.is_one_of(child, (ComponentKind.TEXT_DISPLAY,), (*where, index)):
                self.text_display(child, (*where, index))
        accessory = section.get("accessory")
        where = (*path, "accessory")
        if accessory is None:
            self.form.required(where)
        elif self.is_one_of(accessory, (ComponentKind.BUTTON, ComponentKind.THUMBNAIL), where):
            if accessory["type"] == ComponentKind.BUTTON:
                self.button(accessory, where)
            else:
                self.media(accessory, where)

    def text_display(self, component: Json, path: Path) -> None:
        self.characters += self.form.text(
            (*path, "content"), component.get("content"), 4000, shortest=1, optional=False
        )

    def gallery(self, gallery: Json, path: Path) -> None:
        where = (*path, "items")
        for index, item in enumerate(self.form.many(where, gallery.get("items"), 1, 10)):
            self.media(item, (*where, index))

    def media(self, item: Json, path: Path) -> None:
        url = (item.get("media") or {}).get("url")
        schemes = ("http", "https", "attachment")
        self.form.url((*path, "media", "url"), url, schemes=schemes, optional=False)
        self.form.text((*path, "description"), item.get("description"), 1024)

    def row(self, row: Json, path: Path) -> None:
        where = (*path, "components")
        children = self.form.many(where, row.get("components"), 1, 5)
        selects = sum(child.get("type") in SELECTS for child in children)
        if selects and len(children) > 1:
            self.form.fail(
                where,
                "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
                "The specified component exceeds the maximum width",
            )
        for index, child in enumerate(children):
            if not self.is_one_of(child, SELECTS | {ComponentKind.BUTTON}, (*where, index)):
                continue
            if child["type"] == ComponentKind.BUTTON:
                self.button(child, (*where, index))
            else:
                self.select(child, (*where, index))

    def button(self, button: Json, path: Path) -> None:
        self.form.text((*path, "label"), button.get("label"), 80)
        self.emoji(button.get("emoji"), (*path, "emoji"))
        if not button.get("label") and not button.get("emoji") and button.get("style") != 6:
            self.form.fail(path, "BUTTON_COMPONENT_LABEL_REQUIRED", "A label or emoji is required")
        match button.get("style"):
            case 1 | 2 | 3 | 4:
                self.custom_id(button, path)
                if button.get("url"):
                    message = "A custom id and url cannot both be specified"
                    self.form.fail(
                        path, "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", message
                    )
            case 5:
                self.form.url((*path, "url"), button.get("url"), longest=512, optional=False)
                if button.get("custom_id"):
                    message = "A custom id and url cannot both be specified"
                    self.form.fail(
                        path, "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", message
                    )
            case 6:
                pass
            case _:
                self.form.choices((*path, "style"), (1, 2, 3, 4, 5, 6))

    def custom_id(self, component: Json, path: Path) -> None:
        where = (*path, "custom_id")
        custom_id = component.get("custom_id")
        self.form.text(where, custom_id, 100, shortest=1, optional=False)
        if custom_id in self.custom_ids:
            message = "Component custom id cannot be duplicated"
            self.form.fail(where, "COMPONENT_CUSTOM_ID_DUPLICATED", message)
        if isinstance(custom_id, str):
            self.custom_ids.add(custom_id)

    def emoji(self, emoji: Json | None, path: Path) -> None:
        if emoji is None or emoji.get("id"):
            return
        if not is_emoji(emoji.get("name")):  # Discord names buttons here even for menu options
            self.form.fail((*path, "name"), "BUTTON_COMPONENT_INVALID_EMOJI", "Invalid emoji")

    def select(self, select: Json, path: Path) -> None:
        self.custom_id(select, path)
        self.form.text((*path, "placeholder"), select.get("placeholder"), 150)
        self.form.number((*path, "min_values"), select.get("min_values"), 0, 25)
        self.form.number((*path, "max_values"), select.get("max_values"), 1, 25)
        if select["type"] == ComponentKind.STRING_SELECT:
            self.options(select, path)

    def options(self, select: Json, path: Path) -> None:
        where = (*path, "options")
        options = self.form.many(where, select.get("options"), 1, 25)
        values: set[str] = set()
        for index, option in enumerate(options):
            at = (*where, index)
            for name in ("label", "value"):
                self.form.text((*at, name), option.get(name), 100, shortest=1, optional=False)
            self.form.text((*at, "description"), option.get("description"), 100)
            self.emoji(option.get("emoji"), (*at, "emoji"))
            if option.get("value") in values:
                message = "The specified option value is already used"
                code = "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED"
                self.form.fail((*at, "value"), code, message)
            values.add(str(option.get("value")))
        self.selection(select, options, path)

    def selection(self, select: Json, options: list[Any], path: Path) -> None:
        """As many can be chosen as there are, and as many are chosen at first as can be."""
        most = select.get("max_values") or 1
        if most > max(len(options), 1):
            self.form.fail(
                (*path, "max_values"),
                "SELECT_COMPONENT_MAX_VALUES_EXCEEDS_OPTIONS",
                "The specified max values exceed the number of options",
            )
        if (select.get("min_values") or 0) > most:
            self.form.fail(
                (*path, "min_values"),
                "SELECT_COMPONENT_MIN_VALUES_EXCEEDS_MAX_VALUES",
                "The specified min values exceed the specified max values",
            )
        if sum(bool(option.get("default")) for option in options) > most:
            self.form.fail(
                path,
                "SELECT_COMPONENT_TOO_MANY_DEFAULTS",
                "The number of default options exceeds the specified max values",
            )


_EMOJI = re.compile(
    "[\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff]"
    "[\u200d\u20e3\ufe0f\u2640-\u27bf\U0001f000-\U0001faff\U000e0020-\U000e007f]*"
    "|[0-9#*]\ufe0f?\u20e3"
)


def is_emoji(name: Any) -> bool:
    """Whether `name` looks like one emoji of Unicode."""
    return isinstance(name, str) and _EMOJI.fullmatch(name) is not None


def check_modal(modal: Json, path: Path = ("data",)) -> None:
    """Refuse a form that Discord would refuse."""
    form = Form()
    form.text((*path, "title"), modal.get("title"), 45, shortest=1, optional=False)
    form.text((*path, "custom_id"), modal.get("custom_id"), 100, shortest=1, optional=False)
    check = _ComponentCheck(form, v2=False)
    where = (*path, "components")
    for index, component in enumerate(form.many(where, modal.get("components"), 1, 5)):
        at = (*where, index)
        if not check.is_one_of(component, TOP_LEVEL_FORM, at):
            continue
        if component["type"] == ComponentKind.ACTION_ROW:
            for number, child in enumerate(
                form.many((*at, "components"), component.get("components"), 1, 1)
            ):
                inside = (*at, "components", number)
                if check.is_one_of(child, (ComponentKind.TEXT_INPUT,), inside):
                    form.text(
                        (*inside, "label"), child.get("label"), 45, shortest=1, optional=False
                    )
                    _check_input(check, child, inside)
        elif component["type"] == ComponentKind.TEXT_DISPLAY:
            check.text_display(component, at)
        else:
            _check_label(check, component, at)
    form.refuse_if_wrong()


def _check_label(check: _ComponentCheck, label: Json, path: Path) -> None:
    check.form.text((*path, "label"), label.get("label"), 45, shortest=1, optional=False)
    check.form.text((*path, "description"), label.get("description"), 100)
    where = (*path, "component")
    child = label.get("component")
    if child is None:
        check.form.required(where)
    elif check.is_one_of(child, INPUTS, where):
        _check_input(check, child, where)


def _check_input(check: _ComponentCheck, field: Json, path: Path) -> None:
    form = check.form
    match field["type"]:
        case ComponentKind.TEXT_INPUT:
            check.custom_id(field, path)
            if field.get("style") not in (1, 2):
                form.choices((*path, "style"), (1, 2))
            form.number((*path, "min_length"), field.get("min_length"), 0, 4000)
            form.number((*path, "max_length"), field.get("max_length"), 1, 4000)
            form.text((*path, "placeholder"), field.get("placeholder"), 100)
            form.text((*path, "value"), field.get("value"), field.get("max_length") or 4000)
        case ComponentKind.FILE_UPLOAD:
            check.custom_id(field, path)
            form.number((*path, "min_values"), field.get("min_values"), 0, 10)
            form.number((*path, "max_values"), field.get("max_values"), 1, 10)
        case ComponentKind.RADIO_GROUP | ComponentKind.CHECKBOX_GROUP | ComponentKind.CHECKBOX:
            check.custom_id(field, path)
            if field["type"] != ComponentKind.CHECKBOX:
                lowest = 2 if field["type"] == ComponentKind.RADIO_GROUP else 1
                form.many((*path, "options"), field.get("options"), lowest, 10)
        case _:
            check.select(field, path)


def check_choices(choices: Any, path: Path = ("data", "choices")) -> None:
    """Refuse autocomplete choices that Discord would refuse."""
    form = Form()
    for index, choice in enumerate(form.many(path, choices, 0, 25)):
        form.text((*path, index, "name"), choice.get("name"), 100, shortest=1, optional=False)
        value = choice.get("value")
        if isinstance(value, int | float):
            continue
        form.text((*path, index, "value"), value, 100, shortest=1, optional=False)
    form.refuse_if_wrong()
