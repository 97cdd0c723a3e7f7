"""What is remembered, in SQLite or PostgreSQL."""

from .engines import StoreError
from .opening import open_store
from .queries import Store
from .records import (
    Account,
    LinkAttempt,
    LinkReply,
    PersonSettings,
    ServerSettings,
    Share,
)

__all__ = [
    "Account",
    "LinkAttempt",
    "LinkReply",
    "PersonSettings",
    "ServerSettings",
    "Share",
    "Store",
    "StoreError",
    "open_store",
]
