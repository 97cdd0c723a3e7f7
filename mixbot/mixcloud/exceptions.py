"""What is raised, where aiomixcloud has it; `errors` has the rest."""

from .errors import MixcloudError as MixcloudError
from .errors import MixcloudOAuthError as MixcloudOAuthError
