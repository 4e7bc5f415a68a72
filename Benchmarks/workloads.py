"""What is measured: each workload is one request, sent again and again, and the answer that every server must give."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass
from typing import Any, Callable

ROOM = {
    "id": "101",
    "name": "Garden Room",
    "capacity": 2,
    "pricePerNight": {"amount": "120.00", "currency": "EUR"},
}
"""The room of the sample hotel that is read."""

ROOM_IDS = [f"{floor}0{number}" for floor in (1, 2, 3) for number in (1, 2, 3, 4)]
"""The rooms of the sample hotel, which are booked."""

CHECK_ARRIVAL = datetime.timedelta(days=7)
"""When the guest of the checking booking arrives, from today: before all nights that the load books (load.lua)."""


@dataclass(frozen=True)
class Workload:
    """One request, and what must come back."""

    name: str
    title: str
    path: str
    status: int
    is_right: Callable[[bytes], bool] = lambda body: True
    """Whether a body is the right answer."""
    body_bytes: int = 0
    """Size of a request body that is not JSON, sent by POST."""
    books: bool = False
    """Whether each request books another room-night."""
    close: bool = False
    """Whether each request has a connection of its own."""
    access_log: bool = False
    """Whether each request must be logged."""
    logs_by_default: bool = False
    """Whether servers log as they do by default: ours each request, Go's standard library none."""
    pinned: bool = True
    """Whether server and load are kept on a core each."""
    database: bool = False
    """Whether it needs the sample hotel's database, in an SQLite file."""
    postgresql: bool = False
    """Whether it needs the sample hotel's database, on PostgreSQL."""
    calls: bool = False
    """Whether each request calls another service, at the address in BASE_URL, once."""
    connections: int | None = None
    """How many connections the load has, where it is not what the command line says."""

    def load_arguments(self, first_booking: int) -> list[str]:
        """The arguments of load.lua."""
        if self.books:
            return ["bookings", str(first_booking), ",".join(ROOM_IDS)]
        if self.body_bytes:
            return ["body", str(self.body_bytes)]
        return ["get"]

    def sample_request(self) -> tuple[str, bytes | None, dict[str, str]]:
        """Method, body and fields of the request by which a server is checked before it is measured."""
        if self.books:
            arrival = datetime.date.today() + CHECK_ARRIVAL
            booking = {
                "roomId": ROOM_IDS[0],
                "from": arrival.isoformat(),
                "to": (arrival + datetime.timedelta(days=1)).isoformat(),
                "guests": 1,
                "guest": {"name": "Ada Lovelace", "email": "ada@example.org"},
            }
            return "POST", json.dumps(booking).encode(), {"Content-Type": "application/json"}
        if self.body_bytes:
            return "POST", b"x" * self.body_bytes, {"Content-Type": "application/octet-stream"}
        return "GET", None, {}


def _is_room(body: bytes) -> bool:
    return bool(_json(body) == ROOM)


def _is_booking(body: bytes) -> bool:
    booking = _json(body)
    return isinstance(booking, dict) and {
        "id", "roomId", "from", "to", "guests", "guest", "total", "status", "version", "createdAt",
    } <= booking.keys()


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _is_ok(body: bytes) -> bool:
    return body.strip() == b"ok"


def _is_index(body: bytes) -> bool:
    return 100 <= len(body) <= 600


WORKLOADS = [
    Workload("plaintext", "Plaintext, keep-alive", "/livez", 200, _is_ok),
    Workload("plaintext-1", "Plaintext, keep-alive, one connection", "/livez", 200, _is_ok, connections=1),
    Workload("plaintext-512", "Plaintext, keep-alive, 512 connections", "/livez", 200, _is_ok, connections=512),
    Workload("telemetry", "A text of some 200 bytes, not logged, with an ops process or without", "/", 200, _is_index),
    Workload("telemetry-1", "The same on one connection", "/", 200, _is_index, connections=1),
    Workload("telemetry-512", "The same on 512 connections", "/", 200, _is_index, connections=512),
    Workload("close", "Plaintext, one request per connection", "/livez", 200, _is_ok, close=True),
    Workload("logged", "A text of some 200 bytes, each request in the access log", "/", 200, _is_index,
             access_log=True),
    Workload("room", "A room by id, from SQLite as JSON", "/v1/rooms/101", 200, _is_room, database=True),
    Workload("room-close", "A room by id, one request per connection", "/v1/rooms/101", 200, _is_room,
             database=True, close=True),
    Workload("room-1", "A room by id, one connection, on any core, logged as by default", "/v1/rooms/101", 200, _is_room,
             database=True, connections=1, logs_by_default=True, pinned=False),
    Workload("room-postgresql", "A room by id, from PostgreSQL", "/v1/rooms/101", 200, _is_room, postgresql=True),
    Workload("booking-postgresql", "A booking, written to PostgreSQL", "/v1/bookings", 201, _is_booking, books=True,
             postgresql=True),
    Workload("booking", "A booking, written to SQLite", "/v1/bookings", 201, _is_booking, books=True, database=True),
    Workload("body-1k", "A request body of 1 KB, read whole", "/v1/bookings", 415, body_bytes=1024),
    Workload("body-64k", "A request body of 64 KB, read whole", "/v1/bookings", 415, body_bytes=64 * 1024),
    Workload("call", "A call to another service, whose answer is passed on", "/call", 200, _is_ok, calls=True),
]

WAIT_MILLISECONDS = 300
WAITING = Workload("waiting", f"A handler that waits {WAIT_MILLISECONDS} ms", f"/sleep/{WAIT_MILLISECONDS}", 204)
"""What waiting.py asks for; a service whose handlers ask another service looks like that."""
