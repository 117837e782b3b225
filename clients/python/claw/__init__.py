"""The flight recorder for AI agents: records what an agent does, in the background."""

from .client import Claw
from .event import VERSION as __version__
from .session import Call, Session

__all__ = ["Call", "Claw", "Session", "__version__"]
