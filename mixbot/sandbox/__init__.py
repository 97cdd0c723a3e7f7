from mixbot.sandbox.mixcloud import MixcloudServer as MixcloudServer
