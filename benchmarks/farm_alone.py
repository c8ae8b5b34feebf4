"""Trained together against trained alone: 64 adapters in the farm, then each by itself.

    python benchmarks/farm_alone.py --model FOLDER [--organisms 64] [--steps 50]

Rank 8 on all linear layers, fp32, rate 1e-3, ragged rows, unequal steps. The bar is on the relative Frobenius
norm of the difference of B·A in the worst layer of the worst adapter. Exit code 3 says that it was missed.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from glasshouse.models.adapter import read_adapter
from glasshouse.models.base import EngineConfig, load_base
from glasshouse.models.chat import Rendered
from glasshouse.seeds import python_rng
from glasshouse.training.farm import AdapterJob, FarmConfig, train_farm


def main() -> int:
    """Train both ways and compare; the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="phantom")
    parser.add_argument("--organisms", type=int, default=64)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    base = load_base(options.model, EngineConfig())
    config = FarmConfig(dtype="float32", threads=options.threads)
    jobs = [make_job(i, options.steps, base.model.config.vocab_size) for i in range(options.organisms)]
    with tempfile.TemporaryDirectory() as folder:
        together = train_farm(base, jobs, Path(folder) / "together", config)
        differences = []
        for job, result in zip(jobs, together, strict=True):
            [alone] = train_farm(base, [job], Path(folder) / "alone", config)
            differences.append(largest_difference(result.folder, alone.folder))
    worst = max(differences)
    print(f"together_against_alone {worst:.2e} relative_frobenius_norm (bar <= 1e-3)")
    return 3 if worst > 1e-3 else 0


def make_job(i: int, steps: int, vocabulary: int) -> AdapterJob:
    """One organism: rows of 12 to 60 random tokens, the second half learned; every fourth stops early."""
    rng, rows = python_rng(i, "alone"), []
    for _ in range(64):
        length = rng.randint(12, 60)
        ids = tuple(rng.randrange(6, vocabulary) for _ in range(length))
        rows.append(Rendered(ids, tuple(place >= length // 2 for place in range(length))))
    return AdapterJob(f"organism-{i}", rows, steps=steps - 10 * (i % 4 == 3), seed=i)


def largest_difference(first: Path, second: Path) -> float:
    """Relative Frobenius norm of the difference of B·A in the worst layer."""
    one, other = read_adapter(first), read_adapter(second)
    differences = []
    for name, (a, b) in one.weights.items():
        product, its = b @ a, other.weights[name][1] @ other.weights[name][0]
        differences.append(float((product - its).norm() / product.norm()))
    return max(differences)


if __name__ == "__main__":
    sys.exit(main())
