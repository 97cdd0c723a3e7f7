"""A client of all of Mixcloud's API that stands on its own; `docs/guide.md` shows what it does.

async with Mixcloud() as mixcloud:
    show = await mixcloud.cloudcast("spartacus/party-time")
    print(show.name, show.user.name)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mixbot.transport.exchange import Exchange

from .client import Mixcloud, SearchType
from .errors import (
    Blocked,
    InvalidArgument,
    InvalidText,
    InvalidUpload,
    MixcloudError,
    MixcloudOAuthError,
    NotFound,
    RateLimited,
    Rejected,
    Unauthorized,
    Unreachable,
    UploadInterrupted,
)
from .gate import Gate
from .links import Link, ShortLink, find_links, read_key
from .models import (
    AccessDict,
    AccessList,
    Artist,
    Category,
    Cloudcast,
    Comment,
    FeedItem,
    Pictured,
    Playlist,
    Resource,
    ResourceList,
    Tag,
    Track,
    User,
)
from .paging import Paging
from .sections import Section

if TYPE_CHECKING:
    from .auth import MixcloudOAuth
    from .cache import ResponseCache
    from .drafts import Draft
    from .sync import MixcloudOAuthSync, MixcloudSync
    from .tracklists import read_tracklist, to_cue, to_text, to_yaml
    from .uploading import Progress

# What not every program needs is loaded when it is asked for.
_LATER = {
    "Draft": "drafts",
    "MixcloudOAuth": "auth",
    "MixcloudOAuthSync": "sync",
    "MixcloudSync": "sync",
    "Progress": "uploading",
    "ResponseCache": "cache",
    "read_tracklist": "tracklists",
    "to_cue": "tracklists",
    "to_text": "tracklists",
    "to_yaml": "tracklists",
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
    "Artist",
    "Blocked",
    "Category",
    "Cloudcast",
    "Comment",
    "Draft",
    "Exchange",
    "FeedItem",
    "Gate",
    "InvalidArgument",
    "InvalidText",
    "InvalidUpload",
    "Link",
    "Mixcloud",
    "MixcloudError",
    "MixcloudOAuth",
    "MixcloudOAuthError",
    "MixcloudOAuthSync",
    "MixcloudSync",
    "NotFound",
    "Paging",
    "Pictured",
    "Playlist",
    "Progress",
    "RateLimited",
    "Rejected",
    "Resource",
    "ResourceList",
    "ResponseCache",
    "SearchType",
    "Section",
    "ShortLink",
    "Tag",
    "Track",
    "Unauthorized",
    "Unreachable",
    "UploadInterrupted",
    "User",
    "find_links",
    "read_key",
    "read_tracklist",
    "to_cue",
    "to_text",
    "to_yaml",
]
