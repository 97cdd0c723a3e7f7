"""What is remembered, in SQLite or PostgreSQL."""

from .engines import DatabaseUnreachable, StoreError
from .opening import bring_up_to_date, examined, open_store
from .queries import UNTOLD_KEPT, Store
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
