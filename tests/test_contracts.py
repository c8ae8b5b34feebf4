"""Each import contract is seen to fail on a copy of the package in which one file breaks it."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
VIOLATIONS = {
    "Floors: a folder imports only from the floors below it": (
        "stats/upward.py",
        "import glasshouse.cli.main",
    ),
    "Reports read runs, never models": ("reports/heavy.py", "import torch"),
    "Ray lives in one file of jobs": ("studies/distributed.py", "import ray"),
    "Audits are blind": ("audits/peeking.py", "import glasshouse.organisms.card"),
}
"""Contract -> a file that breaks it, and what the file says."""


def contracts() -> list[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return [contract["name"] for contract in settings["tool"]["importlinter"]["contracts"]]


def lint(folder: Path) -> tuple[int, str]:
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as c; c()",
        "--no-cache",
    ]
    environment = os.environ | {"PYTHONPATH": str(folder / "src")}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "src" / "glasshouse", tmp_path / "src" / "glasshouse", ignore=_no_weights)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def _no_weights(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name.endswith((".safetensors", ".json")) or name == "__pycache__"]


@pytest.mark.long
@pytest.mark.parametrize("contract", contracts())
def test_a_broken_contract_is_noticed(contract: str, copy: Path) -> None:
    place, text = VIOLATIONS[contract]
    (copy / "src" / "glasshouse" / place).write_text(f"{text}\n", "utf-8")
    code, said = lint(copy)
    assert code == 1
    assert f"{contract} BROKEN" in " ".join(said.split())


@pytest.mark.long
def test_the_package_itself_keeps_every_contract(copy: Path) -> None:
    code, said = lint(copy)
    assert code == 0, said
