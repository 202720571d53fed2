"""Best responses: an exhaustive search over what an attacker can choose."""

from collections.abc import Callable, Iterable
from itertools import product
from typing import Any, NamedTuple


class Response(NamedTuple):
    """The attacker's best choice and what it earns; `choice` has each free variable's value."""

    value: float
    choice: dict[str, Any]


def best(payoff: Callable[..., float], **space: Iterable[Any]) -> Response:
    """Tries every combination; of equals, the first. The space is the keyword arguments of
    `payoff`.
    """
    names = list(space)
    found = Response(float("-inf"), {})
    for values in product(*(list(values) for values in space.values())):
        choice = dict(zip(names, values, strict=True))
        value = float(payoff(**choice))
        if value > found.value:
            found = Response(value, choice)
    if not found.choice:
        raise ValueError("nothing to choose from")
    return found


def threshold(holds: Callable[[float], bool], low: float, high: float) -> float:
    """Where a condition that holds at `low` and fails at `high` stops holding. 40 halvings."""
    if not holds(low):
        return low
    if holds(high):
        return high
    for _ in range(40):
        middle = (low + high) / 2
        if holds(middle):
            low = middle
        else:
            high = middle
    return low
