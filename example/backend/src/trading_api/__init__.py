"""A modular trading API: core, broker and datafeed in one code base, one process or several."""

__version__ = "0.1.0"
