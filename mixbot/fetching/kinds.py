"""What a file is, told from its first bytes: names and headers say what they like."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

Media: TypeAlias = Literal["audio", "image", "text"]

HEAD = 16 * 1024  # bytes that tell the kind for sure


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file is: `MP3`, `JPEG`, `TXT`, `HTML`…, and what it is for."""

    name: str
    media: Media


_MP3 = Kind("MP3", "audio")
_AAC = Kind("AAC", "audio")
_FLAC = Kind("FLAC", "audio")
_TXT = Kind("TXT", "text")
_HTML = Kind("HTML", "text")


def sniff(head: bytes) -> Kind | None:
    """What the file is that begins with `head`, if it is sound, a picture or text.

    The more of the file there is, up to `HEAD` bytes, the surer it is. Web pages are text.
    """
    return _container(head) or _picture(head) or _tagged(head) or _text(head) or _late_mp3(head)


def other_kind(head: bytes) -> str | None:
    """The name of a kind that is neither sound nor picture nor text, if it is a well-known one."""
    for name, start in _OTHERS:
        if head.startswith(start):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "AVI"
    if _begins_as_mp4(head):
        return _OTHER_BRANDS.get(head[8:12])
    return None


_OTHERS = (
    ("ZIP", b"PK\x03\x04"),
    ("ZIP", b"PK\x05\x06"),
    ("RAR", b"Rar!\x1a\x07"),
    ("7Z", b"7z\xbc\xaf\x27\x1c"),
    ("GZIP", b"\x1f\x8b\x08"),
    ("PDF", b"%PDF-"),
    ("EXE", b"MZ"),
    ("WMA", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
    ("WebM", b"\x1a\x45\xdf\xa3"),
    ("MIDI", b"MThd"),
    ("CAF", b"caff"),
    ("APE", b"MAC "),
    ("WavPack", b"wvpk"),
    ("TIFF", b"II*\0"),
    ("TIFF", b"MM\0*"),
    ("PSD", b"8BPS"),
    ("BMP", b"BM"),
)
_OTHER_BRANDS = {
    b"avif": "AVIF",
    b"avis": "AVIF",
    b"heic": "HEIC",
    b"heix": "HEIC",
    b"hevc": "HEIC",
    b"mif1": "HEIC",
    b"msf1": "HEIC",
    b"crx ": "CR3",
    b"qt  ": "MOV",
    b"M4V ": "M4V",
    b"3gp4": "3GP",
    b"3gp5": "3GP",
}
_SOUND_BRANDS = (b"M4A ", b"M4B ", b"M4P ")


def _container(head: bytes) -> Kind | None:
    start, form = head[:4], head[8:12]
    if start in (b"RIFF", b"RF64", b"BW64") and form == b"WAVE":
        return Kind("WAV", "audio")
    if start == b"FORM" and form in (b"AIFF", b"AIFC"):
        return Kind("AIFF", "audio")
    if start == b"fLaC":
        return _FLAC
    if start == b"OggS":
        return _ogg(head)
    if _begins_as_mp4(head) and form not in _OTHER_BRANDS:
        return Kind("M4A" if form in _SOUND_BRANDS else "MP4", "audio")
    return None


def _begins_as_mp4(head: bytes) -> bool:
    """Its first box holds the brand, and a few others."""
    return head[4:8] == b"ftyp" and 12 <= int.from_bytes(head[:4], "big") <= min(len(head), 1024)


def _ogg(head: bytes) -> Kind | None:
    """Its first page names what is in it, behind a table of as many bytes as byte 26 says."""
    if len(head) < 27:
        return None
    packet = head[27 + head[26] :]
    if packet.startswith(b"OpusHead"):
        return Kind("Opus", "audio")
    if packet.startswith((b"\x01vorbis", b"\x7fFLAC", b"Speex   ")):
        return Kind("Ogg", "audio")
    return None


def _picture(head: bytes) -> Kind | None:
    if head.startswith(b"\xff\xd8\xff"):
        return Kind("JPEG", "image")
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return Kind("PNG", "image")
    if head.startswith((b"GIF87a", b"GIF89a")):
        return Kind("GIF", "image")
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Kind("WebP", "image")
    return None


# MPEG sound: frames, one after the other, each with its length in its header; maybe tags before.

_BITRATES = {  # kbit/s of layer III
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_JUNK = 4096  # bytes before the first frame that players skip, and so does this


def _tagged(head: bytes) -> Kind | None:
    """Sound in frames, behind as many ID3 tags as there are."""
    tagged = _after_tags(head)
    start = _after_zeros(head, tagged) if tagged else 0
    if start >= len(head):  # the tags, or the padding behind them, are longer than this
        return _MP3 if tagged else None
    if head.startswith(b"fLaC", start):
        return _FLAC
    if _count_aac(head, start) >= 2:
        return _AAC
    if _count_mp3(head, start) >= 2:
        return _MP3
    if tagged:
        return _MP3 if len(head) - start <= _JUNK else _late_mp3(head, start)
    return None


def _late_mp3(head: bytes, start: int = 0) -> Kind | None:
    """MP3 that begins with something else: three frames in a row are no accident."""
    start = _after_zeros(head, start)
    for position in range(start, min(start + _JUNK, len(head))):
        if head[position] == 0xFF and _count_mp3(head, position, to_the_end=False) >= 3:
            return _MP3
    return None


def _after_zeros(head: bytes, start: int) -> int:
    return len(head) - len(head[start:].lstrip(b"\0"))


def _after_tags(head: bytes) -> int:
    """Where the ID3v2 tags end; 0 if there are none."""
    position = 0
    while (tag := head[position : position + 10]).startswith(b"ID3") and len(tag) == 10:
        version, revision, flags, *size = tag[3:]
        if version not in (2, 3, 4) or revision == 0xFF or flags & 0x0F or max(size) > 0x7F:
            break
        footer = 10 if flags & 0x10 else 0
        position += 10 + footer + sum(byte << 7 * (3 - i) for i, byte in enumerate(size))
    return position


def _count_mp3(head: bytes, position: int, *, to_the_end: bool = True) -> int:
    """How many frames of one stream follow each other, up to 3.

    With `to_the_end`, one that ends where `head` does, or behind it, makes up for those to come.
    """
    stream: tuple[int, int] | None = None
    for count in range(3):
        if stream and position + 4 > len(head):
            return 3 if to_the_end else count
        frame = _mp3_frame(head[position : position + 4])
        if frame is None or (stream and frame[:2] != stream):
            return count
        stream = frame[:2]
        position += frame[2]
    return 3


def _mp3_frame(header: bytes) -> tuple[int, int, int] | None:
    """MPEG's version, the sample rate and the length in bytes, of a frame of layer III."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return None
    version, bitrate, rate = header[1] >> 3 & 3, header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or bitrate in (0, 15) or rate == 3:
        return None
    samples_rate = _RATES[version][rate]
    kbits = _BITRATES[1 if version == 3 else 2][bitrate]
    length = (144_000 if version == 3 else 72_000) * kbits // samples_rate + (header[2] >> 1 & 1)
    return version, samples_rate, length


def _count_aac(head: bytes, position: int) -> int:
    """How many ADTS frames follow each other, up to 2; the end of `head` makes up for one."""
    for count in range(2):
        header = head[position : position + 6]
        if count and position + 6 > len(head):
            return 2
        if len(header) < 6 or header[0] != 0xFF or header[1] & 0xF6 != 0xF0:
            return count
        length = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
        if header[2] >> 2 & 15 > 12 or length < 7:
            return count
        position += length
    return 2


_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CONTROL = re.compile(r"[\0-\x08\x0e-\x1f\x7f]")
_PAGE = re.compile(
    r"(?:\s|\ufeff|<!--.*?-->|<\?xml.*?\?>)*+"  # possessive: going back would take for ever
    r"<(?:!doctype\s+html|html|head|body|title|meta|script|style|iframe|div|table|h1)\b",
    re.IGNORECASE | re.DOTALL,
)


def _text(head: bytes) -> Kind | None:
    text = _decoded(head)
    if not text or _CONTROL.search(text) or text.startswith("%PDF-"):
        return None
    return _HTML if _PAGE.match(text) else _TXT


def _decoded(head: bytes) -> str | None:
    """`head` as text, whose last character may be incomplete."""
    encoding = "utf-16" if head.startswith(_UTF_16) else "utf-8"
    try:
        return codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return None if encoding == "utf-16" else head.decode("cp1252", errors="replace")
