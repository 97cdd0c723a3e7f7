"""Addresses and limits of SoundCloud, as its developer pages give them."""

API_ROOT = "https://api.soundcloud.com"
AUTH_ROOT = "https://secure.soundcloud.com"

ASSET_MAX_SIZE = 4 * 1024**3  # bytes
ARTWORK_MAX_SIZE = 10 * 1024**2  # bytes; the developer pages give no limit, the site this one
FILENAME_MAX_SIZE = 255  # characters
LICENSES = (
    "no-rights-reserved all-rights-reserved "
    "cc-by cc-by-nc cc-by-nd cc-by-sa cc-by-nc-nd cc-by-nc-sa"
).split()
