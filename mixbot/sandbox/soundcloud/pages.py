"""What a browser sees of soundcloud.com, and the pictures of i1.sndcdn.com."""

import re
from collections.abc import Sequence

from aiohttp import web

from mixbot.sandbox import browsing
from mixbot.sandbox.mixcloud.palettes import Palette, palette_of
from mixbot.sandbox.soundcloud.catalogue import Catalogue
from mixbot.sandbox.soundcloud.records import Playlist, Track, User
from mixbot.sandbox.soundcloud.render import PICTURES, SITE, page_of, picture_name, picture_of

PICTURE = re.compile(r"((?:artworks|avatars)-\d+)-(?:t([1-9]\d{1,2})x\2|([a-z]+))\.jpg")
SIDES = {"mini": 16, "tiny": 20, "small": 32, "badge": 47, "large": 100, "original": 1400}


class Pages:
    """Draws the page of everybody, of every track and of every playlist."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self.templates = browsing.Templates(
            "mixbot.sandbox.soundcloud",
            PICTURES=PICTURES,
            catalogue=catalogue,
            here=here,
            colours_of=colours_of,
            page_of=page_of,
            picture_of=picture_of,
        )

    def page(self, path: Sequence[str]) -> web.Response:
        """What is at soundcloud.com/`path`, in any case."""
        catalogue, page = self._catalogue, self.templates.page
        match [segment.lower() for segment in path]:
            case [name] if user := catalogue.user(name):
                tracks = [track for track in catalogue.tracks_of(user) if not track.private]
                playlists = catalogue.playlists_of(user)
                return page("user.html", what=user, tracks=tracks, playlists=playlists)
            case [name, permalink] if track := catalogue.track(name, permalink):
                if not track.private:
                    comments = [one for one in catalogue.comments if one.track is track]
                    return page("track.html", what=track, comments=comments)
            case [name, "sets", permalink] if playlist := catalogue.playlist(name, permalink):
                return page("playlist.html", what=playlist)
        return page("problem.html", 404, problem="There is nothing here.")

    async def picture(self, name: str) -> web.Response:
        """The picture of that name, in the size at its end."""
        match = PICTURE.fullmatch(name)
        side = int(match[2] or SIDES.get(match[3], 0)) if match else 0
        if not match or not side:
            return web.Response(status=404)
        return await browsing.picture(drawing_of(match[1]), side, side)


def drawing_of(picture: str) -> str:
    """What is drawn for a picture of that name, in any size."""
    kind = "profile" if picture.startswith("avatars-") else "extaudio"  # as Mixcloud calls them
    return f"{kind}/{picture}.jpg"


def colours_of(what: User | Track | Playlist) -> Palette:
    """The colours of its picture."""
    return palette_of(drawing_of(picture_name(what)))


def here(what: User | Track | Playlist) -> str:
    """The path of its page on this server."""
    return page_of(what).replace(SITE, "/site", 1)
