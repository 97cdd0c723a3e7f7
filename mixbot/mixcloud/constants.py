"""Addresses and limits of Mixcloud, as its developer pages give them."""

API_ROOT = "https://api.mixcloud.com"
MIXCLOUD_ROOT = "https://www.mixcloud.com"
OAUTH_ROOT = f"{MIXCLOUD_ROOT}/oauth"
OEMBED_ROOT = "https://app.mixcloud.com/oembed/"
SHORT_ROOT = "https://i.mixcloud.com"

MP3_MAX_SIZE = 4_294_967_296  # bytes
PICTURE_MAX_SIZE = 10_485_760  # bytes
DESCRIPTION_MAX_SIZE = 1000  # characters
TAG_MAX_COUNT = 5
HOST_MAX_COUNT = 2
