"""Who is served next by one dispatcher: each endpoint has a lane of its own, and none can fill the road.

No I/O, no clock: it counts. A lane opens with one call at a time; answers that are good and quick double that, up to
a limit, and a failure closes it again. Lanes that fail, and those that have not shown how they answer, may each hold a
part of all calls only, so that dead receivers cost what they hold and no more.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from itertools import islice
from typing import Generic, Literal, NamedTuple, TypeVar
from uuid import UUID

J = TypeVar("J")
Standing = Literal["proven", "unproven", "failing"]
QUICK_SECONDS = 2.0
_AHEAD = 12  # a proven lane is claimed for so many times what it sends at once, or claims would be many and small
_FIRST_ROOM = 4
_FAILING_WINDOW = 2
_SLOW_WINDOW = 4
_LANES_KEPT = 20_000
_RECENT_MAX = 200  # all of ten thousand would make each claim dear


@dataclass(slots=True)
class Lane(Generic[J]):
    """One endpoint's: `window` calls at a time, `sending` now, `waiting` in hand."""

    endpoint_id: UUID
    standing: Standing
    window: int
    sending: int = 0
    waiting: deque[J] = field(default_factory=deque[J])
    is_queued: bool = False

    @property
    def in_hand(self) -> int:
        """What is claimed of it."""
        return self.sending + len(self.waiting)


class Call(NamedTuple, Generic[J]):  # a tuple: made for every delivery
    """A job that is being sent. `standing`: its lane's when it began, under which it is counted."""

    lane: Lane[J]
    job: J
    standing: Standing


