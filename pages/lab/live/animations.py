"""Animations on request: a page offers one with each run; a hand that reaches for it has it computed.

An offer lies in the session of its visitor and goes with it; what it costs is fixed when it is made, so
that an address can ask for nothing else. One thread computes, one animation after another, and gives
way to the runs of pages. What nobody waits for any more is dropped, in the queue or half done.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakValueDictionary

import streamlit as st
from cachetools import LRUCache
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lab.language.catalogues import speak
from lab.web.assets import base_address

_LOG: Final = logging.getLogger(__name__)
OFFER: Final = "lab: animation {}"
"""Where the session holds what it offers for a group."""
_PATH: Final = "/lab/animation/{visit}/{group}/{token}"
# Some 250 animations of the default size.
_KEPT_BYTES: Final = 32 * 2**20
# A frame waits no longer than this for pages that are being made: it comes late, but it comes.
_GIVE_WAY_SECONDS: Final = 0.05


class Runs:
    """The runs of pages that are going on; a visitor waits for each of them."""

    def __init__(self) -> None:
        self._count = 0
        self._changed = threading.Condition()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Count a run as going on."""
        with self._changed:
            self._count += 1
        try:
            yield
        finally:
            with self._changed:
                self._count -= 1
                self._changed.notify_all()

    def give_way(self, seconds: float) -> None:
        """Wait until none goes on, or for so long."""
        with self._changed:
            self._changed.wait_for(lambda: not self._count, seconds)


RUNS: Final = Runs()
"""Those of all visitors."""


class AbandonedError(Exception):
    """Nobody waits for the animation any more."""


@dataclass(frozen=True)
class Offer:
    """An animation that a page has, not computed yet.

    Attributes
    ----------
    token
        Names all that the animation depends on: two offers with one token have the same.
    language
        In which it is written.
    frames
        Yields what each frame shows; between two frames it may be left.
    pack
        Makes of all of them what the browser reads.
    """

    token: str
    language: str
    frames: Callable[[], Iterable[Any]]
    pack: Callable[[list[Any]], bytes]

    def compute(self, waited_for: Callable[[], bool] = lambda: True) -> bytes:
        """Return the animation packed; changes the language of the thread.

        Raises
        ------
        AbandonedError
            If nobody waits for it any more.
        """
        speak(self.language)
        frames = []
        for frame in self.frames():
            if not waited_for():
                raise AbandonedError
            frames.append(frame)
        return self.pack(frames)


class _Job:
    """An animation that is waited for."""

    def __init__(self, offer: Offer, worker: ThreadPoolExecutor) -> None:
        self.offer = offer
        self.waiting = 0
        self.abandoned = False
        self.done = asyncio.wrap_future(worker.submit(offer.compute, self._goes_on))

    def _goes_on(self) -> bool:
        RUNS.give_way(_GIVE_WAY_SECONDS)
        return not self.abandoned


class Animations:
    """What is offered, what is being computed, and what was asked for lately.

    Parameters
    ----------
    kept_bytes
        So much of what was computed is kept, whoever asked for it.
    """

    def __init__(self, kept_bytes: int = _KEPT_BYTES) -> None:
        self._offers: WeakValueDictionary[tuple[str, str], Offer] = WeakValueDictionary()
        self._kept: LRUCache[str, bytes] = LRUCache(kept_bytes, getsizeof=len)
        self._jobs: dict[str, _Job] = {}
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="animation")

    def offer(self, visit: str, group: str, offer: Offer) -> None:
        """Offer an animation to a visit, in the place of the one that its group had before."""
        self._offers[visit, group] = offer

    async def fetch(
        self, visit: str, group: str, token: str, gone: asyncio.Future[None]
    ) -> bytes | None:
        """Return an animation packed; None if it is not on offer, or the visitor has gone meanwhile."""
        offer = self._offers.get((visit, group))
        if offer is None or offer.token != token:
            return None
        if token in self._kept:
            return self._kept[token]
        job = self._jobs.get(token)
        if job is None:
            job = self._jobs[token] = _Job(offer, self._worker)
        return await self._wait(job, gone)

    async def _wait(self, job: _Job, gone: asyncio.Future[None]) -> bytes | None:
        job.waiting += 1
        try:
            either: set[asyncio.Future[Any]] = {job.done, gone}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            job.waiting -= 1
            if not job.waiting and self._jobs.get(job.offer.token) is job:
                del self._jobs[job.offer.token]
                # In the queue it is forgotten; half done, it ends with the next frame.
                job.abandoned = True
                job.done.cancel()
        if job.done.cancelled() or not job.done.done():
            return None
        packed = job.done.result()
        if len(packed) <= self._kept.maxsize:
            self._kept[job.offer.token] = packed
        return packed


ANIMATIONS: Final = Animations()
"""Those of all visitors."""


def offer_animation(visit: str, group: str, offer: Offer) -> str:
    """Offer an animation in this run, and return where the browser may fetch it."""
    # The session holds it, and nothing else does.
    st.session_state[OFFER.format(group)] = offer
    ANIMATIONS.offer(visit, group, offer)
    return base_address() + _PATH.format(visit=visit, group=group, token=offer.token)


def animation_route() -> Route:
    """Return the route at which animations are fetched."""
    return Route(base_address() + _PATH, _answer)


async def _answer(request: Request) -> Response:
    gone = asyncio.ensure_future(_disconnected(request))
    try:
        packed = await ANIMATIONS.fetch(**request.path_params, gone=gone)
    except Exception:
        _LOG.exception("An animation could not be computed")
        return Response(status_code=500)
    finally:
        gone.cancel()
    if packed is None:
        # No error: a hand may reach for what has just been replaced.
        return Response(status_code=204)
    return Response(
        packed, media_type="application/octet-stream", headers={"Cache-Control": "no-store"}
    )


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
