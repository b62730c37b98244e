"""uvicorn, whose reloader leaves out what reload_exclude and MUSTER_RELOAD_EXCLUDE name.

uvicorn obeys its --reload-include and --reload-exclude only where watchfiles is
installed; here they count for its other reloader too.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def options(name: str) -> list[str]:
    return [a[len(name) :] for a in sys.argv if a.startswith(name)]


def teach(reloader, include: list[str], exclude: list[str]) -> None:
    def left_out(path: Path) -> bool:
        return any(path.match(p) or Path(p).resolve() in (path, *path.parents) for p in exclude)

    def files(self):
        for folder in self.config.reload_dirs:
            for pattern in ("*.py", *include):
                for path in list(folder.rglob(pattern)):
                    if not left_out(path.resolve()):
                        yield path.resolve()

    reloader.iter_py_files = files


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
