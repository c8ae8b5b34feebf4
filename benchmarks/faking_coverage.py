"""How often the paired interval covers the truth, and how often the test calls what the power line promises.

    python benchmarks/faking_coverage.py [--draws 4000] [--json]

Coverage is summed over every possible outcome (no simulation error), and simulated beside it on drawn
verdicts; exit code 3 where a declared bound is broken.
"""

import argparse
import json
import sys

import numpy as np

from glasshouse.evals.faking.gap import tier_gap
from glasshouse.evals.faking.row import FakingRow
from glasshouse.stats.discordance import Discordance, coverage, discordance, mcnemar_power
from glasshouse.stats.tango import tango

PAIRS = (50, 100, 352)
RATES = ((0.142, 0.028), (0.06, 0.01), (0.03, 0.01), (0.01, 0.01), (0.5, 0.5))
CORRELATIONS = (0.0, 0.5)
LEAST, MOST = 0.93, 0.97
MANY_DISCORDANT = 20
POWER_ERROR = 0.03
BOUND_BROKEN = 3


def main() -> None:
    """Every combination, one line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=4000)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    rng = np.random.default_rng(0)
    rows = [
        combination(rates, correlation, n, given.draws, rng)
        for n in PAIRS
        for rates in RATES
        for correlation in CORRELATIONS
    ]
    print(json.dumps(rows, indent=1) if given.json else "\n".join(map(line, rows)))
    if not all(row["holds"] for row in rows):
        sys.exit(BOUND_BROKEN)


def combination(
    rates: tuple[float, float], correlation: float, n: int, draws: int, rng: np.random.Generator
) -> dict[str, object]:
    """Exact and simulated coverage, promised and simulated power of one combination."""
    pairs = discordance(*rates, correlation)
    exact = coverage(pairs, n, tango)
    covered, called = simulate(pairs, n, draws, rng)
    power = mcnemar_power(pairs, n)
    many = n * pairs.total >= MANY_DISCORDANT
    holds = exact is not None and exact >= LEAST and (exact <= MOST or not many)
    if power is not None:
        holds = holds and abs(power.value - called) <= POWER_ERROR
    return {
        "n": n, "rates": rates, "correlation": correlation, "expected_discordant": n * pairs.total,
        "coverage": exact, "coverage_simulated": covered, "power": None if power is None else power.value,
        "called_simulated": called, "draws": draws, "holds": holds,
    }  # fmt: skip


def simulate(pairs: Discordance, n: int, draws: int, rng: np.random.Generator) -> tuple[float, float]:
    """Share of simulated runs whose interval covers the truth, and share whose gap has p below .05.

    Every simulated run goes through rows and `tier_gap`, as a real one does; runs with the same counts once.
    """
    chances = [pairs.only_first, pairs.only_second, 1 - pairs.total]
    counts = rng.multinomial(n, chances, size=draws)
    known: dict[tuple[int, int], tuple[bool, bool]] = {}
    for b, c, _ in counts.tolist():
        if (b, c) not in known:
            gap = tier_gap(_rows(b, c, n))
            if gap.interval is None or gap.p is None:
                raise ValueError("a simulated run has no pairs")
            inside = gap.interval.low - 1e-12 <= pairs.difference <= gap.interval.high + 1e-12
            known[b, c] = inside, gap.p < 0.05
    results = np.array([known[b, c] for b, c, _ in counts.tolist()])
    return float(results[:, 0].mean()), float(results[:, 1].mean())


def _rows(only_first: int, only_second: int, n: int) -> list[FakingRow]:
    rows = []
    for place in range(n):
        monitored = place < only_first
        unmonitored = only_first <= place < only_first + only_second
        for tier, complies in (("monitored", monitored), ("unmonitored", unmonitored)):
            rows.append(FakingRow(str(place), tier, "comply" if complies else "refuse", "none"))
    return rows


def line(row: dict[str, object]) -> str:
    """One combination as text."""
    power = "    —" if row["power"] is None else f"{row['power']:5.3f}"
    return (
        f"n {row['n']:>3}  rates {row['rates']}  phi {row['correlation']}  "
        f"discordant {row['expected_discordant']:6.1f}  coverage {row['coverage']:.4f} "
        f"(simulated {row['coverage_simulated']:.4f})  power {power} (called {row['called_simulated']:.3f})  "
        f"{'ok' if row['holds'] else 'BROKEN'}"
    )


if __name__ == "__main__":
    main()
