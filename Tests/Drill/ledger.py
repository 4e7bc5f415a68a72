"""What the service has promised, written down by its clients, and held against it.

Each booking that a client wants is a wish with a name of its own: an idempotency key that is also the guest. So a wish
is found again in every row of the database, and one that was written twice cannot hide.
"""

from __future__ import annotations

import datetime
import json
import random
import sqlite3
import threading
from collections import defaultdict, deque
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

#: How many of the bookings are sent twice under their key, and how many want a night that is already taken.
REPEATED = 0.05
CONTESTED = 0.08

#: Rooms of the sample hotel that sleep two or more.
ROOMS = ("101", "102", "104", "201", "202", "203", "204", "302", "303", "304")


@dataclass(eq=False)
class Wish:
    """A stay that a client wants, whatever it takes: it is repeated under its key until there is an answer."""

    key: str
    room: str
    night: datetime.date
    #: Somebody holds this night already; 409 is as good an answer as 201.
    is_contested: bool = False
    booking_id: str | None = None
    #: A cancellation was sent; whether it arrived is known only once it is acknowledged.
    cancel_sent: bool = False
    cancel_acknowledged: bool = False

    @property
    def body(self) -> bytes:
        departure = self.night + datetime.timedelta(days=1)
        guest = {"name": "Dora Drill", "email": self.email}
        wish = {"roomId": self.room, "from": f"{self.night}", "to": f"{departure}", "guests": 2, "guest": guest}
        return json.dumps(wish).encode()

    @property
    def email(self) -> str:
        return f"{self.key}@drill.example"

    def fault_in(self, booking: dict[str, Any], *, was_cancelled: bool, is_first_answer: bool = False) -> str | None:
        """What is wrong with this booking as an answer to the wish; None when nothing is."""
        wanted = {"roomId": self.room, "from": f"{self.night}"}
        if any(booking.get(name) != value for name, value in wanted.items()):
            return f"holds {booking.get('roomId')} on {booking.get('from')} instead of {self.room} on {self.night}"
        if booking.get("guest", {}).get("email") != self.email:
            return "belongs to another guest"
        if self.booking_id not in (None, booking.get("id")):
            return f"is {booking.get('id')}, but {self.booking_id} was acknowledged"
        status = booking.get("status")
        if was_cancelled and not is_first_answer and status != "cancelled":
            return f"is {status}, but its cancellation was acknowledged"
        if not self.cancel_sent and status != "confirmed":
            return f"is {status}, and nobody cancelled it"
        return None


