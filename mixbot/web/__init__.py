"""The pages that browsers see: linking, the player, and whether all is well."""

from .access_log import AccessLogger
from .app import create_app
from .events import Events

__all__ = ["AccessLogger", "Events", "create_app"]
