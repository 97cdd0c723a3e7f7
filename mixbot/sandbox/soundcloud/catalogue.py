"""Everything that the pretended SoundCloud holds, and ways to add to it."""

import itertools
from datetime import UTC, datetime
from typing import Any

from mixbot.sandbox.mixcloud.records import Record, Ties
from mixbot.sandbox.soundcloud.records import Comment, Playlist, Track, User, permalink_of

FIRST_ID = 100_000


class Catalogue:
    """People, tracks, playlists, and who did what to which; every record may be changed."""

    def __init__(self) -> None:
        self.users: dict[int, User] = {}
        self.tracks: dict[int, Track] = {}
        self.playlists: dict[int, Playlist] = {}
        self.comments: list[Comment] = []
        self.likes: Ties[User, Track | Playlist] = Ties()
        self.reposts: Ties[User, Track | Playlist] = Ties()
        self.follows: Ties[User, User] = Ties()
        self._numbers = itertools.count(FIRST_ID)

    def user(self, permalink: str) -> User | None:
        """The account at `soundcloud.com/{permalink}`."""
        return next((one for one in self.users.values() if one.permalink == permalink), None)

    def track(self, user: str, permalink: str) -> Track | None:
        """The track at `soundcloud.com/{user}/{permalink}`."""
        found = (one for one in self.tracks.values() if one.permalink == permalink)
        return next((one for one in found if one.user.permalink == user), None)

    def playlist(self, user: str, permalink: str) -> Playlist | None:
        """The playlist at `soundcloud.com/{user}/sets/{permalink}`."""
        found = (one for one in self.playlists.values() if one.permalink == permalink)
        return next((one for one in found if one.user.permalink == user), None)

    def add_user(self, permalink: str, username: str | None = None, **about: Any) -> User:
        """The account of that permalink, which is made unless it is there."""
        if known := self.user(permalink):
            return known
        about = {"id": next(self._numbers), "created": datetime.now(UTC), **about}
        user = User(permalink=permalink, username=username or permalink, **about)
        self.users[user.id] = user
        return user

    def add_track(self, user: User | str, title: str, **about: Any) -> Track:
        """A new track of `user`, who gets an account if there is none."""
        owner = self.add_user(user) if isinstance(user, str) else user
        about = {
            "id": next(self._numbers),
            "created": datetime.now(UTC),
            "permalink": self._free(owner, permalink_of(title) or "track"),
            **about,
        }
        track = Track(user=owner, title=title, **about)
        self.tracks[track.id] = track
        return track

    def _free(self, user: User, permalink: str) -> str:
        names = itertools.chain([permalink], (f"{permalink}-{n}" for n in itertools.count(1)))
        return next(name for name in names if self.track(user.permalink, name) is None)

    def add_playlist(
        self, user: User | str, title: str, tracks: tuple[Track, ...] | list[Track], **about: Any
    ) -> Playlist:
        """A new playlist of `user`."""
        owner = self.add_user(user) if isinstance(user, str) else user
        about = {
            "id": next(self._numbers),
            "created": datetime.now(UTC),
            "permalink": permalink_of(title) or "playlist",
            **about,
        }
        playlist = Playlist(user=owner, title=title, tracks=tuple(tracks), **about)
        self.playlists[playlist.id] = playlist
        return playlist

    def add_comment(
        self, track: Track, user: User, body: str, created: datetime, timestamp: int | None = None
    ) -> Comment:
        """A new comment of `user` about `track`."""
        comment = Comment(next(self._numbers), track, user, body, created, timestamp)
        self.comments.append(comment)
        return comment

    def remove_track(self, track: Track) -> None:
        """Take `track` off the site."""
        del self.tracks[track.id]
        Record.changes += 1

    def tracks_of(self, user: User) -> list[Track]:
        """The tracks of `user`, the newest first, private ones included."""
        return _newest_first(one for one in self.tracks.values() if one.user is user)

    def playlists_of(self, user: User) -> list[Playlist]:
        """The playlists of `user`, the newest first."""
        return _newest_first(one for one in self.playlists.values() if one.user is user)


def _newest_first(found: Any) -> list[Any]:
    return sorted(found, key=lambda one: (one.created, one.id), reverse=True)
