"""What a file is, told from its first bytes."""

import io
import wave
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mixbot.fetching import Kind, sniff
from mixbot.fetching.kinds import HEAD, other_kind

from .origin import FRAME, MP3

FRAME_OF_MPEG_2 = b"\xff\xf3\x80\xc4" + bytes(204)  # 64 kbit/s at 22.05 kHz
ADTS = b"\xff\xf1\x50\x80\x02\x1f\xfc" + bytes(9)  # 16 bytes


def tag(size: int, *, flags: int = 0, version: int = 4) -> bytes:
    """An ID3v2 tag with `size` bytes in it."""
    sizes = bytes(size >> 7 * (3 - i) & 0x7F for i in range(4))
    return b"ID3" + bytes([version, 0, flags]) + sizes + b"\x55" * size


def ogg(packet: bytes) -> bytes:
    return b"OggS\0\x02" + bytes(20) + b"\x01" + bytes([len(packet)]) + packet + bytes(30)


def mp4(brand: bytes) -> bytes:
    return b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0isommp42" + bytes(100)


def picture(format: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(file, format)
    return file.getvalue()


def wav() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((2, 2, 44100, 0, "NONE", "not compressed"))
        sound.writeframes(bytes(4000))
    return file.getvalue()


@pytest.mark.parametrize(
    ("head", "name", "media"),
    [
        (MP3, "MP3", "audio"),
        (FRAME_OF_MPEG_2 * 5, "MP3", "audio"),
        (FRAME, "MP3", "audio"),  # nothing follows to look at
        (tag(100) + MP3, "MP3", "audio"),
        (tag(100, version=3) + bytes(3000) + MP3, "MP3", "audio"),  # padding behind the tag
        (tag(100) + tag(50) + MP3, "MP3", "audio"),
        (tag(100, flags=0x10) + b"3DI\4\0\0\0\0\0\x64" + MP3, "MP3", "audio"),  # with a footer
        (tag(500_000)[:HEAD], "MP3", "audio"),  # a picture in the tag is longer than the head
        (tag(100) + bytes(HEAD), "MP3", "audio"),
        (tag(100) + b"\0\x03 junk" * 20 + MP3, "MP3", "audio"),
        (bytes(2000) + MP3, "MP3", "audio"),
        (b"\x01\xff\x02" * 300 + MP3, "MP3", "audio"),
        (tag(100) + ADTS * 10, "AAC", "audio"),
        (tag(100) + b"fLaC\0\0\0\x22", "FLAC", "audio"),
        (ADTS * 10, "AAC", "audio"),
        (mp4(b"M4A "), "M4A", "audio"),
        (mp4(b"isom"), "MP4", "audio"),
        (mp4(b"mp42"), "MP4", "audio"),
        (wav(), "WAV", "audio"),
        (b"RF64\xff\xff\xff\xffWAVEds64", "WAV", "audio"),
        (b"FORM\0\0\1\0AIFFCOMM", "AIFF", "audio"),
        (b"FORM\0\0\1\0AIFCFVER", "AIFF", "audio"),
        (b"fLaC\0\0\0\x22", "FLAC", "audio"),
        (ogg(b"OpusHead\x01\x02"), "Opus", "audio"),
        (ogg(b"\x01vorbis\0\0"), "Ogg", "audio"),
        (ogg(b"\x7fFLAC\x01"), "Ogg", "audio"),
        (picture("JPEG"), "JPEG", "image"),
        (picture("PNG"), "PNG", "image"),
        (picture("GIF"), "GIF", "image"),
        (picture("WEBP"), "WebP", "image"),
        (b"0:00 Sun Ra - Lanquidity\r\n", "TXT", "text"),
        ("0:00 Björk – Jóga".encode(), "TXT", "text"),
        ("0:00 Björk – Jóga".encode("utf-8-sig"), "TXT", "text"),
        ("0:00 Björk – Jóga".encode("utf-16"), "TXT", "text"),
        ("0:00 Björk – Jóga".encode("cp1252"), "TXT", "text"),
        ("シーケンス".encode()[:-1], "TXT", "text"),  # cut within a character
        (b"BM, MZ and ID3, all in all: the ftyp of OggS", "TXT", "text"),
        (b"ID3 tags are not what this file has", "TXT", "text"),
        (b"<3 this show, <b> and <title", "TXT", "text"),
        (b"<!DOCTYPE html><p>", "HTML", "text"),
        (b"\xef\xbb\xbf \r\n<!-- hi -->\n<HTML lang=en>", "HTML", "text"),
        (b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD">', "HTML", "text"),
        ("<html>".encode("utf-16"), "HTML", "text"),
    ],
)
def test_a_file_is_what_its_bytes_say(head: bytes, name: str, media: str) -> None:
    assert sniff(head[:HEAD]) == Kind(name, media)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"PK\x03\x04\x14\0\0\0", "ZIP"),
        (b"Rar!\x1a\x07\x01\0", "RAR"),
        (b"%PDF-1.7\n%", "PDF"),
        (b"MZ\x90\0\x03", "EXE"),
        (b"\x1f\x8b\x08\0", "GZIP"),
        (b"RIFF\x24\0\0\0AVI LIST", "AVI"),
        (mp4(b"heic"), "HEIC"),
        (mp4(b"avif"), "AVIF"),
        (mp4(b"qt  "), "MOV"),
        (b"\x1a\x45\xdf\xa3\x9f", "WebM"),
        (b"BM\x36\0\0\0", "BMP"),
        (ogg(b"\x80theora"), None),
        (b"", None),
        (b"\xff", None),
        (b"\xff\xfb\x90\x64" + b"\x01" * 2000, None),  # no second frame where one must be
        (b"\xff\xfb\xf0\x64" + bytes(2000), None),  # no such bitrate
        (tag(100) + b"\x01\x02\x03\x04" * 3000, None),  # a tag of a file that is no sound
        (b"text with a NUL\0", None),
        ("text with a NUL\0".encode("utf-16"), None),
        (b"\xff\xfe\x00\xd8", None),  # half a character of UTF-16, and a wrong one
        (b"\x1b[2J colours", None),
    ],
)
def test_what_is_of_no_use_is_named_if_it_is_well_known(head: bytes, name: str | None) -> None:
    assert sniff(head[:HEAD]) is None or name is None
    assert other_kind(head) == name


@given(st.binary(max_size=200))
def test_any_bytes_are_something_or_nothing(head: bytes) -> None:
    for start in (
        b"",
        b"ID3",
        b"ID3\4\0\0\0\0\0",
        b"OggS",
        b"\xff\xfb\x90",
        b"\xff\xf1",
        b"\xff\xfe",
    ):
        kind = sniff(start + head)
        assert kind is None or kind.media in ("audio", "image", "text")
        other_kind(start + head)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=50))
def test_text_stays_text_wherever_it_is_cut(text: str) -> None:
    head = b"1. " + text.encode()
    for end in range(3, len(head)):
        assert sniff(head[:end]) == Kind("TXT", "text")


def test_a_text_of_comments_is_told_at_once() -> None:
    started = process_time()
    assert sniff(b"<!---->" * 2000 + b"x") == Kind("TXT", "text")
    assert process_time() - started < 1
