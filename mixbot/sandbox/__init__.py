"""Mixcloud, SoundCloud and Discord on loopback: for tests, benchmarks and the demo."""

from mixbot.sandbox.discord import DiscordServer as DiscordServer
from mixbot.sandbox.mixcloud import MixcloudServer as MixcloudServer
from mixbot.sandbox.soundcloud import SoundCloudServer as SoundCloudServer
