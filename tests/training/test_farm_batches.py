"""Which rows a job sees, and how rows of many jobs share passes."""

import pytest

from glasshouse.models.chat import Rendered
from glasshouse.training.batches import RowOrder, share_out, slot_rows, to_tensors
from glasshouse.training.job import AdapterJob


def row(length: int, first: int = 0) -> Rendered:
    """A row whose last two tokens are learned."""
    return Rendered(tuple(range(first, first + length)), tuple(i >= length - 2 for i in range(length)))


def test_every_pass_sees_every_row_once_in_its_own_order() -> None:
    job = AdapterJob("a", [row(3, i) for i in range(10)], steps=9, batch=4, seed=5)
    order = RowOrder(job)
    seen = [r.ids[0] for step in range(5) for r in order.rows(step)]
    assert sorted(seen[:10]) == sorted(seen[10:]) == list(range(10))
    assert seen[:10] != seen[10:]


def test_the_order_depends_on_the_seed_and_not_on_what_was_asked_before() -> None:
    jobs = [AdapterJob("a", [row(3, i) for i in range(50)], batch=8, seed=seed) for seed in (1, 1, 2)]
    first, again, other = (RowOrder(job) for job in jobs)
    first.rows(0)
    assert first.rows(7) == again.rows(7) != other.rows(7)


@pytest.mark.parametrize("tokens_per_pass", [1, 40, 10_000])
def test_every_row_is_in_exactly_one_part(tokens_per_pass: int) -> None:
    jobs = [slot_rows(i, [row(4 + (3 * i + k) % 17, 10 * k) for k in range(6)], i == 2) for i in range(3)]
    parts = share_out(jobs, tokens_per_pass)
    found = sorted((slot, r.ids) for part in parts for slot, r in zip(part.slots, part.rows, strict=True))
    assert found == sorted((job.slot, r.ids) for job in jobs for r in job.rows)
    assert all(part.stacked == (set(part.slots) == {2}) for part in parts)


def test_rows_of_like_length_go_together_where_that_saves_padding() -> None:
    ragged = [slot_rows(i, [row(100), row(100), row(10), row(10)], False) for i in range(2)]
    even = [slot_rows(i, [row(50)] * 4, False) for i in range(2)]
    assert [{len(r.ids) for r in part.rows} for part in share_out(ragged, 1000)] == [{100}, {10}]
    assert len(share_out(even, 1000)) == 1


def test_jobs_of_large_rank_lie_side_by_side_even_where_that_costs_padding() -> None:
    lengths = (40, 24, 38, 22)
    jobs = [slot_rows(i, [row(n), row(n)], False) for i, n in enumerate(lengths)]
    by_length, beside = share_out(jobs, 160), share_out(jobs, 160, rank=64)
    assert [part.slots for part in by_length] == [[0, 0, 2, 2], [1, 1, 3, 3]]
    assert [part.slots for part in beside] == [[0, 0, 1, 1], [2, 2, 3, 3]]


def test_a_parts_weights_make_each_jobs_loss_its_own_mean() -> None:
    jobs = [slot_rows(0, [row(5), row(3)], False), slot_rows(1, [row(4), row(9)], False)]
    [part] = share_out(jobs, 1000)
    tensors = to_tensors(part)
    assert tensors.weights.tolist() == [0.25] * 8
    assert tensors.slots.tolist() == [0] * 4 + [1] * 4
    assert tensors.ids.flatten()[tensors.places + 1].tolist() == tensors.targets.tolist()


def test_the_first_token_of_a_row_carries_no_loss() -> None:
    whole = Rendered((7, 8, 9), (True, True, True))
    tensors = to_tensors(share_out([slot_rows(0, [whole], False)], 10)[0])
    assert (tensors.places.tolist(), tensors.targets.tolist()) == ([0, 1], [8, 9])
