"""Uploading and editing shows: forms are read as they stream in, then checked as a whole."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

from aiohttp import BodyPartReader, web

from mixbot.sandbox.mixcloud.arrivals import Arrival
from mixbot.sandbox.mixcloud.catalogue import Catalogue
from mixbot.sandbox.mixcloud.records import Section, Show, User, slugify
from mixbot.sandbox.mixcloud.refusals import Refused

LARGEST_MP3 = 4_294_967_296
LARGEST_PICTURE = 10_485_760
LONGEST_DESCRIPTION = 1000
LONGEST_FIELD = 100_000
MOST_TAGS = 5
BYTES_PER_SECOND = 40_000  # of a 320 kbit/s mp3

REQUIRED = "This field is required."
PRO_FIELDS = ("publish_date", "disable_comments", "hide_stats", "hosts-0-username")


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """What is kept of a file: enough to tell whether it arrived whole."""

    filename: str
    size: int
    sha256: str


@dataclass(slots=True)
class Form:
    """A form as it was sent."""

    fields: dict[str, str] = field(default_factory=dict)
    files: dict[str, ReceivedFile] = field(default_factory=dict)

    def chosen(self, name: str) -> bool:
        return self.fields.get(name, "").lower() in ("1", "true", "on", "yes")

    def numbered(self, kind: str) -> dict[int, dict[str, str]]:
        """`sections-0-song` and its like, by number."""
        found: dict[int, dict[str, str]] = {}
        for name, value in self.fields.items():
            if match := re.fullmatch(rf"{kind}-(\d{{1,4}})-(\w+)", name):
                found.setdefault(int(match[1]), {})[match[2]] = value
        return dict(sorted(found.items()))


@dataclass(frozen=True, slots=True)
class Upload:
    """A form that was accepted, and the show it made or changed."""

    show: Show
    form: Form


async def receive(request: web.BaseRequest, arrival: Arrival) -> Form:
    """Read the whole form as fast as `arrival` says; of files only size and digest are kept."""
    whole = False
    try:
        form = await _read(request, arrival)
        whole = True
        return form
    finally:
        arrival.end(whole=whole)


async def _read(request: web.BaseRequest, arrival: Arrival) -> Form:
    form = Form()
    if not request.content_type.startswith("multipart/"):
        form.fields = {name: str(value) for name, value in (await request.post()).items()}
        return form
    parts = await request.multipart()
    async for part in parts:
        if not isinstance(part, BodyPartReader) or not part.name:
            continue
        if part.filename is None:
            form.fields[part.name] = (await _text(part))[:LONGEST_FIELD]
        else:
            form.files[part.name] = await _digest(part, arrival)
    return form


async def _text(part: BodyPartReader) -> str:
    return bytes(await part.read()).decode(errors="replace")


async def _digest(part: BodyPartReader, arrival: Arrival) -> ReceivedFile:
    size, digest = 0, sha256()
    while chunk := await part.read_chunk(arrival.step):
        size += len(chunk)
        digest.update(chunk)
        await arrival.took(len(chunk))
    return ReceivedFile(part.filename or "", size, digest.hexdigest())


def upload(
    catalogue: Catalogue, user: User, form: Form, now: datetime, *, free_shows: int | None = None
) -> Show:
    """Make a show of `form`, or refuse it with every reason at once.

    An account that is free has `free_shows` public shows at most; one more becomes a draft.
    """
    problems = Problems()
    name = form.fields.get("name", "").strip()
    audio = form.files.get("mp3")
    if audio is None or not audio.size:
        problems.add("mp3", REQUIRED)
    elif audio.size > LARGEST_MP3:
        problems.add("mp3", f"The file is larger than {LARGEST_MP3} bytes.")
    if not name:
        problems.add("name", REQUIRED)
    elif not slugify(name):
        problems.add("name", "This name has no letters to make an address of.")
    elif catalogue.show(f"{user.username}/{slugify(name)}"):
        problems.add("name", "You already have a show with this name.")
    _check_common(user, form, problems)
    problems.refuse_if_any()
    public = sum(show.visibility == "public" for show in catalogue.shows_of(user))
    show = catalogue.add_show(
        user,
        name,
        created=_publish_date(form) or now,
        updated=now,
        audio_length=(audio.size // BYTES_PER_SECOND or None) if audio else None,
    )
    _apply(show, form, now)
    if not user.is_pro and free_shows is not None and public >= free_shows:
        show.visibility = "private"
    catalogue.name_tags(show.tags)
    return show


def edit(catalogue: Catalogue, show: Show, form: Form, now: datetime) -> None:
    """Change `show` as `form` says; what `form` does not mention stays."""
    problems = Problems()
    exclusive = [name for name in ("unlisted", "publish", "unpublish") if form.chosen(name)]
    if len(exclusive) > 1:
        problems.add(exclusive[-1], "Only one of unlisted, publish and unpublish may be sent.")
    if "name" in form.fields and not form.fields["name"].strip():
        problems.add("name", REQUIRED)
    _check_common(show.user, form, problems)
    problems.refuse_if_any()
    show.updated = now
    show.name = form.fields.get("name", show.name).strip()
    _apply(show, form, now)
    catalogue.name_tags(show.tags)


def _apply(show: Show, form: Form, now: datetime) -> None:
    show.description = form.fields.get("description", show.description)
    if tags := form.numbered("tags"):
        show.tags = tuple(name for tag in tags.values() if (name := tag.get("tag", "").strip()))
    if form.numbered("sections"):
        show.sections = tuple(_sections(form))
    if "hide_stats" in form.fields:
        show.hidden_stats = form.chosen("hide_stats")
    date = _publish_date(form)
    if form.chosen("unlisted"):
        show.visibility = "unlisted"
    elif form.chosen("unpublish") or (date and date > now):
        show.visibility = "private"
    elif form.chosen("publish") or date:
        show.visibility = "public"


def _sections(form: Form) -> Iterator[Section]:
    for section in form.numbered("sections").values():
        start = section.get("start_time", "")
        yield Section(
            artist=section.get("artist", ""),
            song=section.get("song", ""),
            start_time=int(start) if start else None,
            chapter=section.get("chapter"),
        )


def _publish_date(form: Form) -> datetime | None:
    """When to publish; an unlisted show has no such date."""
    text = form.fields.get("publish_date", "")
    if not text or form.chosen("unlisted"):
        return None
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


class Problems:
    """What is wrong with a form, by field."""

    def __init__(self) -> None:
        self._found: dict[str, list[str]] = {}

    def add(self, name: str, text: str) -> None:
        self._found.setdefault(name, []).append(text)

    def refuse_if_any(self) -> None:
        if self._found:
            message = "There was a problem with the form you sent."
            raise Refused(400, message, "ValidationException", details=self._found)


def _check_common(user: User, form: Form, problems: Problems) -> None:
    """What upload and edit have in common."""
    if len(form.fields.get("description", "")) > LONGEST_DESCRIPTION:
        problems.add("description", f"At most {LONGEST_DESCRIPTION} characters are allowed.")
    picture = form.files.get("picture")
    if picture and picture.size > LARGEST_PICTURE:
        problems.add("picture", f"The file is larger than {LARGEST_PICTURE} bytes.")
    for number in form.numbered("tags"):
        if number >= MOST_TAGS:
            problems.add(f"tags-{number}-tag", f"At most {MOST_TAGS} tags are allowed.")
    for number, section in form.numbered("sections").items():
        _check_section(number, section, problems)
    if not user.is_pro:
        for name in PRO_FIELDS:
            if form.fields.get(name):
                problems.add(name, "This needs a Pro account.")
    try:
        _publish_date(form)
    except ValueError:
        problems.add("publish_date", "Enter a date like 2015-11-21T14:05:00Z.")


def _check_section(number: int, section: Mapping[str, str], problems: Problems) -> None:
    if "chapter" in section:
        if "artist" in section or "song" in section:
            problems.add(f"sections-{number}-chapter", "A chapter has no artist and no song.")
    else:
        for name in ("artist", "song"):
            if not section.get(name):
                problems.add(f"sections-{number}-{name}", REQUIRED)
    start = section.get("start_time", "")
    if start and not (start.isascii() and start.isdigit()):
        problems.add(f"sections-{number}-start_time", "Enter a whole number of seconds.")