class Lanes(Generic[J]):
    """Every lane of a dispatcher."""

    def __init__(self, *, in_flight_max: int, endpoint_in_flight_max: int, claimed_max: int) -> None:
        self._lanes: OrderedDict[UUID, Lane[J]] = OrderedDict()
        self._queues: dict[Standing, deque[Lane[J]]] = {"proven": deque(), "unproven": deque(), "failing": deque()}
        self._sending: dict[Standing, int] = {"proven": 0, "unproven": 0, "failing": 0}
        self._shares: dict[Standing, int] = {
            "proven": in_flight_max,
            "unproven": in_flight_max // 2,
            "failing": in_flight_max // 4,
        }
        self._in_flight_max = in_flight_max
        self._window_max = endpoint_in_flight_max
        self._claimed_max = claimed_max
        self._busy: dict[UUID, Lane[J]] = {}
        self.in_hand = 0
        self._failing_in_hand = 0

    @property
    def room(self) -> int:
        """How many more may be claimed."""
        return max(0, self._claimed_max - self.in_hand)

    @property
    def first_room(self) -> int:
        """How many may be claimed of an endpoint that nothing is in hand of."""
        return _FIRST_ROOM

    @property
    def failing_room(self) -> int:
        """The same of one that is known to fail: none while such fill their part."""
        return 1 if self._failing_in_hand < self._claimed_max // 4 else 0

    def rooms(self) -> dict[str, int]:
        """How many more may be claimed of each endpoint of which something is in hand, or was a moment ago.

        One that answers at once has nothing in hand between two claims, and yet deserves more than a newcomer.
        """
        found = {str(lane.endpoint_id): self._room_of(lane) for lane in self._busy.values()}
        for lane in islice(reversed(self._lanes.values()), _RECENT_MAX):
            if lane.standing == "proven" and lane.in_hand == 0:
                found[str(lane.endpoint_id)] = self._room_of(lane)
        return found

    def _room_of(self, lane: Lane[J]) -> int:
        if lane.standing != "proven":
            wanted = _FIRST_ROOM if lane.standing == "unproven" else _FAILING_WINDOW
        else:
            wanted = max(_FIRST_ROOM, lane.window * _AHEAD)
        return max(0, wanted - lane.in_hand)

    def add(self, endpoint_id: UUID, job: J, *, is_failing: bool) -> None:
        """Take a claimed job in hand."""
        lane = self._lanes.get(endpoint_id)
        if lane is None:
            lane = Lane[J](endpoint_id, "failing" if is_failing else "unproven", 1)
            self._lanes[endpoint_id] = lane
            self._forget_idle()
        elif is_failing and lane.standing == "unproven":
            self._stand(lane, "failing")
        self._busy[endpoint_id] = lane
        lane.waiting.append(job)
        self.in_hand += 1
        self._failing_in_hand += lane.standing == "failing"
        self._queue(lane)

    def _forget_idle(self) -> None:
        while len(self._lanes) > _LANES_KEPT:
            endpoint_id, lane = self._lanes.popitem(last=False)
            if lane.in_hand:
                self._lanes[endpoint_id] = lane
                return

    def _queue(self, lane: Lane[J]) -> None:
        if lane.waiting and lane.sending < lane.window and not lane.is_queued:
            lane.is_queued = True
            self._queues[lane.standing].append(lane)

    def next(self) -> Call[J] | None:
        """The job to send now, each lane in its turn; None if all who may send do."""
        if sum(self._sending.values()) >= self._in_flight_max:
            return None
        for standing, queue in self._queues.items():
            if queue and self._sending[standing] < self._shares[standing]:
                lane = queue.popleft()
                lane.is_queued = False
                job = lane.waiting.popleft()
                lane.sending += 1
                self._sending[standing] += 1
                self._queue(lane)
                return Call(lane, job, standing)
        return None

    def done(self, call: Call[J], *, is_success: bool, seconds: float) -> list[J]:
        """A call has ended. Returns what to give back: of an endpoint that fails little is kept in hand."""
        lane = call.lane
        lane.sending -= 1
        self._sending[call.standing] -= 1
        self.in_hand -= 1
        self._failing_in_hand -= lane.standing == "failing"
        given_back: list[J] = []
        if is_success and seconds <= QUICK_SECONDS:
            self._stand(lane, "proven")
            lane.window = min(self._window_max, lane.window * 2)
        elif is_success:
            self._stand(lane, "unproven")
            lane.window = min(self._window_max, _SLOW_WINDOW)
        else:
            self._stand(lane, "failing")
            lane.window = min(self._window_max, _FAILING_WINDOW)
            while lane.in_hand > _FAILING_WINDOW and lane.waiting:
                given_back.append(lane.waiting.pop())
            self.in_hand -= len(given_back)
            self._failing_in_hand -= len(given_back)
        self._queue(lane)
        self._rest(lane)
        return given_back

    def abandon(self, call: Call[J]) -> None:
        """The job was not sent after all; that says nothing of the endpoint."""
        lane = call.lane
        lane.sending -= 1
        self._sending[call.standing] -= 1
        self.in_hand -= 1
        self._failing_in_hand -= lane.standing == "failing"
        self._queue(lane)
        self._rest(lane)

    def _rest(self, lane: Lane[J]) -> None:
        if lane.in_hand == 0:
            self._busy.pop(lane.endpoint_id, None)
            self._lanes.move_to_end(lane.endpoint_id)

    def _stand(self, lane: Lane[J], standing: Standing) -> None:
        if lane.standing == standing:
            return
        in_hand = lane.in_hand
        self._failing_in_hand += in_hand * ((standing == "failing") - (lane.standing == "failing"))
        if lane.is_queued:
            self._queues[lane.standing].remove(lane)
            lane.is_queued = False
        lane.standing = standing
        self._queue(lane)

    def drain(self) -> list[J]:
        """Take everything out that is not being sent."""
        found: list[J] = []
        for lane in list(self._busy.values()):
            found.extend(lane.waiting)
            self.in_hand -= len(lane.waiting)
            self._failing_in_hand -= len(lane.waiting) if lane.standing == "failing" else 0
            lane.waiting.clear()
            if lane.is_queued:
                self._queues[lane.standing].remove(lane)
                lane.is_queued = False
            if lane.sending == 0:
                del self._busy[lane.endpoint_id]
        return found
