"""How Discord says no."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


class Refusal(Exception):
    """An answer of Discord's API that is not a success: HTTP status, Discord's code, sentence."""

    def __init__(self, status: int, code: int, message: str, **more: Any) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.body: Json = {"message": message, "code": code, **more}


class ClientRefused(Exception):
    """What a person tried is not possible in Discord's client: no such button, option missing …"""


class InteractionFailed(Exception):
    """The application did not answer in time; the person reads “did not respond”."""


def unauthorized() -> Refusal:
    return Refusal(401, 0, "401: Unauthorized")


def not_found() -> Refusal:
    return Refusal(404, 0, "404: Not Found")


def unknown_channel() -> Refusal:
    return Refusal(404, 10003, "Unknown Channel")


def unknown_guild() -> Refusal:
    return Refusal(404, 10004, "Unknown Guild")


def unknown_member() -> Refusal:
    return Refusal(404, 10007, "Unknown Member")


def unknown_message() -> Refusal:
    return Refusal(404, 10008, "Unknown Message")


def unknown_user() -> Refusal:
    return Refusal(404, 10013, "Unknown User")


def unknown_webhook() -> Refusal:
    return Refusal(404, 10015, "Unknown Webhook")


def unknown_interaction() -> Refusal:
    return Refusal(404, 10062, "Unknown interaction")


def unknown_command() -> Refusal:
    return Refusal(404, 10063, "Unknown application command")


def too_many_commands(limit: int) -> Refusal:
    return Refusal(400, 30032, f"Maximum number of application commands reached ({limit}).")


def too_large() -> Refusal:
    return Refusal(413, 40005, "Request entity too large")


def already_acknowledged() -> Refusal:
    return Refusal(400, 40060, "Interaction has already been acknowledged.")


def too_many_followups() -> Refusal:
    return Refusal(
        400,
        40094,
        "Maximum number of follow up messages (5) for this interaction has been reached",
    )


def missing_access() -> Refusal:
    return Refusal(403, 50001, "Missing Access")


def is_a_dm() -> Refusal:
    return Refusal(403, 50003, "Cannot execute action on a DM channel")


def not_your_message() -> Refusal:
    return Refusal(403, 50005, "Cannot edit a message authored by another user")


def empty_message() -> Refusal:
    return Refusal(400, 50006, "Cannot send an empty message")


def cannot_message_user() -> Refusal:
    return Refusal(403, 50007, "Cannot send messages to this user")


def not_for_text() -> Refusal:
    return Refusal(400, 50008, "Cannot send messages in a non-text channel")


def missing_permissions() -> Refusal:
    return Refusal(403, 50013, "Missing Permissions")


def invalid_webhook_token() -> Refusal:
    return Refusal(401, 50027, "Invalid Webhook Token")


def attachment_not_found() -> Refusal:
    fault = {
        "code": "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND",
        "message": "The referenced attachment was not found",
    }
    errors = {"components": {"_errors": [fault]}}
    return Refusal(400, 50035, "Invalid Form Body", errors=errors)


def cannot_reply() -> Refusal:
    return Refusal(400, 160002, "Cannot reply without permission to read message history")


def invalid_json() -> Refusal:
    return Refusal(400, 50109, "The request body contains invalid JSON.", errors={"_errors": []})
