from typing import Any


class AccountTokens:
    def __init__(self, *a: Any) -> None: ...
    async def load(self) -> Any: ...
    async def save(self, tokens: Any, *, instead_of: Any) -> bool:
        return True

    def refreshing(self) -> Any: ...


def written_tokens(t: Any) -> str:
    return ""
