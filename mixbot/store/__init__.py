"""What is remembered, in SQLite or PostgreSQL."""

from .engines import DatabaseUnreachable, StoreError
from .opening import open_store
from .queries import Store
from .records import (
    Account,
    LinkAttempt,
    LinkReply,
    PersonSettings,
    ServerSettings,
    Share,
    Upload,
)

__all__ = [
    "Account",
    "DatabaseUnreachable",
    "LinkAttempt",
    "LinkReply",
    "PersonSettings",
    "ServerSettings",
    "Share",
    "Store",
    "StoreError",
    "Upload",
    "open_store",
]
