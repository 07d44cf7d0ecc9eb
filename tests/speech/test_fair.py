"""Who gets the next slot: the rule alone."""

from __future__ import annotations

import random
from collections import Counter
from itertools import count

import pytest

from calls.speech.slots.fair import Rule, Waiter

numbers = count()


def waiters(business: str, how_many: int, *, since: float = 0.0) -> list[Waiter]:
    return [Waiter(since + index, f"{business}-{next(numbers)}", business) for index in range(how_many)]


def granted(rule: Rule, held: dict[str, int], waiting: list[Waiter]) -> Counter[str]:
    won = rule.winners(held, waiting)
    return Counter(waiter.business for waiter in waiting if waiter.token in won)


def test_without_a_limit_everybody_gets_one() -> None:
    assert granted(Rule(), {"acme": 500}, waiters("acme", 3)) == {"acme": 3}


def test_one_business_alone_gets_all_but_the_reserve() -> None:
    assert granted(Rule(10), {}, waiters("acme", 30)) == {"acme": 10}
    assert granted(Rule(10, reserved=2), {}, waiters("acme", 30)) == {"acme": 8}


def test_the_reserve_is_for_whoever_has_none_and_is_used_up_by_them() -> None:
    rule = Rule(10, reserved=2)
    assert granted(rule, {"acme": 8}, [*waiters("acme", 5), *waiters("globex", 5, since=99)]) == {"globex": 1}
    assert granted(rule, {"acme": 8, "globex": 1}, [*waiters("acme", 5), *waiters("globex", 5)]) == {}
    assert granted(rule, {"acme": 8, "globex": 1}, waiters("initech", 5)) == {"initech": 1}


def test_the_reserve_never_takes_the_last_slot() -> None:
    assert granted(Rule(1, reserved=5), {}, waiters("acme", 2)) == {"acme": 1}
    assert granted(Rule(3, reserved=5), {}, waiters("acme", 5)) == {"acme": 1}


def test_whoever_holds_fewest_comes_first_however_long_others_wait() -> None:
    waiting = [*waiters("acme", 5), *waiters("globex", 2, since=1_000)]
    assert granted(Rule(10), {"acme": 8}, waiting) == {"globex": 2}
    assert granted(Rule(10), {"acme": 4, "globex": 4}, waiting) == {"acme": 1, "globex": 1}


def test_within_a_business_the_oldest_call_comes_first() -> None:
    young, old = Waiter(9.0, "young", "acme"), Waiter(1.0, "old", "acme")
    assert Rule(1).winners({}, [young, old]) == {"old"}


def test_too_many_that_run_already_are_left_alone_and_nobody_joins_them() -> None:
    assert granted(Rule(3), {"acme": 5}, waiters("globex", 1)) == {}


@pytest.mark.parametrize("seed", range(200))
def test_never_more_than_the_limit_no_slot_idle_and_nobody_envies(seed: int) -> None:
    """The definition of max-min for whole slots: who still waits holds no fewer than anybody who was given one, less
    one. And work-conserving: a slot stays free only for newcomers.
    """
    dice = random.Random(seed)
    rule = Rule(dice.randint(1, 12), dice.randint(0, 3))
    assert rule.limit is not None
    reserved = min(rule.reserved, rule.limit - 1)
    names = [f"b{index}" for index in range(dice.randint(1, 6))]
    held = {name: dice.randint(0, 4) for name in names}
    waiting = [waiter for name in names for waiter in waiters(name, dice.randint(0, 5), since=dice.random())]
    dice.shuffle(waiting)
    got = granted(rule, held, waiting)
    after = Counter(held) + got
    free = rule.limit - sum(held.values())
    assert got.total() <= max(0, free)
    left = {name for name in names if sum(waiter.business == name for waiter in waiting) > got[name]}
    for waits in left:
        assert free - got.total() <= 0 or (after[waits] > 0 and free - got.total() <= reserved)
        for other in got:
            if after[waits] > 0:
                assert after[other] - 1 <= after[waits]
            else:
                assert after[other] <= 1


@pytest.mark.parametrize(("limit", "businesses", "reserved"), [(12, 3, 0), (10, 4, 1), (20, 3, 2), (5, 5, 1)])
def test_as_calls_end_everybody_comes_to_their_share_whoever_was_there_first(
    limit: int, businesses: int, reserved: int
) -> None:
    """One business has filled the account and asks for ever more; the others come later and want as much."""
    dice = random.Random(1)
    rule = Rule(limit, reserved)
    names = [f"b{index}" for index in range(businesses)]
    held = Counter({names[0]: limit - reserved})
    waiting = [waiter for name in names for waiter in waiters(name, 50, since=0.0 if name == names[0] else 10.0)]
    for _ in range(400):
        ending = dice.choice(list(held.elements()))
        held[ending] -= 1
        waiting += waiters(ending, 1, since=1_000.0)
        won = rule.winners(held, waiting)
        held += Counter(waiter.business for waiter in waiting if waiter.token in won)
        waiting = [waiter for waiter in waiting if waiter.token not in won]
        assert held.total() <= limit
    assert min(held[name] for name in names) >= (limit - reserved) // businesses
    assert max(held.values()) <= -(-limit // businesses)
