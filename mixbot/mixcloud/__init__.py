"""An asynchronous client of Mixcloud's API that stands on its own.

async with Mixcloud() as mixcloud:
    show = await mixcloud.get("spartacus/party-time")
    print(show.name, show.user.name)
"""

from .auth import MixcloudOAuth
from .cache import ResponseCache
from .client import Exchange, Mixcloud, SearchType
from .drafts import Draft
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
from .sync import MixcloudOAuthSync, MixcloudSync
from .tracklists import Section, read_tracklist, to_cue, to_text, to_yaml
from .uploading import Progress

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
