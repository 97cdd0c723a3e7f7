"""Pictures drawn for their path: the same path, the same picture."""

from functools import lru_cache
from io import BytesIO

from PIL import Image

from mixbot.sandbox.mixcloud.palettes import palette_of


@lru_cache(maxsize=256)
def draw(path: str, width: int, height: int) -> bytes:
    image = Image.new("RGB", (width, height), f"#{palette_of(path).accent}")
    buffer = BytesIO()
    image.save(buffer, "JPEG")
    return buffer.getvalue()
