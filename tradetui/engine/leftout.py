"""What a position's one stop does not do of those that its entries brought (R-BRK-6): it is said in words.

A farther stop that looks at the same price needs no word: the nearer one does what it would have done. One
that looks at another price may fire first, and a trail may come nearer later: these are lost.
"""

from __future__ import annotations

from tradetui.domain.number import ZERO, canonical
from tradetui.domain.order import StopPlan, Trail


def left_out(plan: StopPlan, standing: StopPlan) -> str:
    """What of a stop the standing one does not do, and why; empty where it does all of it."""
    looks_alike = plan.by is standing.by
    if plan.trail is not None:
        if looks_alike and _is_as_near(standing.trail, plan.trail):
            return ""
        what = f"the trail of {_words(plan.trail)}"
    elif looks_alike:
        return ""
    else:
        what = f"the stop at {canonical(plan.trigger)}"
    if not looks_alike:
        why = f"looks at the {standing.by.value} price"
        what = f"{what} by the {plan.by.value} price"
    else:
        why = f"has a trail of {_words(standing.trail)}" if standing.trail is not None else "does not trail"
    return f"{what} is left out: a position has one stop, and the one at {canonical(standing.trigger)} {why}"


def _is_as_near(trail: Trail | None, other: Trail) -> bool:
    """Whether a trail is never farther off than another one."""
    if trail is None or trail == other:
        return trail is not None
    if trail.activation is not None or (trail.rate is None) is not (other.rate is None):
        return False
    return (trail.rate or trail.distance or ZERO) <= (other.rate or other.distance or ZERO)


def _words(trail: Trail) -> str:
    size = f"{canonical(trail.rate * 100)}%" if trail.rate is not None else canonical(trail.distance or ZERO)
    return size if trail.activation is None else f"{size} from {canonical(trail.activation)}"