@dataclass
class Ledger:
    """The wishes of all clients against one database. Safe to use from many threads."""

    prefix: str
    #: Acknowledged and then not there, or not as acknowledged.
    losses: dict[str, str] = field(default_factory=dict)
    #: Written more than once.
    doubles: list[str] = field(default_factory=list)
    _made: int = 0
    _pending: deque[Wish] = field(default_factory=deque)
    _acknowledged: list[Wish] = field(default_factory=list)
    _all: dict[str, Wish] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _random: random.Random = field(default_factory=lambda: random.Random(1))

    # Wishes

    def next_wish(self) -> Wish:
        """What to book next: a wish that was left open, sometimes one that was booked already, mostly a new one."""
        with self._lock:
            if self._pending:
                return self._pending.popleft()
            if self._acknowledged and self._random.random() < REPEATED:
                return self._random.choice(self._acknowledged[-50:])
            if self._acknowledged and self._random.random() < CONTESTED:
                rival = self._random.choice(self._acknowledged[-50:])
                return self._make(rival.room, rival.night, is_contested=True)
            wish = self.new_wish()
            if self._random.random() < REPEATED:
                # Another client sends the same, perhaps at the same moment.
                self._pending.append(wish)
            return wish

    def new_wish(self) -> Wish:
        """A wish for a night that nobody else wants."""
        with self._lock:
            days, room = divmod(self._made, len(ROOMS))
            night = datetime.date.today() + datetime.timedelta(days=10 + days)
            return self._make(ROOMS[room], night, is_contested=False)

    def leave_open(self, wish: Wish) -> None:
        """Nobody knows whether it was booked: it has to be asked again."""
        with self._lock:
            if wish.booking_id is None:
                self._pending.append(wish)

    def acknowledge(self, wish: Wish, booking: dict[str, Any]) -> str | None:
        """Writes down an acknowledged booking; what is wrong with it, if anything."""
        with self._lock:
            if wish.booking_id not in (None, booking.get("id")):
                self.doubles.append(f"{wish.key} was booked as {wish.booking_id} and as {booking.get('id')}")
            fault = wish.fault_in(booking, was_cancelled=False, is_first_answer=True)
            if wish.booking_id is None:
                wish.booking_id = booking.get("id")
                self._acknowledged.append(wish)
            return fault

    def open_wishes(self) -> list[Wish]:
        """Takes all wishes that were left open."""
        with self._lock:
            wishes, self._pending = list(self._pending), deque()
            return wishes

    @property
    def acknowledged(self) -> list[Wish]:
        with self._lock:
            return list(self._acknowledged)

    def any_acknowledged(self) -> Wish | None:
        """One of the latest bookings, so that the reader often asks another process than the one that wrote it."""
        with self._lock:
            return self._random.choice(self._acknowledged[-200:]) if self._acknowledged else None

    def wish_to_cancel(self) -> Wish | None:
        """A booking that now is to be cancelled, or cancelled again because nobody knows whether it was."""
        with self._lock:
            recent = self._acknowledged[-40:]
            open_cancellations = [wish for wish in recent if wish.cancel_sent and not wish.cancel_acknowledged]
            candidates = open_cancellations or [wish for wish in recent if not wish.cancel_sent]
            if not candidates:
                return None
            wish = self._random.choice(candidates)
            wish.cancel_sent = True
            return wish

    def _make(self, room: str, night: datetime.date, *, is_contested: bool) -> Wish:
        self._made += 1
        wish = Wish(f"{self.prefix}-{self._made}", room, night, is_contested)
        self._all[wish.email] = wish
        return wish

    # Audits

    def lose(self, what: str | None, how: str) -> None:
        """Something acknowledged is not so. Each thing is lost once, however often that is seen."""
        with self._lock:
            self.losses.setdefault(f"{what}", f"{what} {how}")

    def audit(self, database: str) -> str:
        """Holds every wish against the database itself; gives a summary."""
        with closing(sqlite3.connect(database, timeout=10)) as connection:
            verdict = connection.execute("PRAGMA integrity_check").fetchone()[0]
            rows = connection.execute(
                "SELECT id, room_id, arrival, guest_email, status FROM booking WHERE guest_email LIKE ?",
                (f"{self.prefix}-%",),
            ).fetchall()
            held = dict(connection.execute("SELECT room_id || ' ' || night, booking_id FROM held_night").fetchall())
        if verdict != "ok":
            self.lose("the integrity of the database", verdict)
        by_guest: dict[str, list[tuple[str, ...]]] = defaultdict(list)
        by_night: dict[tuple[str, str], list[str]] = defaultdict(list)
        for row in rows:
            by_guest[row[3]].append(row)
            if row[4] == "confirmed":
                by_night[row[1], row[2]].append(row[0])
        for email, found in by_guest.items():
            if len(found) > 1:
                self.doubles.append(f"{email} was booked {len(found)} times")
        for (room, night), ids in by_night.items():
            if len(ids) > 1:
                self.doubles.append(f"room {room} on {night} is held by {len(ids)} bookings")
            if held.get(f"{room} {night}") not in ids:
                self.lose(f"the night {night} of room {room}", f"is not held for {ids[0]}")
        for wish in self.acknowledged:
            self._audit(wish, by_guest.get(wish.email, []))
        return f"integrity {verdict}, {len(rows)} bookings, {len(self.acknowledged)} of them acknowledged"

    def _audit(self, wish: Wish, rows: list[tuple[str, ...]]) -> None:
        for row in rows:
            booking = {
                "id": row[0], "roomId": row[1], "from": row[2], "guest": {"email": row[3]}, "status": row[4],
            }  # fmt: skip
            fault = wish.fault_in(booking, was_cancelled=wish.cancel_acknowledged)
            if fault:
                self.lose(wish.booking_id, f"in the database {fault}")
        if not rows:
            self.lose(wish.booking_id, "was acknowledged and is not in the database")
