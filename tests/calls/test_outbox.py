"""What waits for a slow socket: fleeting things go first, the log never, and a hopeless socket is told so."""

from __future__ import annotations

from calls.live.outbox import MAX_FLEETING, MAX_WAITING, Close, Outbox


async def drained(outbox: Outbox) -> list[str]:
    return [str(await outbox.get()) for _ in range(outbox.waiting)]


async def test_messages_keep_their_order() -> None:
    outbox = Outbox()
    outbox.put("1")
    outbox.put_fleeting("2")
    outbox.put("3")
    assert await drained(outbox) == ["1", "2", "3"]


async def test_the_oldest_fleeting_message_is_dropped_first() -> None:
    outbox = Outbox()
    outbox.put("event")
    for number in range(MAX_FLEETING + 3):
        outbox.put_fleeting(str(number))
    waiting = await drained(outbox)
    assert waiting[0] == "event"
    assert waiting[1:] == [str(number) for number in range(3, MAX_FLEETING + 3)]


async def test_a_close_comes_after_what_waits_and_nothing_after_it() -> None:
    outbox = Outbox()
    outbox.put("event")
    outbox.close(Close(4403, "No."))
    outbox.close(Close(4400, "Never."))
    outbox.put("late")
    assert await outbox.get() == "event"
    assert await outbox.get() == Close(4403, "No.")


async def test_a_hopeless_socket_closes_at_once() -> None:
    outbox = Outbox()
    for number in range(MAX_WAITING + 1):
        outbox.put(str(number))
    close = await outbox.get()
    assert isinstance(close, Close)
    assert close.code == 4429


async def test_reasons_fit_a_close_frame() -> None:
    outbox = Outbox()
    outbox.close(Close(4400, "ü" * 100))
    close = await outbox.get()
    assert isinstance(close, Close)
    assert close.reason == "ü" * 61
