"""Writes the documents of the API, without starting a server.

    python -m trading_api.export DIR [--modules a,b]

The layout, where ``broker`` stands for every module::

    DIR/openapi.json          REST, all modules
    DIR/asyncapi.json         WebSockets, all modules
    DIR/broker/openapi.json   REST of one module
    DIR/broker/asyncapi.json  WebSocket of one module (where it has one)

Paths in them are whole (``/api/v1/broker/orders``), so each is all that a
client of that module needs. Keys are sorted, and the same code writes the
same bytes. A file is replaced at once or not at all, and not touched when
nothing in it changed. The files that were written are printed, one a line.

``--modules`` leaves the other modules out of all of this (``core`` is always
in); without it every module is exported, whatever ENABLED_MODULES says.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

from .app_factory import create_app
from .documents import Documents
from .settings import ConfigurationError, Settings, module_names


def export(directory: Path, modules: Optional[Tuple[str, ...]] = None) -> List[Path]:
    """Writes the documents and returns the files that are new or changed."""
    documents: Documents = create_app(Settings(modules=modules)).state.documents
    return [
        path
        for path, document in _layout(directory, documents)
        if _replace(path, _text(document))
    ]


def _layout(directory: Path, documents: Documents) -> Iterator[Tuple[Path, Dict[str, Any]]]:
    yield directory / "openapi.json", documents.openapi()
    yield directory / "asyncapi.json", documents.asyncapi()
    for name, module in documents.modules.items():
        yield directory / name / "openapi.json", documents.openapi(name)
        if module.channels:
            yield directory / name / "asyncapi.json", documents.asyncapi(name)


def _text(document: Dict[str, Any]) -> bytes:
    return (json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _replace(path: Path, content: bytes) -> bool:
    """Puts the content in place; False where it was there already."""
    try:
        if path.read_bytes() == content:
            return False
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    return True


def main(arguments: Optional[Sequence[str]] = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m trading_api.export",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("directory", type=Path, metavar="DIR")
    parser.add_argument("--modules", metavar="a,b", help="only these modules, and core")
    options = parser.parse_args(arguments)
    modules = None if options.modules is None else module_names(options.modules)
    try:
        for path in export(options.directory, modules):
            print(path)
    except (ConfigurationError, OSError) as error:
        print(f"trading_api.export: error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
