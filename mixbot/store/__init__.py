"""What is remembered, in SQLite or PostgreSQL."""

from .engines import AWAY, DatabaseUnreachable, StoreError
from .opening import bring_up_to_date, examined, open_store
from .queries import UNTOLD_KEPT, Store
from .records import (
    APPLICATION,
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
    "APPLICATION",
    "AWAY",
    "UNTOLD_KEPT",
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
