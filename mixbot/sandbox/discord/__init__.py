"""Discord on loopback: enough of it for the real discord.py, and people who use the bot."""

from .cdn import Download
from .errors import ClientRefused, InteractionFailed
from .events import Event, Subscription
from .files import File
from .interactions import Interaction
from .messages import Button, Message, Picture
from .people import User, Webhook
from .permissions import Permission
from .places import Channel, Guild, Role
from .server import DiscordServer

__all__ = [
    "Button",
    "Channel",
    "ClientRefused",
    "DiscordServer",
    "Download",
    "Event",
    "File",
    "Guild",
    "Interaction",
    "InteractionFailed",
    "Message",
    "Permission",
    "Picture",
    "Role",
    "Subscription",
    "User",
    "Webhook",
]
