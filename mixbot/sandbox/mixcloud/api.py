"""What the API answers, decided without network: a path and a query in, data or a refusal out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

from mixbot.sandbox.mixcloud import cast, uploads
from mixbot.sandbox.mixcloud.catalogue import Catalogue
from mixbot.sandbox.mixcloud.embedding import player_frame
from mixbot.sandbox.mixcloud.grants import Grants
from mixbot.sandbox.mixcloud.paging import BadDate, Paging
from mixbot.sandbox.mixcloud.records import Show, User, slugify
from mixbot.sandbox.mixcloud.refusals import Refused, bad_request, forbidden, not_found
from mixbot.sandbox.mixcloud.render import USER_CONNECTIONS, Json, View, feed_of
from mixbot.sandbox.mixcloud.uploads import Form

TAG_PREFIXES = ("genres", "discover", "tag")
ACTIONS = ("favorite", "repost", "listen-later")


@dataclass(slots=True)
class Manners:
    """Where nobody has recorded what the real Mixcloud does, a test may choose."""

    token_error_status: Literal[400, 401] = 401
    not_found_body: Literal["json", "html"] = "json"
    tag_prefix: Literal["genres", "discover", "tag"] = "genres"
    denial: Literal["error", "bare"] = "error"  # `bare`: sent back with neither code nor error
    processing: int = 0  # how many GETs of a show that was just uploaded are answered with 404
    free_shows: int | None = None  # public ones of a free account; further uploads become drafts


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the API, taken apart."""

    method: str
    segments: tuple[str, ...]  # of the path, decoded
    query: Mapping[str, str]
    origin: str  # scheme and host, as the client wrote them

    @property
    def path(self) -> str:
        return "".join(f"/{quote(segment, safe=':+')}" for segment in self.segments) + "/"

    @property
    def paging(self) -> Paging:
        return Paging(self.origin + self.path, self.query)


