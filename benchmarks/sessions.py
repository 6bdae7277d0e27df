"""Visitors without a browser: sessions of Streamlit's own protocol that move the sliders of a page."""

import asyncio
import random
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.request import urlopen

from websockets.asyncio.client import ClientConnection, connect

from scripts.protocol import (
    SUBPROTOCOL,
    ForwardMsg,
    WidgetState,
    component_bytes,
    element_of,
    red_box,
    rerun,
    stream_address,
)

PATIENCE: Final = 180.0
_ANIMATION: Final = re.compile(rb'"animation":"(/[^"]+)"')


@dataclass
class Times:
    """What visitors saw: seconds until a run had ended, bytes they were sent, and what failed."""

    first: list[float] = field(default_factory=list)
    later: list[float] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    animations: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


class Visitor:
    """One session on a page.

    Parameters
    ----------
    address
        Of the server, as `http://127.0.0.1:8501`.
    times
        Where it notes what it saw.
    draw
        Decides what it moves.
    query
        Of the address with which it comes.
    stride
        How many stops a hand moves a slider at most.
    """

    def __init__(
        self, address: str, times: Times, draw: random.Random, query: str = "", stride: int = 3
    ) -> None:
        self.address = address
        self.times = times
        self.draw = draw
        self.query = query
        self.stride = stride
        self.page: str | None = None
        self.sliders: dict[str, Any] = {}
        self.moved: dict[str, Any] = {}
        self.animation: str | None = None
        self.kept: set[str] = set()

    async def visit(
        self, pages: list[str], *, moves: int, every: float, wait: float = 0, reach: float = 0.2
    ) -> None:
        """Open a page and move its sliders; with several pages, go to another now and then."""
        await asyncio.sleep(wait)
        try:
            async with connect(
                stream_address(self.address),
                subprotocols=[SUBPROTOCOL],
                max_size=None,
                open_timeout=PATIENCE,
            ) as stream:
                await self._run(stream, self.draw.choice(pages))
                for _ in range(moves):
                    await asyncio.sleep(every * self.draw.uniform(0.8, 1.2))
                    other = len(pages) > 1 and self.draw.random() < 0.2
                    await self._run(stream, self.draw.choice(pages) if other else self.page or "")
                    if self.animation and self.draw.random() < reach:
                        await self._reach()
        except Exception as error:  # Whatever it is, it is what the visitor met with.
            self.times.failed.append(f"{type(error).__name__}: {error}"[:200])

    async def _run(self, stream: ClientConnection, page: str) -> None:
        first, self.page = page != self.page, page
        if first:
            self.sliders, self.moved, self.animation = {}, {}, None
        elif self.sliders:
            self._move(self.draw.choice(sorted(self.sliders)))
        message = rerun(page, self.query, (_set_to(name, value) for name, value in self.moved.items()))
        # Large messages that the browser keeps are not sent again.
        message.rerun_script.cached_message_hashes.extend(self.kept)
        start = time.perf_counter()
        await stream.send(message.SerializeToString())
        size = await asyncio.wait_for(self._hear(stream), PATIENCE)
        (self.times.first if first else self.times.later).append(time.perf_counter() - start)
        if not first:
            self.times.sent.append(size)

    def _move(self, name: str) -> None:
        slider = self.sliders[name]
        options, step = list(slider.options), slider.step or 1
        last = len(options) - 1 if options else round((slider.max - slider.min) / step)
        known = self.moved.get(name)
        if known is None:
            at = round((slider.default[0] - slider.min) / step)
        else:
            at = options.index(known) if options else round((known - slider.min) / step)
        near = [
            stop
            for stop in range(max(0, at - self.stride), min(last, at + self.stride) + 1)
            if stop != at
        ]
        stop = self.draw.choice(near or [at])
        self.moved[name] = options[stop] if options else slider.min + stop * step

    async def _hear(self, stream: ClientConnection) -> int:
        """Take in what the server sends until its run has ended; return how many bytes that were."""
        size, sliders = 0, {}
        while True:
            data = await stream.recv(decode=False)
            size += len(data)
            message = ForwardMsg.FromString(data)
            if message.metadata.cacheable:
                self.kept.add(message.hash)
            if message.WhichOneof("type") == "script_finished":
                break
            if trouble := red_box(message):
                self.times.failed.append(f"{self.page}: {trouble}"[:200])
            kind, element = element_of(message)
            if kind == "slider" and not element.disabled:
                sliders[element.id] = element
            elif kind == "bidi_component":
                self._learn(component_bytes(element))
        # Of a widget that was replaced there is nothing to say any more.
        self.sliders = sliders or self.sliders
        self.moved = {name: value for name, value in self.moved.items() if name in self.sliders}
        return size

    def _learn(self, body: bytes) -> None:
        found = _ANIMATION.search(body)
        if found:
            self.animation = found[1].decode()

    async def _reach(self) -> None:
        start = time.perf_counter()
        await asyncio.to_thread(_fetch, f"{self.address}{self.animation}")
        self.times.animations.append(time.perf_counter() - start)


def _set_to(name: str, value: Any) -> WidgetState:
    state = WidgetState(id=name)
    if isinstance(value, str):
        state.string_array_value.data.append(value)
    else:
        state.double_array_value.data.append(value)
    return state


def _fetch(address: str) -> None:
    with urlopen(address, timeout=PATIENCE) as answer:
        answer.read()


def visitors(address: str, count: int, times: Times, *, seed: int = 0) -> Iterator[Visitor]:
    """Yield so many visitors, each of whom moves otherwise."""
    for place in range(count):
        yield Visitor(address, times, random.Random(1000 * seed + place))
