"""The JSON of everything, as SoundCloud's OpenAPI description has it."""

from datetime import datetime
from typing import Any

from mixbot.sandbox.soundcloud.catalogue import Catalogue
from mixbot.sandbox.soundcloud.records import Comment, Playlist, Track, User

SITE = "https://soundcloud.com"
PICTURES = "https://i1.sndcdn.com"

Json = dict[str, Any]


def moment(when: datetime) -> str:
    """A date as SoundCloud writes it."""
    return when.strftime("%Y/%m/%d %H:%M:%S +0000")


def page_of(what: User | Track | Playlist) -> str:
    """The address of its page."""
    match what:
        case User():
            return f"{SITE}/{what.permalink}"
        case Track():
            return f"{SITE}/{what.user.permalink}/{what.permalink}"
    return f"{SITE}/{what.user.permalink}/sets/{what.permalink}"


def picture_name(what: User | Track | Playlist) -> str:
    """The name of its picture; a playlist has none and is seen as its first track."""
    match what:
        case User():
            return f"avatars-{what.id}"
        case Track():
            return f"artworks-{what.id}"
    return picture_name(what.tracks[0] if what.tracks else what.user)


def picture_of(what: User | Track | Playlist, size: str = "large") -> str:
    """The path of its picture in `size`."""
    return f"{picture_name(what)}-{size}.jpg"


class Renderer:
    """Draws records for `viewer`, who is None when the application itself looks."""

    def __init__(self, catalogue: Catalogue, origin: str, viewer: User | None) -> None:
        self._catalogue = catalogue
        self._origin = origin
        self._viewer = viewer
        self._users: dict[int, Json] = {}  # a list draws the same person again and again

    def any(self, what: object) -> Json:
        match what:
            case User():
                return self.user(what)
            case Track():
                return self.track(what)
            case Playlist():
                return self.playlist(what)
            case Comment():
                return self.comment(what)
        raise TypeError(what)

    def user(self, user: User) -> Json:
        if user.id not in self._users:
            self._users[user.id] = self._user(user)
        return self._users[user.id]

    def _user(self, user: User) -> Json:
        catalogue = self._catalogue
        public = [track for track in catalogue.tracks_of(user) if not track.private]
        return {
            "avatar_url": f"{PICTURES}/{picture_of(user)}",
            "city": user.city,
            "country": user.country,
            "created_at": moment(user.created),
            "description": user.description,
            "discogs_name": None,
            "first_name": user.username.split()[0],
            "followers_count": user.followers + catalogue.follows.count_to(user),
            "followings_count": user.followings + catalogue.follows.count_by(user),
            "full_name": user.username,
            "id": user.id,
            "urn": f"soundcloud:users:{user.id}",
            "kind": "user",
            "last_modified": moment(user.created),
            "last_name": "",
            "permalink": user.permalink,
            "permalink_url": page_of(user),
            "plan": "Free",
            "playlist_count": len(catalogue.playlists_of(user)),
            "public_favorites_count": catalogue.likes.count_by(user),
            "reposts_count": catalogue.reposts.count_by(user),
            "track_count": len(public),
            "uri": f"{self._origin}/users/soundcloud:users:{user.id}",
            "username": user.username,
            "website": None,
            "website_title": None,
            **user.extra,
        }

    def me(self, user: User) -> Json:
        private = [track for track in self._catalogue.tracks_of(user) if track.private]
        return self.user(user) | {
            "locale": "en",
            "primary_email_confirmed": True,
            "private_playlists_count": 0,
            "private_tracks_count": len(private),
            "quota": {
                "unlimited_upload_quota": False,
                "upload_seconds_used": 0,
                "upload_seconds_left": 10800,
            },
            "upload_seconds_left": 10800,
        }

    def track(self, track: Track) -> Json:
        catalogue, viewer = self._catalogue, self._viewer
        address = f"{self._origin}/tracks/soundcloud:tracks:{track.id}"
        hidden = track.hidden_stats and viewer is not track.user
        comments = sum(comment.track is track for comment in catalogue.comments)
        return {
            "kind": "track",
            "id": track.id,
            "urn": f"soundcloud:tracks:{track.id}",
            "created_at": moment(track.created),
            "duration": track.duration,
            "commentable": True,
            "comment_count": comments,
            "sharing": "private" if track.private else "public",
            "tag_list": track.tag_list,
            "streamable": True,
            "embeddable_by": "all",
            "purchase_url": None,
            "purchase_title": None,
            "genre": track.genre,
            "title": track.title,
            "description": track.description,
            "label_name": None,
            "release": None,
            "key_signature": None,
            "isrc": None,
            "bpm": None,
            "release_year": None,
            "release_month": None,
            "release_day": None,
            "license": "all-rights-reserved",
            "uri": address,
            "user": self.user(track.user),
            "permalink_url": page_of(track),
            "artwork_url": f"{PICTURES}/{picture_of(track)}",
            "stream_url": f"{address}/stream",
            "download_url": None,
            "waveform_url": f"https://wave.sndcdn.com/{track.id}_m.png",
            "available_country_codes": None,
            "secret_uri": None,
            "user_favorite": viewer is not None and (viewer, track) in catalogue.likes,
            "user_playback_count": None,
            "playback_count": 0 if hidden else track.plays,
            "download_count": 0,
            "favoritings_count": 0 if hidden else track.likes + catalogue.likes.count_to(track),
            "reposts_count": track.reposts + catalogue.reposts.count_to(track),
            "downloadable": False,
            "reveal_stats": not track.hidden_stats,
            "reveal_comments": True,
            "access": track.access,
            "policy": None,
            **track.extra,
        }

    def playlist(self, playlist: Playlist, *, tracks: bool = True) -> Json:
        address = f"{self._origin}/playlists/soundcloud:playlists:{playlist.id}"
        drawn = {"tracks": [self.track(one) for one in playlist.tracks]} if tracks else {}
        return {
            "kind": "playlist",
            "id": playlist.id,
            "urn": f"soundcloud:playlists:{playlist.id}",
            "title": playlist.title,
            "created_at": moment(playlist.created),
            "last_modified": moment(playlist.created),
            "description": None,
            "duration": sum(track.duration for track in playlist.tracks),
            "genre": "",
            "artwork_url": None,
            "permalink": playlist.permalink,
            "permalink_url": page_of(playlist),
            "playlist_type": "",
            "sharing": "private" if playlist.private else "public",
            "streamable": True,
            "tag_list": "",
            "track_count": len(playlist.tracks),
            "tracks_uri": f"{address}/tracks",
            "likes_count": playlist.likes + self._catalogue.likes.count_to(playlist),
            "uri": address,
            "user": self.user(playlist.user),
            "user_urn": f"soundcloud:users:{playlist.user.id}",
            **drawn,
        }

    def comment(self, comment: Comment) -> Json:
        return {
            "kind": "comment",
            "id": comment.id,
            "urn": f"soundcloud:comments:{comment.id}",
            "body": comment.body,
            "created_at": moment(comment.created),
            "timestamp": comment.timestamp,
            "track_urn": f"soundcloud:tracks:{comment.track.id}",
            "user_urn": f"soundcloud:users:{comment.user.id}",
            "uri": f"{self._origin}/comments/soundcloud:comments:{comment.id}",
            "user": self.user(comment.user),
        }
