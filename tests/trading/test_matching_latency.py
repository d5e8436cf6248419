"""What is on its way acts after the messages up to its time and before the next."""

from __future__ import annotations

from tradetui.trading.match_latency import DueQueue


def test_what_is_due_at_a_message_acts_before_the_next_one() -> None:
    queue: DueQueue[str] = DueQueue()
    queue.push(150, "b")
    queue.push(100, "a")
    queue.push(150, "c")
    assert queue.next_due == 100
    assert (queue.pop_before(100), queue.pop_before(101)) == (None, "a")
    assert queue.pop_before(150) is None
    assert [queue.pop_before(151) for _ in range(3)] == ["b", "c", None]
    assert queue.next_due is None


def test_zero_latency_acts_at_once() -> None:
    queue: DueQueue[str] = DueQueue()
    queue.push(100, "a")
    assert queue.pop_through(100) == "a"


def test_what_is_withdrawn_never_acts() -> None:
    queue: DueQueue[str] = DueQueue()
    for name in "abc":
        queue.push(1, name)
    assert queue.discard(lambda name: name != "b") == ["a", "c"]
    assert (list(queue), len(queue)) == (["b"], 1)
