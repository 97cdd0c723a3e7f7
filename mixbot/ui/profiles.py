"""Which Mixcloud account is somebody's, for others to see if they wish so."""

from __future__ import annotations

from mixbot.accounts import NotLinked
from mixbot.errors import UserError
from mixbot.languages import N_
from mixbot.ui import linking
from mixbot.ui.answers import Answer
from mixbot.ui.showing import open_person


class ProfileNotShown(UserError):
    """Does not tell whether there is one."""

    def __init__(self) -> None:
        super().__init__(
            N_(
                "They do not show a Mixcloud profile here. "
                "Everybody can show theirs with `/mixcloud privacy`."
            )
        )


async def open_profile(answer: Answer, user_id: int) -> None:
    """Answer with the Mixcloud profile of a Discord user, if they let others see it."""
    bot = answer.interaction.client
    mine = user_id == answer.interaction.user.id
    if not mine and not (await bot.preferences.person(user_id)).profile:
        raise ProfileNotShown
    account = await bot.accounts.account(user_id)
    if account is None:
        if mine:
            await linking.offer(answer, NotLinked())
            return
        raise ProfileNotShown
    await open_person(answer, account.key)
