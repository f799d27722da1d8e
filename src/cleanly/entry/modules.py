"""The table of contents: every slice this process runs, bottom floor first."""

from cleanly.kernel.module import Module

MODULES: tuple[Module, ...] = ()
