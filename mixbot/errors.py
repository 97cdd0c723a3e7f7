"""Problems a user can put right. Each carries the very sentence the user reads."""


class UserError(Exception):
    """A problem its user can put right; `str()` is the sentence shown to them."""
