"""Everything on this machine: three services, the real bot, and a chat in the browser."""

from .running import Demo, demo, run_demo

__all__ = ["Demo", "demo", "run_demo"]
