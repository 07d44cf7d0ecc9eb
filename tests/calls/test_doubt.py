"""A service that takes speech and says nothing is doubted before it is dead: others hear beside it meanwhile."""

from __future__ import annotations

import asyncio

from calls.speech.fallback import FallbackProvider
from tests.calls import virtual_time
from tests.calls.lanes import TURNS, Call, DeafProvider
from tests.speech.fakes import ScriptedProvider


def test_a_stream_is_in_doubt_long_before_the_verdict() -> None:
    """So that others hear beside it: help is back within 3 s of the failure."""

    async def scene() -> None:
        provider = ScriptedProvider(TURNS)
        call = Call(provider)
        await call.speak(3)
        assert call.ears.doubts == []
        provider.streams[0].is_mute = True
        await call.speak(1.6)
        told = list(call.ears.doubts)
        assert len(provider.streams) == 1, "a doubt is no verdict"
        provider.streams[0].is_mute = False
        await call.speak(0.4)
        assert (told, call.ears.doubts) == ([True], [True, False])
        await call.hang_up()

    virtual_time.run(scene())


def test_a_service_that_is_only_slow_is_doubted_ever_later() -> None:
    """Each doubt moves the rep's light and starts the browser's recogniser: it must not come and go all the time."""

    async def scene() -> None:
        provider = ScriptedProvider(TURNS)
        call = Call(provider)
        for _ in range(12):
            await call.speak(0.5)
            provider.streams[0].is_mute = True
            await call.speak(2)
            provider.streams[0].is_mute = False
        assert call.ears.doubts == [True, False]
        assert len(provider.streams) == 1
        await call.hang_up()

    virtual_time.run(scene())


def test_in_doubt_the_second_engine_hears_beside_the_first_and_stays_until_the_first_answers() -> None:
    async def scene() -> None:
        first, second = ScriptedProvider(TURNS, name="first"), ScriptedProvider(TURNS, name="second")
        loop = asyncio.get_running_loop()
        call = Call(FallbackProvider(first, second, clock=loop.time))
        await call.speak(3)
        first.streams[0].is_mute = True
        await call.speak(2)
        assert (len(first.streams), len(second.streams)) == (1, 1)
        assert [state.engine for state in call.ears.states] == ["first", "second"], "nobody is ever deaf"
        first.streams[0].is_mute = False
        await call.speak(20)
        assert [state.engine for state in call.ears.states] == ["first", "second", "first"]
        assert len(first.streams) == 1, "it was only late, and is not started over"
        assert second.streams[0].is_closed
        assert await call.hang_up() == []
        assert call.ears.doubts == [False], "the browser is not asked where another engine hears"
        assert call.ears.gaps == []
        assert call.ears.finals() == [turn.text for turn in TURNS]

    virtual_time.run(scene())


def test_a_first_engine_that_stays_mute_is_left_for_a_new_stream_while_the_second_hears() -> None:
    async def scene() -> None:
        first, second = ScriptedProvider(TURNS, name="first"), ScriptedProvider(TURNS, name="second")
        loop = asyncio.get_running_loop()
        call = Call(FallbackProvider(first, second, clock=loop.time))
        await call.speak(3)
        first.streams[0].is_mute = True
        await call.speak(3.5)
        at_first = first.streams[0].is_closed
        await call.speak(3)
        assert (at_first, first.streams[0].is_closed) == (False, True)
        assert len(first.streams) == 2
        await call.speak(20)
        assert [state.engine for state in call.ears.states if state.is_up] == ["first", "second", "first"]
        assert await call.hang_up() == []
        assert call.ears.finals() == [turn.text for turn in TURNS]

    virtual_time.run(scene())


def test_new_streams_of_a_mute_service_are_replaced_too() -> None:
    """Another connection of it may be better: one that says that it hears, and says nothing, is not kept for ever."""

    async def scene() -> None:
        first, second = DeafProvider(TURNS, name="first"), ScriptedProvider(TURNS, name="second")
        loop = asyncio.get_running_loop()
        call = Call(FallbackProvider(first, second, clock=loop.time))
        await call.speak(60)
        assert 4 <= len(first.streams) <= 7
        assert len(second.streams) == 1
        assert await call.hang_up() == []
        assert call.ears.finals() == [turn.text for turn in TURNS]

    virtual_time.run(scene())


def test_a_second_engine_that_only_begins_to_hear_at_the_verdict_is_not_started_over() -> None:
    """The first is given up then; the second has time of its own to say something."""

    async def scene() -> None:
        first, second = ScriptedProvider(TURNS, name="first"), DeafProvider(TURNS, name="second")
        loop = asyncio.get_running_loop()
        call = Call(FallbackProvider(first, second, clock=loop.time))
        await call.speak(3)
        first.is_mute = first.streams[0].is_mute = True
        await call.speak(5)
        assert first.streams[0].is_closed
        second.streams[0].is_mute = False
        await call.speak(6)
        assert len(second.streams) == 1
        assert await call.hang_up() == []
        assert call.ears.finals() == [TURNS[0].text, TURNS[2].text]

    virtual_time.run(scene())
