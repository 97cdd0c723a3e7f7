"""What is shown of a show on its way to Mixcloud: forms, previews, progress and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath

from mixbot.drafting import Material, Visibility
from mixbot.languages import N_, _, grouped, ngettext
from mixbot.mixcloud import Draft, to_text
from mixbot.mixcloud.datetime import Moment, to_timestamp
from mixbot.publishing import Checked, Sending
from mixbot.store import Upload
from mixbot.ui.cards import Card
from mixbot.ui.components import (
    DANGER,
    FIELD_LIMIT,
    PRIMARY,
    Component,
    Rows,
    button,
    files_field,
    form,
    menu,
    option,
    row,
    text_field,
)
from mixbot.ui.text import duration, escape, inline, plain, shorten, when

PROBLEMS = 12  # that are shown at once
PROBLEM_LIMIT = 200  # characters
TRACKS = 5  # that a preview shows
PARTS = 5  # fields of a form, of which a long tracklist takes several
BAR = 12  # signs
VISIBILITIES: dict[Visibility | None, str] = {
    None: N_("Leave it as visible as it is"),
    "publish": N_("Publish it"),
    "unlisted": N_("Only for those who have the link"),
    "unpublish": N_("Take it back into drafts"),
}
AS_IT_IS = "as-it-is"
VISIBLE_TO = {
    "publish": N_("to everyone"),
    "unlisted": N_("only with the link"),
    "unpublish": N_("to nobody: a draft"),
}
CHANGED = {
    "name": N_("Title"),
    "description": N_("Description"),
    "tags": N_("Tags"),
    "sections": N_("Tracklist"),
}


def title_of(filename: str) -> str:
    """A title as the name of a file suggests it.

    >>> title_of("Late_Shift_-_12.mp3")
    'Late Shift - 12'
    """
    return " ".join(PurePosixPath(filename).stem.replace("_", " ").split())


# Forms


def proposed(material: Material) -> dict[str, str]:
    """What stands in the form from the beginning: as much as fits, and no part of a tracklist."""
    lines = material.tracklist
    return {
        "title": shorten(material.title, FIELD_LIMIT),
        "description": material.description[:FIELD_LIMIT],
        "tags": material.tags[:FIELD_LIMIT],
        "tracklist": lines if len(lines) <= FIELD_LIMIT else "",
    }


def show_form(upload: Upload, material: Material) -> Component:
    """Everything that is written about a show, and the files that are to be sent with it."""
    lines, known = material.tracklist, proposed(material)
    about = (
        _(
            "{number} characters are kept; what you write here replaces them",
            number=grouped(len(lines)),
        )
        if len(lines) > FIELD_LIMIT
        else _("12:30 Artist - Title, a line each; or a CUE sheet, or YAML")
    )
    fields = [
        text_field(_("Title"), "title", value=known["title"]),
        text_field(_("Description"), "description", value=known["description"], lines=True),
        text_field(
            _("Tags"),
            "tags",
            value=known["tags"],
            about=_("Up to five, with commas between them"),
        ),
    ]
    if upload.key is None:
        tracks = known["tracklist"]
        fields.append(
            text_field(_("Tracklist"), "tracklist", value=tracks, about=about, lines=True)
        )
        fields.append(_files_field(material))
        return form(_("Upload a show"), f"m1:up:filled:{upload.id}", *fields)
    cover = _("A JPEG or PNG of up to 10 MB, in place of the one that is there")
    fields.append(files_field(_("Cover"), "files", least=0, most=1, about=cover))
    return form(_("Edit the show"), f"m1:up:filled:{upload.id}", *fields)


def _files_field(material: Material) -> Component:
    if material.sound is None:
        about = _("The sound; if you like, a cover and a tracklist, too")
        return files_field(_("Files"), "files", least=1, most=3, about=about)
    about = _("A cover, a tracklist, or another sound in place of the one you gave")
    return files_field(_("More files"), "files", least=0, most=3, about=about)


def tracks_form(upload: Upload, material: Material) -> Component:
    """The tracklist, in as many fields as it needs; what does not fit into them is kept."""
    texts = split(material.tracklist)[:PARTS]
    texts += [""] * (min(len(texts) + 1, PARTS) - len(texts))
    about = _("12:30 Artist - Title, a line each; a time and a title alone are a chapter")
    fields = [
        text_field(
            _("Tracklist, part {number}", number=number + 1),
            f"part-{number}",
            value=text,
            about=about,
            lines=True,
        )
        for number, text in enumerate(texts)
    ]
    return form(_("Tracklist"), f"m1:up:tracked:{upload.id}", *fields)


def split(text: str) -> list[str]:
    """`text` in parts that fit into the fields of a form, cut between lines.

    >>> [len(part) for part in split("x" * 3999 + chr(10) + "y" * 10)]
    [4000, 10]
    """
    parts = [""]
    for one in text.splitlines(keepends=True):
        if len(parts[-1]) + len(one) > FIELD_LIMIT:
            parts.append("")
        parts[-1] += one
    return parts


def link_form(upload: Upload, material: Material) -> Component:
    """Where the sound is."""
    url = material.sound.url if material.sound else ""
    about = _("A direct link to the sound, if it is too large for Discord")
    field = text_field(_("Link"), "link", value=url[:FIELD_LIMIT], about=about, required=True)
    return form(_("Another link"), f"m1:up:linked:{upload.id}", field)


def date_form(upload: Upload, material: Material) -> Component:
    """When a show is to appear."""
    date = material.publish_date
    value = f"{date.astimezone(UTC):%Y-%m-%d %H:%M}" if date else ""
    return form(
        _("Schedule"),
        f"m1:up:dated:{upload.id}",
        text_field(
            _("When it appears"),
            "date",
            value=value,
            about=_("Such as 2026-12-24 20:00 +01:00; in UTC if you leave the last part out"),
            longest=40,
        ),
    )


# Before it is sent


def preview(checked: Checked, name: str) -> Card:
    """What would be sent as `name`, or what is wrong with it."""
    if checked.problems:
        return _problems(checked)
    if checked.upload.key is not None:
        return _changes(checked)
    draft, material = checked.draft, checked.material
    cover = material.cover
    return Card(
        title=inline(draft.name or "", 256),
        facts=list(_facts(draft, material)),
        text=_text(draft),
        small=_(
            "Nothing is sent yet. Publishing sends it to Mixcloud as {name}: all of it, or "
            "nothing.",
            name=inline(name, 100),
        ),
        picture=cover.url if cover and cover.trusted else None,
        alt=_("Cover of {name}", name=plain(draft.name or "", 200)),
    )


def _facts(draft: Draft, material: Material) -> Iterator[tuple[str, str]]:
    if sound := material.sound:
        size = [written_size(sound.size)] if sound.size else []
        yield _("Sound"), " · ".join([escape(sound.kind, 20), *size])
    if draft.tags:
        yield _("Tags"), inline(", ".join(draft.tags), 200)
    if draft.sections:
        yield _("Tracks"), grouped(len(draft.sections))
    if draft.unlisted:
        yield _("Visible"), _("only with the link")
    if draft.publish_date is not None:
        yield _("Appears"), when(_moment(draft.publish_date), "F")


def _text(draft: Draft) -> str:
    parts = [escape(draft.description or "", 500)]
    if draft.sections:
        tracks = to_text(draft.tracklist[:TRACKS]).splitlines()
        parts.append("\n".join(f"> {escape(track, 120)}" for track in tracks))
        if (more := len(draft.sections) - TRACKS) > 0:
            parts.append(ngettext("and {number} more", "and {number} more", more))
    return "\n".join(filter(None, parts))


def _problems(checked: Checked) -> Card:
    lines = [f"• {escape(problem, PROBLEM_LIMIT)}" for problem in checked.problems[:PROBLEMS]]
    if (more := len(checked.problems) - PROBLEMS) > 0:
        lines.append(ngettext("and {number} more", "and {number} more", more))
    return Card(
        title=_("This cannot be sent yet"),
        text="\n".join(lines),
        small=_("Nothing of what you gave is lost: correct it and look again."),
    )


def _changes(checked: Checked) -> Card:
    draft, material = checked.draft, checked.material
    lines = [
        f"**{_(label)}**: {_shown(getattr(draft, field))}"
        for field, label in CHANGED.items()
        if getattr(draft, field) is not None
    ]
    if material.cover:
        lines.append(f"**{_('Cover')}**: {escape(material.cover.kind, 20)}")
    if material.visibility:
        lines.append(f"**{_('Visible')}**: {_(VISIBLE_TO[material.visibility])}")
    if material.publish_date:
        lines.append(f"**{_('Appears')}**: {when(material.publish_date, 'F')}")
    before = material.before
    notes = [_("Only what is named here is changed; nothing is sent yet.")] if lines else []
    if before and not before.tracklist and not draft.sections:
        notes.append(
            _("Mixcloud does not tell the tracklist of this show; a new one replaces all of it.")
        )
    return Card(
        title=inline(before.title if before else "", 256),
        text="\n".join(lines) or _("Nothing is changed yet. Choose what to change."),
        small="\n-# ".join(notes),
    )


def _shown(value: object) -> str:
    match value:
        case str():
            return escape(" ".join(value.split()), 300) or "–"
        case [str(), *_rest]:
            return inline(", ".join(map(str, value)), 300)
        case list():
            return ngettext("{number} track", "{number} tracks", len(value))
    return "–"


def has_changes(checked: Checked) -> bool:
    """Whether there is anything to save."""
    return bool(checked.draft.form_fields() or checked.material.cover)


def preview_rows(checked: Checked, *, is_pro: bool, may_choose_place: bool) -> Rows:
    """What can be done with a draft."""
    upload, material = checked.upload, checked.material
    cancel = button(_("Cancel"), f"m1:up:cancel:{upload.id}", style=DANGER)
    if checked.problems:
        fix = [button(_("Correct"), f"m1:up:form:{upload.id}", style=PRIMARY)]
        if upload.key is not None:
            fix.append(button(_("Tracklist"), f"m1:up:tracks:{upload.id}"))
        elif material.sound and not material.sound.trusted:
            fix.append(button(_("Another link"), f"m1:up:link:{upload.id}"))
        return [row(*fix, cancel)]
    if upload.key is not None:
        return _change_rows(checked, cancel)
    scheduled = material.publish_date is not None
    date = _("Another date") if scheduled else _("Schedule")
    buttons = [
        button(
            _("Publish on that date") if scheduled else _("Publish"),
            f"m1:up:public:{upload.id}",
            style=PRIMARY,
        ),
        button(_("Publish unlisted"), f"m1:up:unlisted:{upload.id}"),
        button(
            date if is_pro else _("Schedule (Pro)"), f"m1:up:date:{upload.id}", disabled=not is_pro
        ),
        button(_("Change"), f"m1:up:form:{upload.id}"),
        cancel,
    ]
    rows = [row(*buttons)]
    if may_choose_place:
        rows.append(row(_place_menu(upload)))
    return rows


def _place_menu(upload: Upload) -> Component:
    """Where an upload that takes longer than a private message lives goes on."""
    return menu(
        f"m1:up:place:{upload.id}",
        [
            option(
                _("If it takes over 15 minutes: go on in a direct message"),
                "dm",
                default=not upload.in_channel,
            ),
            option(
                _("If it takes over 15 minutes: go on in this channel"),
                "channel",
                default=upload.in_channel,
            ),
        ],
        placeholder=_("If it takes over 15 minutes…"),
    )


def _change_rows(checked: Checked, cancel: Component) -> Rows:
    upload, material = checked.upload, checked.material
    buttons = [
        button(
            _("Save"),
            f"m1:up:go:{upload.id}",
            style=PRIMARY,
            disabled=not has_changes(checked),
        ),
        button(_("Text and cover"), f"m1:up:form:{upload.id}"),
        button(_("Tracklist"), f"m1:up:tracks:{upload.id}"),
        cancel,
    ]
    options = [
        option(_(label), value or AS_IT_IS, default=value == material.visibility)
        for value, label in VISIBILITIES.items()
    ]
    visible = menu(f"m1:up:visible:{upload.id}", options, placeholder=_("Who can see it"))
    return [row(*buttons), row(visible)]


# While it is sent


def progress(sending: Sending, seconds: float) -> Card:
    """How far it is after so many `seconds`."""
    sent, size = sending.progress.sent, sending.progress.size
    if sending.upload.key is not None:
        text = _("Saving…")
    elif not sent:
        text = _("Fetching the file…")
    elif size is None:
        text = _("{sent} sent", sent=written_size(sent))
    elif sent >= size:
        text = _("All of it is sent. Mixcloud is looking at it…")
    else:
        text = _bar(sent, size) + "\n" + _pace(sent, size, seconds)
    return Card(title=inline(title(sending), 256), text=text)


def _bar(sent: int, size: int) -> str:
    done = sent * BAR // size
    return f"`{'█' * done}{'░' * (BAR - done)}` {sent * 100 // size} %"


def _pace(sent: int, size: int, seconds: float) -> str:
    so_far = _("{sent} of {size}", sent=written_size(sent), size=written_size(size))
    if seconds < 1:
        return so_far
    left = (size - sent) * seconds / sent
    if left < 60:
        return so_far + " · " + _("less than a minute left")
    return so_far + " · " + _("about {time} left", time=duration(round(left)))


def stop_rows(upload: Upload) -> Rows:
    return [row(button(_("Stop"), f"m1:up:stop:{upload.id}", style=DANGER))]


def title(sending: Sending) -> str:
    """What the show is called, as far as that is known."""
    return sending.title or "Mixcloud"


# Afterwards


def unsent(title: str, lines: Sequence[str]) -> Card:
    """Why a show is not at Mixcloud, or not for sure."""
    return Card(title=title, text="\n".join(lines))


def retry_rows(upload: Upload) -> Rows:
    return [
        row(
            button(_("Try again"), f"m1:up:go:{upload.id}", style=PRIMARY),
            button(_("Change"), f"m1:up:form:{upload.id}"),
            button(_("Cancel"), f"m1:up:cancel:{upload.id}", style=DANGER),
        )
    ]


def written_size(count: int) -> str:
    """Bytes as people read them.

    >>> written_size(86_400_000), written_size(1_500), written_size(3)
    ('86 MB', '2 KB', '1 KB')
    """
    if count >= 1_000_000:
        return _("{number} MB", number=grouped(round(count / 1_000_000)))
    return _("{number} KB", number=grouped(max(1, round(count / 1000))))


def _moment(date: Moment) -> datetime:
    return datetime.fromtimestamp(to_timestamp(date), UTC)
