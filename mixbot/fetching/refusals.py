"""Why a file is not fetched, each with what its user can do. No sentence tells of our network."""

from __future__ import annotations

from mixbot.errors import UserError
from mixbot.languages import N_

from .kinds import Media


class Refused(UserError):
    """A file that is not fetched, or not to its end."""


class LinksOff(Refused):
    def __init__(self) -> None:
        super().__init__(
            N_("I do not fetch files from links here. Attach the file to the command instead.")
        )


class NotALink(Refused):
    def __init__(self) -> None:
        super().__init__(
            N_("I cannot read that as a link to a file. One looks like {example}."),
            example="<https://example.com/show.mp3>",
        )


class PasswordInLink(Refused):
    def __init__(self) -> None:
        super().__init__(
            N_("There is a user name or a password in that link. Use a link that needs none.")
        )


class PortRefused(Refused):
    def __init__(self, port: int) -> None:
        super().__init__(
            N_("I do not fetch files from port {port}. Use a link without a port."), port=port
        )


class NotPublic(Refused):
    def __init__(self) -> None:
        super().__init__(
            N_("That link leads into a private network. Use a link that works from anywhere.")
        )


class TooManyRedirects(Refused):
    def __init__(self) -> None:
        super().__init__(
            N_("That link leads from one address to the next, without end. Use the last one.")
        )


class Unprotected(Refused):
    """From https to http."""

    def __init__(self) -> None:
        super().__init__(
            N_("That link leads from a protected address to one that is not. Use another link.")
        )


class NoAnswer(Refused):
    def __init__(self) -> None:
        super().__init__(
            N_("The server behind that link does not answer. Check the link, or try again later.")
        )


class BadCertificate(Refused):
    def __init__(self) -> None:
        super().__init__(
            N_("The server behind that link cannot prove who it is. Use a link to another server.")
        )


class ErrorStatus(Refused):
    """Something else than 200."""

    def __init__(self, status: int) -> None:
        sentence = N_("That link gives no file, but HTTP status {status}. Check the link.")
        if status in (401, 403, 404, 410):
            sentence = N_(
                "That link gives no file (HTTP status {status}). It may be private or expired: "
                "use one that anybody can open."
            )
        elif status == 429 or status >= 500:
            sentence = N_(
                "The server behind that link has no file for me right now (HTTP status {status}). "
                "Try again later."
            )
        super().__init__(sentence, status=status)
        self.status = status


class Compressed(Refused):
    """A Content-Encoding that nobody asked for."""

    def __init__(self) -> None:
        super().__init__(
            N_("The server behind that link packs the file in a way I do not unpack. Use another.")
        )


class TooLarge(Refused):
    def __init__(self, largest: int) -> None:
        super().__init__(
            N_("That file is too large. It may have {largest}."), largest=_readable(largest)
        )


class NothingInIt(Refused):
    def __init__(self) -> None:
        super().__init__(N_("That file is empty."))


class BrokenOff(Refused):
    """Not as many bytes as were announced."""

    def __init__(self) -> None:
        super().__init__(N_("The server broke off before the end of the file. Try again."))


class TooSlow(Refused):
    def __init__(self) -> None:
        super().__init__(
            N_("The file comes too slowly. Try again later, or put it on another server.")
        )


class WebPage(Refused):
    def __init__(self) -> None:
        super().__init__(
            N_(
                "That link leads to a web page, not to a file. Use a direct download link: "
                "one that downloads the file as soon as it is opened."
            )
        )


class WrongKind(Refused):
    """A file of the kind `name`, None if that is unknown, where `media` is wanted."""

    def __init__(self, name: str | None, media: Media) -> None:
        known, unknown = _EXPECTED[media]
        super().__init__(known if name else unknown, kind=name)


_EXPECTED: dict[Media, tuple[str, str]] = {
    "audio": (
        N_("I read a file of the kind {kind} and expected a sound file, such as an MP3."),
        N_("I read a file of a kind I do not know and expected a sound file, such as an MP3."),
    ),
    "image": (
        N_("I read a file of the kind {kind} and expected a picture, such as a JPEG."),
        N_("I read a file of a kind I do not know and expected a picture, such as a JPEG."),
    ),
    "text": (
        N_("I read a file of the kind {kind} and expected text, such as a TXT or a CUE."),
        N_("I read a file of a kind I do not know and expected text, such as a TXT or a CUE."),
    ),
}


def _readable(size: int) -> str:
    """`size` bytes as people say it.

    >>> _readable(4 << 30), _readable(10 << 20), _readable(200 << 10), _readable(200)
    ('4 GB', '10 MB', '200 KB', '200 B')
    """
    for unit, bits in (("GB", 30), ("MB", 20), ("KB", 10)):
        if size >= 1 << bits:
            return f"{size / (1 << bits):.3g} {unit}"
    return f"{size} B"
