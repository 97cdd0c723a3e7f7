"""Which JSON stands where: after this check, the others may rely on lists, objects and numbers."""

from __future__ import annotations

from typing import Any

from .limits import Form, Path

OBJECTS = frozenset(
    "data embed footer author image thumbnail media file emoji accessory component "
    "allowed_mentions message_reference name_localizations description_localizations".split()
)
LISTS_OF_OBJECTS = frozenset("embeds components fields options items choices attachments".split())
LISTS_OF_VALUES = frozenset(
    "parse users roles sticker_ids contexts integration_types channel_types".split()
)
NUMBERS = frozenset("flags style min_values max_values min_length max_length".split())
VALUES = frozenset("id type name value label custom_id url title content locale".split())


def check_shape(body: Any) -> None:
    """Refuse a body in which an object, list or number is something else; null is nothing."""
    form = Form()
    bodies = dict(enumerate(body)) if isinstance(body, list) else {(): body}
    for index, each in bodies.items():
        _check(form, each, (index,) if isinstance(index, int) else ())
    form.refuse_if_wrong()


def _check(form: Form, value: Any, path: Path) -> None:
    if not isinstance(value, dict):
        form.fail(path, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
        return
    for key, inside in value.items():
        at = (*path, key)
        if inside is None:
            continue
        if key in OBJECTS:
            _check(form, inside, at)
        elif key in LISTS_OF_OBJECTS or key in LISTS_OF_VALUES:
            _check_list(form, inside, at, of_objects=key in LISTS_OF_OBJECTS)
        elif key in NUMBERS:
            if not isinstance(inside, int):
                form.fail(at, "NUMBER_TYPE_COERCE", f'Value "{inside}" is not int.')
        elif key in VALUES and isinstance(inside, dict | list):
            form.fail(at, "STRING_TYPE_CONVERT", "Could not interpret value as string.")


def _check_list(form: Form, value: Any, path: Path, *, of_objects: bool) -> None:
    if not isinstance(value, list):
        form.fail(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        return
    for index, item in enumerate(value):
        if of_objects:
            _check(form, item, (*path, index))
        elif isinstance(item, dict | list):
            message = "Could not interpret value as string."
            form.fail((*path, index), "STRING_TYPE_CONVERT", message)


def without_nulls(value: Any) -> Any:
    """The same JSON without keys that are null, which to Discord are keys not there."""
    if isinstance(value, dict):
        return {key: without_nulls(inside) for key, inside in value.items() if inside is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value
