"""What is remembered, in SQLite or PostgreSQL."""

from .engines import DatabaseUnreachable, StoreError
from .opening import bring_up_to_date, examined, open_store
from .queries import Store
from .records import (
    Account,
    LinkAttempt,
    LinkReply,
    PersonSettings,
    Sealed,
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
    "Sealed",
    "ServerSettings",
    "Share",
    "Store",
    "StoreError",
    "Upload",
    "bring_up_to_date",
    "examined",
    "open_store",
]
