import random
from pathlib import Path

import pytest

from glasshouse.models.batches import MOST_ADAPTERS, Asked, common_prefix, plan_batches

ADAPTERS = [None, *(Path(f"a{i}") for i in range(100))]


def some_requests(seed: int) -> list[Asked]:
    """Requests of a random number of adapters and prefixes."""
    rng = random.Random(seed)
    prefixes = [tuple(rng.choices(range(9), k=rng.choice((0, 5, 30, 900)))) for _ in range(3)]
    adapters = ADAPTERS[: rng.choice((1, 4, 100))]
    own = [tuple(rng.choices(range(9), k=rng.randint(1, 40))) for _ in range(rng.randint(1, 150))]
    return [(rng.choice(prefixes) + ids, rng.choice(adapters)) for ids in own]


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("share", [True, False])
def test_every_request_is_in_one_batch(seed: int, share: bool) -> None:
    asked = some_requests(seed)
    batches = plan_batches(asked, 16, share)
    assert sorted(place for batch in batches for place in batch.places) == list(range(len(asked)))
    for batch in batches:
        assert len(batch.places) <= 16
        assert [asked[place] for place in batch.places] == list(
            zip(batch.prompts, batch.adapters, strict=True)
        )
        assert len(set(batch.adapters) - {None}) <= MOST_ADAPTERS
        if batch.prefix:
            assert share
            assert len(set(batch.adapters)) == 1
            assert batch.prefix <= common_prefix(batch.prompts)
        else:
            assert max(map(len, batch.prompts)) <= max(128, 2 * min(map(len, batch.prompts)))


def test_a_batch_has_no_more_adapters_than_fit_in_memory() -> None:
    asked = [((1, 2, i), ADAPTERS[i + 1]) for i in range(100)]
    assert [len(set(batch.adapters)) for batch in plan_batches(asked, 100, True)] == [64, 36]


def test_the_same_requests_make_the_same_batches() -> None:
    assert plan_batches(some_requests(3), 16, True) == plan_batches(some_requests(3), 16, True)


def test_few_rows_with_a_short_common_prefix_get_no_batch_of_their_own() -> None:
    asked = [((*range(40), i, k), None) for i in range(10) for k in range(3)]
    pairs = [((*[i] * 30, k), None) for i in range(10) for k in range(2)]
    assert [batch.prefix for batch in plan_batches(asked, 32, True)] == [40]
    assert [(batch.prefix, len(batch.places)) for batch in plan_batches(pairs, 32, True)] == [(0, 20)]


def test_batches_are_nearly_equal_in_size() -> None:
    sizes = [len(batch.places) for batch in plan_batches([((1, 2), None)] * 100, 32, False)]
    assert sizes == [25, 25, 25, 25]
