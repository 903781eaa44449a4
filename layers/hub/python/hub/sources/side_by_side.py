"""Several iterators read at the same time, each in a thread of its own, one item ahead."""

from collections.abc import Iterator, Sequence
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import TypeVar

Item = TypeVar("Item")
LOOKS_UP = 0.2  # seconds after which a thread with nothing to do sees whether it is still wanted


def side_by_side(iterators: Sequence[Iterator[Item]]) -> Iterator[tuple[int, Item]]:
    """Each item with the number of its iterator, in the order in which they come; the first error ends all."""
    if len(iterators) == 1:
        yield from ((0, item) for item in iterators[0])
        return
    found: Queue[tuple[int, Item | None, BaseException | None]] = Queue(maxsize=len(iterators))
    unwanted = Event()

    def put(entry: tuple[int, Item | None, BaseException | None]) -> None:
        while not unwanted.is_set():
            try:
                return found.put(entry, timeout=LOOKS_UP)
            except Full:
                continue

    def run(at: int) -> None:
        try:
            for item in iterators[at]:
                put((at, item, None))
                if unwanted.is_set():
                    return
            put((at, None, None))
        except BaseException as error:  # noqa: BLE001 - it is raised where the items are taken
            put((at, None, error))

    threads = [Thread(target=run, args=(at,), daemon=True) for at in range(len(iterators))]
    for thread in threads:
        thread.start()
    running = len(threads)
    try:
        while running:
            try:
                at, item, error = found.get(timeout=LOOKS_UP)
            except Empty:
                continue
            if error is not None:
                raise error
            if item is None:
                running -= 1
            else:
                yield at, item
    finally:
        unwanted.set()
        for thread in threads:
            thread.join()
