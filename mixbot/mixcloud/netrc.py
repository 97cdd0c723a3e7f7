"""The access token in `.netrc`, where python-mixcloud's users have it."""

from __future__ import annotations

import logging
import netrc
import os
import re
import tempfile
from pathlib import Path

from .errors import InvalidArgument

MACHINE = "mixcloud-api"
_TOKEN = re.compile(r"[\w.~+/=|-]+", re.ASCII)  # nothing that the file would have to quote
_VALUE = r"""(?:"(?:\\.|[^"\\])*"|\S+)"""
_COMMENT = r"(?<!\S)#[^\n]*"
_PAIR = rf"(?:\s+{_COMMENT})*\s+(?:login|user|account|password)\s+{_VALUE}"
_PARTS = re.compile(
    # A macro goes on until an empty line; what it and comments say is no entry.
    rf"(?P<kept>(?<!\S)macdef\b.*?(?:\n[ \t]*\n|\Z)|{_COMMENT})"
    rf"|(?<!\S)machine\s+{MACHINE}(?!\S)(?:{_PAIR})*[ \t]*\n?",
    re.DOTALL,
)

_log = logging.getLogger(__name__)


def netrc_path() -> Path:
    """Where the file is: `$NETRC`, or `.netrc` (`_netrc` on Windows) at home."""
    if path := os.environ.get("NETRC"):
        return Path(path)
    return Path.home() / ("_netrc" if os.name == "nt" else ".netrc")


def token_from_netrc() -> str | None:
    """The token kept for the machine `mixcloud-api`; None where there is none.

    It blocks. A file that cannot be read is told to the log, without what is in it.
    """
    path = netrc_path()
    try:
        found = netrc.netrc(path).authenticators(MACHINE)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, netrc.NetrcParseError) as error:
        _log.warning("%s cannot be read, so no token is taken from it: %s", path, _reason(error))
        return None
    return (found[2] or None) if found else None


def store_token(token: str, path: Path | None = None) -> Path:
    """Keep `token` in the file, for its owner's eyes only; returns where. All else in it stays.

    The file is replaced as a whole, so that it is never half written. Raises InvalidArgument for
    what cannot be a token, OSError when the file cannot be written.
    """
    if not _TOKEN.fullmatch(token):
        raise InvalidArgument("the token has characters that no token has")
    path = (path or netrc_path()).resolve()
    text = path.read_bytes().decode(errors="surrogateescape") if path.exists() else ""
    entry = f"machine {MACHINE}\n  login oauth\n  password {token}\n"
    others = _PARTS.sub(lambda part: part["kept"] or "", text)
    _replace(path, (entry + others).encode(errors="surrogateescape"))
    return path


def _replace(path: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".netrc-")  # with mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _reason(error: Exception) -> str:
    """What is wrong with the file; a parser's own words could repeat what is in it."""
    if isinstance(error, netrc.NetrcParseError):
        return f"line {error.lineno} is not understood"
    return type(error).__name__
