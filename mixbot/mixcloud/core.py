"""The client, where aiomixcloud has it."""

from .client import Mixcloud as Mixcloud
