"""Signing in with Discord, to know that the person at the browser is the one who asked to link."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp

from mixbot.errors import UserError
from mixbot.languages import N_


class SignInFailed(UserError):
    """Discord did not confirm who is there."""

    def __init__(self) -> None:
        super().__init__(
            N_("Discord did not confirm who you are. Use `/mixcloud link` in Discord to try again.")
        )


def new_verifier() -> str:
    """A secret of PKCE (RFC 7636): whoever redeems the code must know it."""
    return secrets.token_urlsafe(48)


def challenge(verifier: str) -> str:
    """What Discord is told of `verifier` beforehand."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True)
class DiscordSignIn:
    """Discord's OAuth 2, for nothing but the id of the user (`identify`)."""

    client_id: str
    client_secret: str = field(repr=False)
    authorize_url: str = "https://discord.com/oauth2/authorize"
    api_url: str = "https://discord.com/api/v10"
    seconds: float = 10.0

    def authorization_url(self, redirect_uri: str, *, state: str, verifier: str) -> str:
        """Where the browser goes to sign in."""
        question = {
            "response_type": "code",
            "client_id": self.client_id,
            "scope": "identify",
            "redirect_uri": redirect_uri,
            "state": state,
            "code_challenge": challenge(verifier),
            "code_challenge_method": "S256",
        }
        return f"{self.authorize_url}?{urlencode(question)}"

    async def user_id(self, redirect_uri: str, *, code: str, verifier: str) -> int:
        """Who signed in. Their token is used once, for that, and forgotten."""
        form = {
            "grant_type": "authorization_code",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "redirect_uri": redirect_uri,
            "code": code,
            "code_verifier": verifier,
        }
        limit = aiohttp.ClientTimeout(total=self.seconds)
        try:
            async with aiohttp.ClientSession(timeout=limit, raise_for_status=True) as session:
                async with session.post(
                    f"{self.api_url}/oauth2/token", data=form, allow_redirects=False
                ) as answer:
                    granted = await answer.json()
                bearer = {"Authorization": f"Bearer {granted['access_token']}"}
                async with session.get(
                    f"{self.api_url}/users/@me", headers=bearer, allow_redirects=False
                ) as answer:
                    user: dict[str, Any] = await answer.json()
                return int(user["id"])
        except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError):
            raise SignInFailed from None
