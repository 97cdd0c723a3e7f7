"""What somebody gave of a show: read, checked as a whole, and explained in their words.

Shared by the chat and the terminal; knows nothing of either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from mixbot.languages import N_, _, grouped
from mixbot.mixcloud import (
    Cloudcast,
    Draft,
    InvalidArgument,
    InvalidText,
    InvalidUpload,
    MixcloudError,
    RateLimited,
    Rejected,
    Section,
    Unauthorized,
    Unreachable,
    UploadInterrupted,
    read_tracklist,
    to_text,
    to_yaml,
)
from mixbot.mixcloud.errors import Sentence, said
from mixbot.mixcloud.uploading import PRO_FIELDS

_SHOW = re.compile(r"^\ufeff?(?:title|desc|tags|tracks)\s*:", re.MULTILINE)
_BETWEEN_TAGS = re.compile(r"[,;\n]|(?:^|\s)#")
_FIELD = re.compile(r"(?P<kind>section|tag|host)s-(?P<number>\d+)-(?P<member>\w+)")
WORDS = {
    "name": N_("title"),
    "mp3": N_("audio file"),
    "picture": N_("picture"),
    "description": N_("description"),
    "publish_date": N_("date"),
    "disable_comments": N_("comments"),
    "hide_stats": N_("numbers"),
    "hosts": N_("hosts"),
    "unlisted": N_("unlisted"),
}
MEMBERS = {
    "section": N_("track {number}, {member}"),
    "tag": N_("tag {number}"),
    "host": N_("host {number}"),
}
MEMBER_WORDS = {
    "artist": N_("artist"),
    "song": N_("song"),
    "chapter": N_("chapter"),
    "start_time": N_("start time"),
}
Visibility = Literal["publish", "unlisted", "unpublish"]


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True)


class GivenFile(_Kept):
    """A file that waits where its owner put it."""

    url: str
    name: str
    trusted: bool = False  # Discord itself gave the address
    size: int | None = None  # bytes
    kind: str = ""  # what it is by its content, such as “MP3”


class Texts(_Kept):
    """What is written about a show, as it was typed."""

    title: str = ""
    description: str = ""
    tags: str = ""
    tracklist: str = ""  # lines with times, a CUE sheet, or YAML

    @classmethod
    def of(cls, show: Cloudcast) -> Texts:
        """What Mixcloud tells of a show."""
        return cls(
            title=show.name,
            description=_lines(show.get("description") or ""),
            tags=", ".join(tag.name for tag in show.get("tags") or ()),
            tracklist=_readable(show.tracklist),
        )


class Material(Texts):
    """All that somebody gave of a show that is to be published, or changed."""

    sound: GivenFile | None = None
    cover: GivenFile | None = None
    document: GivenFile | None = None  # with the tracklist, which is not read yet
    publish_date: datetime | None = None
    visibility: Visibility | None = None
    before: Texts | None = None  # of a show that is changed: what it was


def read(material: Material) -> tuple[Draft, Sequence[str]]:
    """The show that `material` describes, or what of it changes; and all that is wrong with it.

    Of a show that is changed, what is as it was stays None, and so as it is at Mixcloud.
    """
    problems: list[str] = []
    written = Draft()
    if material.tracklist.strip() and _changed(material, "tracklist"):
        try:
            written = _written(material.tracklist)
        except InvalidText as error:
            problems += [
                _("Tracklist, line {line}: {problem}", line=line, problem=translated(text))
                for line, text in error.problems
            ]
    elif material.before and _changed(material, "tracklist"):
        written = Draft(sections=[])
    if written.picture is not None and material.cover is None:
        problems.append(_("picture: I cannot reach your disk; attach it as the cover."))
    draft = _completed(written, material)
    found = draft.problems(editing=material.before is not None)
    if problems and draft.name is None and _SHOW.search(material.tracklist):
        del found["name"]  # it may well be among what cannot be read
    return draft, [*problems, *_by_field(found)]


def pro_problems(draft: Draft) -> list[str]:
    """What of `draft` only a Pro may send."""
    used = [name for name in PRO_FIELDS if getattr(draft, name) is not None]
    return list(_by_field({name: [said("this needs a Pro account")] for name in used}))


def _readable(sections: Sequence[Section]) -> str:
    """`sections` as lines, or as YAML where lines would be read as something else."""
    text = to_text(sections)
    try:
        same = _written(text).sections == list(sections)
    except InvalidText:
        same = False
    return text if same or not sections else to_yaml(sections)


def _written(text: str) -> Draft:
    """A whole show in YAML, or a tracklist in any form."""
    if _SHOW.search(text):
        return Draft.from_yaml(text, whole=False)
    return Draft(sections=read_tracklist(text))


def _completed(written: Draft, material: Material) -> Draft:
    """`written` with what was typed into the form, which counts for more."""
    draft = replace(written, picture=None)
    title, description = material.title.strip(), _lines(material.description).strip()
    tags = read_tags(material.tags)
    if title and _changed(material, "title"):
        draft = replace(draft, name=title)
    if _changed(material, "description") and (description or material.before):
        draft = replace(draft, description=description)
    if _changed(material, "tags") and (tags or material.before):
        draft = replace(draft, tags=tags)
    if material.publish_date:
        draft = replace(draft, publish_date=material.publish_date)
    match material.visibility:
        case "unlisted":
            draft = replace(draft, unlisted=True, publish_date=None)
        case "publish":
            draft = replace(draft, publish=True)
        case "unpublish":
            draft = replace(draft, unpublish=True)
    return draft


def _changed(material: Material, name: str) -> bool:
    if material.before is None:
        return True
    was, now = getattr(material.before, name), getattr(material, name)
    return _lines(was).strip() != _lines(now).strip()


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n")


def read_tags(text: str) -> list[str]:
    """Tags as people write them: between commas, a line each, or after #.

    >>> read_tags("House, Deep House"), read_tags("#dub #late night")
    (['House', 'Deep House'], ['dub', 'late night'])
    """
    return list(dict.fromkeys(filter(None, map(str.strip, _BETWEEN_TAGS.split(text)))))


def merged(before: str, wanted: Sequence[str], now: Sequence[str]) -> list[str]:
    """The tags `now` with what was added to and removed from those `before`.

    >>> merged("House, Dub", ["Dub", "Late Night"], ["House", "Dub", "Live"])
    ['Dub', 'Live', 'Late Night']
    """
    was = _typed([before])
    kept = _typed(wanted)
    # A tag that has a comma reads as two.
    stays = [tag for tag in now if _typed([tag]) <= kept or not _typed([tag]) <= was]
    there = {tag.casefold() for tag in stays}
    return stays + [
        tag for tag in wanted if tag.casefold() not in was and tag.casefold() not in there
    ]


def _typed(tags: Sequence[str]) -> set[str]:
    """How `tags` read where they are typed, in any spelling."""
    return {one.casefold() for tag in tags for one in read_tags(tag)}


def rebased(material: Material, now: Texts) -> Material:
    """The same changes, made to a show that is as `now` says."""
    changes: dict[str, object] = {"before": now}
    for name in Texts.model_fields:
        if not _changed(material, name):
            changes[name] = getattr(now, name)
    return material.model_copy(update=changes)


# What went wrong


def translated(text: str) -> str:
    """What the library says, in the language that is spoken."""
    if not isinstance(text, Sentence):
        return text
    values = {
        name: translated(value) if isinstance(value, Sentence) else value
        for name, value in text.values.items()
    }
    return _(text.template, **values)


def explained(error: Exception, advice: str = "") -> list[str]:
    """What is wrong, a line for each thing; `advice` is what to do about a refused token.

    Raises `error` again if it is none that can be explained.
    """
    match error:
        case InvalidText():
            return [
                _("line {line}: {problem}", line=line, problem=translated(text))
                for line, text in error.problems
            ]
        case InvalidUpload(problems=problems):
            return list(_by_field(problems))
        case Rejected(details=problems) if problems:
            return [_("Mixcloud says: {message}", message=error), *_by_field(problems)]
        case UploadInterrupted():
            return [str(error), _may_have(error)]
        case RateLimited():
            seconds = grouped(round(error.retry_after))
            return [_("Mixcloud asks to wait {seconds} seconds.", seconds=seconds)]
        case Unauthorized():
            said = _("Mixcloud says: {message}", message=error)
            return [said, advice] if advice else [said]
        case Unreachable():
            return [_("Mixcloud does not answer right now ({error}).", error=error)]
        case MixcloudError():
            return [_("Mixcloud says: {message}", message=error)]
        case InvalidArgument():
            return [str(error)]
    raise error


def _may_have(error: UploadInterrupted) -> str:
    if error.may_have_arrived:
        return _("It may have arrived: look before you try again.")
    return _("Mixcloud has not got all of it: you can safely try again.")


def _by_field(problems: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for field, texts in problems.items():
        for text in texts:
            yield f"{named(field)}: {translated(text)}"


def named(field: str) -> str:
    """Mixcloud's name of a field in words.

    >>> named("name"), named("sections-1-start_time")
    ('title', 'track 2, start time')
    """
    if found := _FIELD.fullmatch(field):
        member = found["member"]
        word = _(MEMBER_WORDS[member]) if member in MEMBER_WORDS else member
        return _(MEMBERS[found["kind"]], number=int(found["number"]) + 1, member=word)
    return _(WORDS[field]) if field in WORDS else field.replace("_", " ")
