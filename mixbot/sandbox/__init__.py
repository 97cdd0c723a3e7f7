from mixbot.sandbox.discord import DiscordServer as DiscordServer
from mixbot.sandbox.mixcloud import MixcloudServer as MixcloudServer