class Api:
    """The REST API over a catalogue."""

    def __init__(
        self,
        catalogue: Catalogue,
        grants: Grants,
        manners: Manners,
        clock: Callable[[], datetime],
    ) -> None:
        self._catalogue = catalogue
        self._grants = grants
        self._manners = manners
        self._clock = clock
        self._processing: dict[Show, int] = {}  # how often each is still not there

    def answer(self, call: Call) -> Json:
        """The data for `call`; raises `Refused`."""
        viewer = self.viewer(call)
        if call.method in ("POST", "DELETE"):
            return self._act(call, viewer)
        if call.method not in ("GET", "HEAD"):
            raise Refused(405, f"{call.method} is not allowed here.", "MethodNotAllowedException")
        segments = call.segments
        if segments[:1] == ("me",):
            segments = (self._required(viewer).username, *segments[1:])
        view = View(
            self._catalogue,
            call.origin,
            tag_prefix=self._manners.tag_prefix,
            metadata=call.query.get("metadata") == "1",
            viewer=viewer,
        )
        try:
            return self._look_up(segments, call, view)
        except BadDate as bad:
            raise bad_request(f"Not a date: {bad}") from None

    def viewer(self, call: Call) -> User | None:
        """Whose token came with `call`, if one came."""
        token = call.query.get("access_token")
        if not token:
            return None
        username = self._grants.username(token)
        user = self._catalogue.user(username) if username else None
        if user is None:
            raise self.bad_token()
        return user

    def bad_token(self) -> Refused:
        status = self._manners.token_error_status
        return Refused(status, "An invalid access token was provided", "OAuthException")

    def _required(self, viewer: User | None) -> User:
        if viewer is None:
            message = "An access_token is required to access this resource."
            raise Refused(self._manners.token_error_status, message, "OAuthException")
        return viewer

    # Looking up

    def _look_up(self, segments: tuple[str, ...], call: Call, view: View) -> Json:
        catalogue, page = self._catalogue, call.paging.offset_page
        match segments:
            case ("search",):
                return self._search(call, view)
            case ("popular",):
                return page(catalogue.popular(), view.show) | {"name": "Popular Cloudcasts"}
            case ("popular", "hot"):
                return page(catalogue.hot(), view.show) | {"name": "New Cloudcasts"}
            case ("new",):
                return page(catalogue.new(), view.show) | {"name": "New Cloudcasts"}
            case ("categories", *rest):
                return self._category(rest, call, view)
            case (prefix, tag, *rest) if prefix in TAG_PREFIXES:
                return self._tag(prefix, tag, rest, call, view)
            case (username, *rest):
                user = catalogue.user(username)
                if user is None:
                    raise not_found(call.path)
                return self._of_user(user, rest, call, view)
        raise not_found(call.path)

    def _search(self, call: Call, view: View) -> Json:
        query, type = call.query.get("q", ""), call.query.get("type", "")
        page = call.paging.offset_page
        if not query.strip():
            raise bad_request("A query (q) is required.")
        match type:
            case "cloudcast" | "upload":
                return page(self._catalogue.search_shows(query), view.show)
            case "user":
                return page(self._catalogue.search_users(query), view.user)
            case "tag":
                return page(self._catalogue.search_tags(query), view.tag)
        raise bad_request("Type must be one of cloudcast, user, tag.")

    def _tag(self, prefix: str, tag: str, rest: list[str], call: Call, view: View) -> Json:
        shows = self._catalogue.tagged(tag)
        if shows is None:
            raise not_found(call.path)
        match rest:
            case []:
                name = self._catalogue.tag_name(tag.lower()) or tag.replace("city:", "")
                detail = view.tag_detail(name, f"/{prefix}/{quote(tag, safe=':+')}/")
                key = f"/{view.tag_prefix}/{quote(tag.lower(), safe=':+')}/"
                return detail | {"key": key, "url": f"https://www.mixcloud.com{key}"}
            case ["popular"]:
                order = self._catalogue.popular()
            case ["hot"]:
                order = self._catalogue.hot()
            case ["new" | "latest"]:
                order = self._catalogue.new()
            case _:
                raise not_found(call.path)
        wanted = set(shows)
        return call.paging.offset_page([show for show in order if show in wanted], view.show)

    def _category(self, rest: list[str], call: Call, view: View) -> Json:
        """Categories do not page, and what is in one is cut at forty."""
        if not rest:
            return {"data": [view.category(name, kind) for name, kind, _ in cast.CATEGORIES]}
        known = {slugify(name): (name, kind, tags) for name, kind, tags in cast.CATEGORIES}
        if rest[0] not in known:
            raise not_found(call.path)
        name, kind, tags = known[rest[0]]
        shows = [
            show
            for show in self._catalogue.popular()
            if any(slugify(tag) in tags for tag in show.tags)
        ]
        match rest[1:]:
            case []:
                return view.category(name, kind)
            case ["cloudcasts" | "userpick-cloudcasts"]:
                return {"data": [view.show(show) for show in shows[:40]]}
            case ["users" | "userpick-users"]:
                users = list(dict.fromkeys(show.user for show in shows))
                return {"data": [view.user(user) for user in users[:40]]}
        raise not_found(call.path)

    def _of_user(self, user: User, rest: list[str], call: Call, view: View) -> Json:
        catalogue = self._catalogue
        match rest:
            case []:
                return view.user_detail(user)
            case ["playlists", slug, *more]:
                return self._playlist(user, slug, more, call, view)
            case [connection] if connection in USER_CONNECTIONS:
                return self._connection(user, connection, call, view)
            case ["listen-later"] if user is self._required(view.viewer):
                later = _listed(catalogue.listen_later.by(user))
                return call.paging.dated_page(later, lambda _, show: view.show(show))
            case [slug, *more]:
                show = self._visible_show(user, slug, call, view.viewer)
                return self._of_show(show, more, call, view)
        raise not_found(call.path)

    def _visible_show(self, user: User, slug: str, call: Call, viewer: User | None) -> Show:
        show = self._catalogue.show(f"{user.username}/{slug}")
        if show is None or (call.method == "GET" and self._is_processing(show)):
            raise not_found(call.path)
        if show.visibility == "private" and viewer is not show.user:
            raise forbidden("This show is private.")
        return show

    def _is_processing(self, show: Show) -> bool:
        """Whether Mixcloud is not done with an upload; each time it is asked brings it nearer."""
        left = self._processing.pop(show, 0)
        if left > 1:
            self._processing[show] = left - 1
        return left > 0

    def _connection(self, user: User, connection: str, call: Call, view: View) -> Json:
        catalogue, dated = self._catalogue, call.paging.dated_page
        match connection:
            case "cloudcasts":
                uploads = [(show.created, show) for show in catalogue.shows_of(user)]
                page = dated(uploads, lambda _, show: view.show(show))
                return page | {"name": f"{user.name}'s Cloudcasts"}
            case "favorites":
                favorites = _listed(catalogue.favorites.by(user))
                page = dated(favorites, lambda _, show: view.show(show))
                return page | {"name": f"{user.name}'s favorites"}
            case "listens":
                listens = _listed(catalogue.listens.by(user))
                page = dated(listens, lambda when, show: view.show(show, listened=when))
                return page | {"name": f"{user.name}'s listens"}
            case "followers":
                page = dated(catalogue.follows.to(user), lambda _, fan: view.user(fan))
                return page | {"name": f"{user.name}'s followers"}
            case "following":
                return dated(catalogue.follows.by(user), lambda _, other: view.user(other))
            case "feed":
                feed = [(item.when, item) for item in feed_of(catalogue, user)]
                page = dated(feed, lambda _, item: view.feed_item(user, item))
                return page | {"name": f"{user.name}'s feed"}
            case "comments":
                comments = [(each.submitted, each) for each in catalogue.comments_on(user)]
                page = dated(comments, lambda _, comment: view.comment(comment))
                return page | {"name": f"Comments on {user.name}'s profile"}
            case _:
                playlists = catalogue.playlists_of(user)
                page = call.paging.offset_page(playlists, view.playlist)
                return page | {"name": f"{user.name}'s playlists"}

    def _playlist(self, user: User, slug: str, more: list[str], call: Call, view: View) -> Json:
        playlist = self._catalogue.playlist(user, slug)
        if playlist is None:
            raise not_found(call.path)
        match more:
            case []:
                return view.playlist(playlist)
            case ["cloudcasts"]:
                shows = [show for show in playlist.shows if show.visibility == "public"]
                return call.paging.offset_page(shows, view.show)
        raise not_found(call.path)

    def embed_html(self, call: Call) -> str:
        """The only answer of the API that is no JSON."""
        as_json = replace(call, segments=(*call.segments[:-1], "embed-json"))
        return str(self.answer(as_json)["html"])

    def _of_show(self, show: Show, rest: list[str], call: Call, view: View) -> Json:
        catalogue, dated = self._catalogue, call.paging.dated_page
        match rest:
            case []:
                return view.show_detail(show)
            case ["comments"]:
                comments = [(each.submitted, each) for each in catalogue.comments_on(show)]
                page = dated(comments, lambda _, comment: view.comment(comment))
                return page | {"name": f"Comments on {show.name}"}
            case ["favorites"]:
                return dated(catalogue.favorites.to(show), lambda _, fan: view.user(fan))
            case ["listeners"]:
                return dated(catalogue.listens.to(show), lambda _, fan: view.user(fan))
            case ["similar"]:
                return call.paging.offset_page(catalogue.similar(show), view.show)
            case ["embed-json"]:
                return {"html": player_frame(show.key, call.query)}
        raise not_found(call.path)

    # Acting

    def _act(self, call: Call, viewer: User | None) -> Json:
        undo = call.method == "DELETE"
        match call.segments:
            case (username, "follow"):
                subject = self._catalogue.user(username)
                if subject is None:
                    raise not_found(call.path)
                message = self._follow(self._required(viewer), subject, call, undo=undo)
            case (username, slug, action) if action in ACTIONS:
                user = self._catalogue.user(username)
                if user is None:
                    raise not_found(call.path)
                show = self._visible_show(user, slug, call, viewer)
                message = self._mark(self._required(viewer), show, action, call, undo=undo)
            case _:
                raise not_found(call.path)
        return {"result": {"success": True, "message": message}}

    def _follow(self, viewer: User, subject: User, call: Call, *, undo: bool) -> str:
        follows = self._catalogue.follows
        if undo:
            if not follows.remove(viewer, subject):
                raise not_found(call.path)
            return f"No longer following {subject.username}"
        if subject is viewer:
            raise bad_request("You cannot follow yourself.")
        follows.add(viewer, subject, self._clock())
        return f"Now following {subject.username}"

    def _mark(self, viewer: User, show: Show, action: str, call: Call, *, undo: bool) -> str:
        ties, done, undone = {
            "favorite": (
                self._catalogue.favorites,
                "Added {} to favorites",
                "Removed {} from favorites",
            ),
            "repost": (self._catalogue.reposts, "Reposted {}", "No longer reposting {}"),
            "listen-later": (
                self._catalogue.listen_later,
                "Added {} to listen later",
                "Removed {} from listen later",
            ),
        }[action]
        if not undo:
            ties.add(viewer, show, self._clock())
        elif not ties.remove(viewer, show):
            raise not_found(call.path)
        return (undone if undo else done).format(show.name)

    # Uploading

    def take_form(self, call: Call, form: Form) -> tuple[Show, str]:
        """The show that was uploaded or edited, and the word for what was done."""
        user = self._required(self.viewer(call))
        match call.segments:
            case ("upload",):
                show = uploads.upload(
                    self._catalogue,
                    user,
                    form,
                    self._clock(),
                    free_shows=self._manners.free_shows,
                )
                self._processing[show] = self._manners.processing
                return show, "Uploaded"
            case ("upload", username, slug, "edit"):
                edited = self._catalogue.show(f"{username}/{slug}")
                if edited is None:
                    raise not_found(call.path)
                if edited.user is not user:
                    raise forbidden("This show is not yours.")
                uploads.edit(self._catalogue, edited, form, self._clock())
                return edited, "Edited"
        raise not_found(call.path)


def _listed(entries: Sequence[tuple[datetime, Show]]) -> list[tuple[datetime, Show]]:
    """Without the shows that have become private or unlisted since."""
    return [(when, show) for when, show in entries if show.visibility == "public"]


def undone_by_form(call: Call, form: Mapping[str, Any]) -> Call:
    """POST with `method=delete` is DELETE, for clients that cannot send one."""
    if call.method == "POST" and form.get("method") == "delete":
        return replace(call, method="DELETE")
    return call
