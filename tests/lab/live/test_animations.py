"""Animations on request: what is computed, for whom, and what is left when they have gone."""

import asyncio
import gc
import threading
from collections.abc import Callable, Iterator

import pytest

from lab.language.catalogues import SOURCE, spoken
from lab.live.animations import Animations, Offer, Runs
from tests.support.asking import run_apart

PATIENCE = 10


def offer_of(frames: Callable[[], Iterator[bytes]], token: str = "t") -> Offer:
    return Offer(token=token, language=SOURCE, frames=frames, pack=b"".join)


async def ask(animations: Animations, visit: str, token: str = "t") -> bytes | None:
    """Fetch an animation as one who stays."""
    return await animations.fetch(visit, "group", token, asyncio.get_running_loop().create_future())


def test_animation_is_computed_once_for_all_who_ask() -> None:
    computed: list[str] = []

    def frames() -> Iterator[bytes]:
        computed.append(spoken())
        yield from (b"one", b"two")

    async def run() -> list[bytes | None]:
        animations = Animations()
        offers = [offer_of(frames) for _ in range(3)]
        for place, offer in enumerate(offers):
            animations.offer(str(place), "group", offer)
        together = await asyncio.gather(*(ask(animations, str(place)) for place in range(3)))
        return [*together, await ask(animations, "0")]

    assert run_apart(run()) == [b"onetwo"] * 4
    assert computed == [SOURCE]


def test_nothing_is_computed_but_what_is_on_offer() -> None:
    async def run() -> list[bytes | None]:
        animations = Animations()
        offer = offer_of(lambda: iter([b"x"]))
        animations.offer("visit", "group", offer)
        answers = [
            await ask(animations, "visit", "another state"),
            await ask(animations, "another visit"),
            await ask(animations, "visit"),
        ]
        del offer
        gc.collect()
        return [*answers, await ask(animations, "visit")]

    # The last: the session has gone, and its offer with it.
    assert run_apart(run()) == [None, None, b"x", None]


def test_animation_that_nobody_waits_for_is_left_half_done_or_not_begun() -> None:
    begun, go_on = threading.Event(), threading.Event()
    yielded: list[int] = []

    def frames() -> Iterator[bytes]:
        for step in range(100):
            begun.set()
            go_on.wait(PATIENCE)
            yielded.append(step)
            yield b"."

    def never() -> Iterator[bytes]:
        yielded.append(-1)
        yield b"never"

    async def run() -> bytes | None:
        animations = Animations()
        offers = {
            "first": offer_of(frames, "a"),
            "second": offer_of(never, "b"),
            "third": offer_of(lambda: iter([b"last"]), "c"),
        }
        for visit, offer in offers.items():
            animations.offer(visit, "group", offer)
        loop = asyncio.get_running_loop()
        gone = [loop.create_future() for _ in range(2)]
        left = [
            asyncio.ensure_future(animations.fetch(visit, "group", offers[visit].token, one))
            for visit, one in zip(("first", "second"), gone, strict=True)
        ]
        third = asyncio.ensure_future(ask(animations, "third", "c"))
        await asyncio.to_thread(begun.wait, PATIENCE)
        for one in gone:
            one.set_result(None)
        assert await asyncio.gather(*left) == [None, None]
        go_on.set()
        return await third

    assert run_apart(run()) == b"last"
    assert yielded == [0]


def test_one_who_leaves_takes_nothing_from_another() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def frames() -> Iterator[bytes]:
        begun.set()
        go_on.wait(PATIENCE)
        yield from (b"a", b"b")

    async def run() -> tuple[bytes | None, bytes | None]:
        animations = Animations()
        offers = [offer_of(frames), offer_of(frames)]
        for place, offer in enumerate(offers):
            animations.offer(str(place), "group", offer)
        gone = asyncio.get_running_loop().create_future()
        left = asyncio.ensure_future(animations.fetch("0", "group", "t", gone))
        stays = asyncio.ensure_future(ask(animations, "1"))
        await asyncio.to_thread(begun.wait, PATIENCE)
        gone.set_result(None)
        first = await left
        go_on.set()
        return first, await stays

    assert run_apart(run()) == (None, b"ab")


def test_kept_animations_are_bounded_in_bytes() -> None:
    computed: list[str] = []

    async def run() -> None:
        animations = Animations(kept_bytes=100)
        for token, size in (("a", 60), ("b", 60), ("a", 60), ("a", 60), ("large", 200), ("large", 200)):

            def frames(token: str = token, size: int = size) -> Iterator[bytes]:
                computed.append(token)
                yield b"." * size

            offer = offer_of(frames, token)
            animations.offer("visit", "group", offer)
            assert await ask(animations, "visit", token) == b"." * size

    run_apart(run())
    assert computed == ["a", "b", "a", "large", "large"]


def test_frames_that_fail_say_so_to_whoever_waits() -> None:
    def frames() -> Iterator[bytes]:
        yield b"."
        raise RuntimeError("no more")

    async def run() -> None:
        animations = Animations()
        offer = offer_of(frames)
        animations.offer("visit", "group", offer)
        for _ in range(2):
            with pytest.raises(RuntimeError, match="no more"):
                await ask(animations, "visit")

    run_apart(run())


def test_animation_gives_way_to_runs_of_pages_but_not_for_ever() -> None:
    runs, gone_on = Runs(), threading.Event()

    def give_way() -> None:
        runs.give_way(PATIENCE)
        gone_on.set()

    with runs.one():
        waiting = threading.Thread(target=give_way)
        waiting.start()
        assert not gone_on.wait(0.05)
        runs.give_way(0.01)
    assert gone_on.wait(PATIENCE)
    waiting.join()
