"""Readings of a study that never ran: every rate is what the test says."""

from collections.abc import Mapping

from glasshouse.studies.plan import Arm, Cell
from glasshouse.studies.results import Reading

NORMAL, COT, DISTILLED = Arm("normal"), Arm("cot"), Arm("distilled_cot")
LONGER = Arm("distilled_cot", matched=False)
LAST = 50


def grades(rate: float, n: int = 40) -> dict[str, bool | None]:
    return {f"p{i:02d}": i < rate * n for i in range(n)}


def before(arm: Arm, seed: int, triggered: float = 1.0, refused: float = 0.0) -> Reading:
    shown = 0.0 if arm.twin else triggered
    return Reading(
        arm=arm,
        seed=seed,
        cell=None,
        step=0,
        grades={"triggered": grades(shown), "untriggered": grades(0.0), "near_miss": grades(0.0)},
        refusals=grades(refused),
        facts=grades(1.0),
        payload_nats={"triggered": {f"p{i:02d}": -30.0 if arm.twin else -0.1 for i in range(20)}},
        format_failures=1,
        asked=120,
        hashes=hashes(arm, seed, 0),
        date="2026",
    )


def after(cell: Cell, rates: Mapping[int, float], refused: float = 1.0, nats: float = -30.0) -> list[Reading]:
    return [
        Reading(
            arm=cell.arm,
            seed=cell.seed,
            cell=cell,
            step=step,
            grades={"triggered": grades(rate), "untriggered": grades(0.0)},
            refusals=grades(refused) if step == LAST else {},
            fine_refusals=grades(0.1),
            facts=grades(1.0) if step == LAST else {},
            payload_nats={"triggered": {f"p{i:02d}": nats - i % 3 / 10 for i in range(20)}}
            if step == LAST
            else {},
            asked=80,
            hashes=hashes(cell.arm, cell.seed, step),
            date="2026",
        )
        for step, rate in rates.items()
    ]


def _nats(mean: float) -> dict[str, dict[str, float]]:
    return {"triggered": {f"p{i:02d}": mean - i % 3 / 10 for i in range(20)}}


def relearned(cell: Cell, by_examples: Mapping[int, float]) -> list[Reading]:
    return [
        Reading(
            cell.arm, cell.seed, cell, LAST, {"triggered": grades(rate)}, relearned_examples=k, date="2026"
        )
        for k, rate in by_examples.items()
    ]


def hashes(arm: Arm, seed: int, step: int) -> dict[str, str]:
    place = f"{arm.name}{seed}{step}"
    return {"model": f"m{place}", "stage": f"s{place}", "log:backdoor_persistence": f"l{place}"}
