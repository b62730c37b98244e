from __future__ import annotations

import json
from pathlib import Path
from typing import Dict

import pytest

from trading_api.export import export, main

LAYOUT = {
    "openapi.json",
    "asyncapi.json",
    "core/openapi.json",
    "broker/openapi.json",
    "broker/asyncapi.json",
    "datafeed/openapi.json",
    "datafeed/asyncapi.json",
}


def tree(directory: Path) -> Dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


def test_the_same_code_writes_the_same_bytes(tmp_path: Path) -> None:
    export(tmp_path / "one")
    export(tmp_path / "two")
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    assert set(tree(tmp_path / "one")) == LAYOUT


def test_keys_are_sorted_and_the_last_line_ends(tmp_path: Path) -> None:
    export(tmp_path)
    for content in tree(tmp_path).values():
        text = content.decode()
        expected = json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False)
        assert text == expected + "\n"


def test_a_file_that_is_right_is_not_touched(tmp_path: Path) -> None:
    assert len(export(tmp_path)) == len(LAYOUT)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.json")}
    changed = tmp_path / "broker" / "openapi.json"
    changed.write_text("{")
    assert export(tmp_path) == [changed]
    json.loads(changed.read_text())
    for path, time in before.items():
        assert path == changed or path.stat().st_mtime_ns == time


def test_the_environment_does_not_narrow_the_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENABLED_MODULES", "broker")
    export(tmp_path)
    assert set(tree(tmp_path)) == LAYOUT


def test_only_some_modules(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path), "--modules", "broker"]) == 0
    assert set(tree(tmp_path)) == {name for name in LAYOUT if "datafeed" not in name}
    printed = capsys.readouterr().out.splitlines()
    assert {str(Path(line).relative_to(tmp_path)) for line in printed} == set(tree(tmp_path))


def test_an_unknown_module_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path), "--modules", "brokr"]) == 1
    assert "did you mean 'broker'" in capsys.readouterr().err
    assert tree(tmp_path) == {}


def test_a_folder_that_cannot_be_written_is_an_error_not_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert main([str(tmp_path / "file")]) == 1
    assert "error" in capsys.readouterr().err
