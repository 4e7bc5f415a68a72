"""The sample hotel in Flask with Python's sqlite3: one connection per worker. The variable DATABASE names the file."""

import datetime
import os
import secrets
import sqlite3
import time

from flask import Flask, abort, request

app = Flask(__name__)
app.json.compact = True
app.json.sort_keys = False

_connection = None


def database():
    """The worker's connection, opened by its first request and so after the fork."""
    global _connection
    if _connection is None:
        # Transactions are begun and ended by hand, as ours must be IMMEDIATE.
        _connection = sqlite3.connect(os.environ["DATABASE"], timeout=5, isolation_level=None, check_same_thread=False)
        _connection.execute("PRAGMA journal_mode = WAL")
        _connection.execute("PRAGMA synchronous = FULL")
        _connection.execute("PRAGMA foreign_keys = ON")
    return _connection


def money(cents, currency):
    return {"amount": f"{cents // 100}.{cents % 100:02}", "currency": currency}


SELECT_ROOM = "SELECT id, name, capacity, price_per_night, currency FROM room WHERE id = ?"


@app.get("/v1/rooms/<room_id>")
def room(room_id):
    row = database().execute(SELECT_ROOM, (room_id,)).fetchone()
    if row is None:
        abort(404)
    return {"id": row[0], "name": row[1], "capacity": row[2], "pricePerNight": money(row[3], row[4])}


@app.post("/v1/bookings")
def book():
    wish = request.get_json()
    try:
        room_id, guests, guest = wish["roomId"], int(wish["guests"]), wish["guest"]
        arrival, departure = (datetime.date.fromisoformat(wish[key]) for key in ("from", "to"))
        name, email = guest["name"], guest["email"]
    except (KeyError, TypeError, ValueError):
        abort(422)
    nights = (departure - arrival).days
    if not 1 <= nights <= 30 or arrival < datetime.date.today() or guests < 1 or not name or "@" not in email:
        abort(422)

    now = time.time_ns() // 1000
    booking_id = f"{now:014x}{secrets.token_hex(6)}"
    db = database()
    db.execute("BEGIN IMMEDIATE")
    try:
        room = db.execute(SELECT_ROOM, (room_id,)).fetchone()
        if room is None or guests > room[2]:
            abort(422)
        held = db.execute(
            "SELECT count(*) FROM held_night WHERE room_id = ? AND night >= ? AND night < ?",
            (room_id, str(arrival), str(departure)),
        ).fetchone()
        if held[0]:
            abort(409)
        total, currency = room[3] * nights, room[4]
        db.execute(
            "INSERT INTO booking (id, room_id, arrival, departure, guests, guest_name, guest_email, total, currency,"
            " status, version, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'confirmed', 1, ?)",
            (booking_id, room_id, str(arrival), str(departure), guests, name, email, total, currency, now),
        )
        db.executemany(
            "INSERT INTO held_night (room_id, night, booking_id) VALUES (?, ?, ?)",
            [(room_id, str(arrival + datetime.timedelta(days=night)), booking_id) for night in range(nights)],
        )
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")

    booking = {
        "id": booking_id,
        "roomId": room_id,
        "from": str(arrival),
        "to": str(departure),
        "guests": guests,
        "guest": {"name": name, "email": email},
        "total": money(total, currency),
        "status": "confirmed",
        "version": 1,
        "createdAt": datetime.datetime.fromtimestamp(now // 1_000_000, datetime.timezone.utc).strftime("%FT%TZ"),
    }
    return booking, 201, {"Location": f"/v1/bookings/{booking_id}"}
