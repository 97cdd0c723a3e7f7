"""interim"""
import json
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from mixbot.soundcloud.tokens import Tokens
APPLICATION = 0
class AccountTokens:
    def __init__(self, store: Any, vault: Any, user_id: int, provider: str) -> None:
        self.a = store, vault, user_id, provider
        self.kept: Any = None
    async def load(self) -> Any:
        store, vault, user_id, provider = self.a
        account = await store.account(user_id, provider)
        self.kept = account and account.token
        if account is None: return None
        return read(vault.open(account.token, f"token {provider} {user_id}"))
    async def save(self, tokens: Any, *, instead_of: Any) -> bool:
        store, vault, user_id, provider = self.a
        sealed = vault.seal(written_tokens(tokens), f"token {provider} {user_id}")
        if self.kept is None:
            from mixbot.store import Account
            return await store.add_account(Account(user_id, provider, "", "", "", sealed, datetime.now(UTC)))
        return await store.replace_token(user_id, provider, sealed, instead_of=self.kept)
    @asynccontextmanager
    async def refreshing(self) -> Any:
        yield
def read(text: str) -> Tokens:
    d = json.loads(text)
    return Tokens(d["access_token"], d["refresh_token"], datetime.fromisoformat(d["expires_at"]) if d["expires_at"] else None, d["scope"])
def written_tokens(t: Any) -> str:
    return json.dumps(asdict(t), default=str)
