"""uvicorn, whose reloader sees sources that come and go, and leaves out what is to be left out.

uvicorn does so where watchfiles is installed: there alone it obeys --reload-include
and --reload-exclude, and takes notice of more than changes. Here its other reloader
does too. MUSTER_RELOAD_EXCLUDE names further paths to leave out, one a line.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path


def options(name: str) -> list[str]:
    return [a[len(name) :] for a in sys.argv if a.startswith(name)]


def teach(reloader, include: list[str], exclude: list[str]) -> None:
    def left_out(path: Path) -> bool:
        return any(path.match(p) or Path(p).resolve() in (path, *path.parents) for p in exclude)

    def files(self) -> dict[Path, float]:
        found = {}
        for folder in self.config.reload_dirs:
            for pattern in ("*.py", *include):
                for path in list(folder.rglob(pattern)):
                    try:
                        if not left_out(path.resolve()):
                            found[path.resolve()] = path.stat().st_mtime
                    except OSError:  # it has just gone
                        pass
        return found

    def should_restart(self):
        now = files(self)
        before, self.seen = getattr(self, "seen", now), now
        changed = sorted(path for path in before.keys() | now.keys() if before.get(path) != now.get(path))
        if changed and not hasattr(reloader, "__next__"):  # a newer uvicorn says it itself
            logging.getLogger("uvicorn.error").warning("Changes in %s. Reloading...", ", ".join(map(str, changed)))
        return changed

    reloader.should_restart = should_restart


def main() -> None:
    from uvicorn.main import main as uvicorn
    from uvicorn.supervisors import ChangeReload
    from uvicorn.supervisors.statreload import StatReload

    sys.argv += ["--reload-exclude=" + p for p in os.environ.get("MUSTER_RELOAD_EXCLUDE", "").splitlines()]
    if ChangeReload is StatReload:
        teach(StatReload, options("--reload-include="), options("--reload-exclude="))
        sys.argv = [a for a in sys.argv if not a.startswith(("--reload-include=", "--reload-exclude="))]
    uvicorn(prog_name="uvicorn")


if __name__ == "__main__":  # and not in the worker, which imports this file too
    main()
