"""The pages that browsers see: linking, the player, and whether all is well."""

from .app import create_app
from .serving import serving

__all__ = ["create_app", "serving"]
