"""A client of SoundCloud's API that stands on its own; `docs/guide.md` shows what it does.

async with SoundCloud(client_id="…", client_secret="…") as soundcloud:
    track = await soundcloud.resolve("https://soundcloud.com/forss/flickermood")
    print(track.title, track.user.username)

`docs/soundcloud.md` tells what of all this is documented, what was seen, and what is a guess.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mixbot.transport.exchange import Exchange

from .client import Name, SearchType, SoundCloud
from .errors import (
    Blocked,
    GrantEnded,
    InvalidArgument,
    InvalidUpload,
    NotFound,
    RateLimited,
    Rejected,
    SoundCloudError,
    SoundCloudOAuthError,
    Unauthorized,
    Unreachable,
    UploadInterrupted,
)
from .gate import Gate
from .links import Link, ShortLink, find_links, read_path
from .models import (
    AccessDict,
    AccessList,
    Activity,
    Comment,
    Playlist,
    Resource,
    ResourceList,
    Track,
    User,
)
from .paging import Paging
from .tokens import MemoryTokens, Tokens, TokenStore

if TYPE_CHECKING:
    from .auth import Authorization, SoundCloudOAuth
    from .sync import SoundCloudOAuthSync, SoundCloudSync
    from .uploading import Progress

# What not every program needs is loaded when it is asked for.
_LATER = {
    "Authorization": "auth",
    "Progress": "uploading",
    "SoundCloudOAuth": "auth",
    "SoundCloudOAuthSync": "sync",
    "SoundCloudSync": "sync",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f".{_LATER[name]}", __name__), name)
    globals()[name] = found
    return found


__all__ = [
    "AccessDict",
    "AccessList",
    "Activity",
    "Authorization",
    "Blocked",
    "Comment",
    "Exchange",
    "Gate",
    "GrantEnded",
    "InvalidArgument",
    "InvalidUpload",
    "Link",
    "MemoryTokens",
    "Name",
    "NotFound",
    "Paging",
    "Playlist",
    "Progress",
    "RateLimited",
    "Rejected",
    "Resource",
    "ResourceList",
    "SearchType",
    "ShortLink",
    "SoundCloud",
    "SoundCloudError",
    "SoundCloudOAuth",
    "SoundCloudOAuthError",
    "SoundCloudOAuthSync",
    "SoundCloudSync",
    "TokenStore",
    "Tokens",
    "Track",
    "Unauthorized",
    "Unreachable",
    "UploadInterrupted",
    "User",
    "find_links",
    "read_path",
]
