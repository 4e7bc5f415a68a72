"""The sample hotel in FastAPI with Python's sqlite3, and the endpoints that need no database. The variable DATABASE names the file.

Handlers that wait for nothing are `async def`; those that ask the database are `def`, which FastAPI runs on its threads, each with a
connection of its own.
"""

import asyncio
import datetime
import os
import secrets
import sqlite3
import threading
import time
from typing import Annotated

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field

app = FastAPI(openapi_url=None)
local = threading.local()
INDEX = "." * 186 + "\n"


class Guest(BaseModel):
    name: Annotated[str, Field(min_length=1, max_length=200)]
    email: Annotated[str, Field(pattern="^[^@ ]+@[^@ ]+$")]


class Wish(BaseModel):
    room: Annotated[str, Field(alias="roomId")]
    arrival: Annotated[datetime.date, Field(alias="from")]
    departure: Annotated[datetime.date, Field(alias="to")]
    guests: Annotated[int, Field(ge=1)]
    guest: Guest


def database() -> sqlite3.Connection:
    if not hasattr(local, "connection"):
        local.connection = sqlite3.connect(os.environ["DATABASE"], timeout=5, isolation_level=None)
        local.connection.execute("PRAGMA journal_mode = WAL")
        local.connection.execute("PRAGMA synchronous = FULL")
        local.connection.execute("PRAGMA foreign_keys = ON")
    return local.connection


def money(cents: int, currency: str) -> dict[str, str]:
    return {"amount": f"{cents // 100}.{cents % 100:02}", "currency": currency}


@app.get("/livez", response_class=PlainTextResponse)
async def livez():
    return "ok\n"


@app.get("/", response_class=PlainTextResponse)
async def index():
    return INDEX


@app.get("/sleep/{milliseconds}")
async def sleep(milliseconds: int):
    await asyncio.sleep(milliseconds / 1000)
    return Response(status_code=204)


SELECT_ROOM = "SELECT id, name, capacity, price_per_night, currency FROM room WHERE id = ?"


@app.get("/v1/rooms/{room_id}")
def room(room_id: str):
    row = database().execute(SELECT_ROOM, (room_id,)).fetchone()
    if row is None:
        raise HTTPException(404)
    return {"id": row[0], "name": row[1], "capacity": row[2], "pricePerNight": money(row[3], row[4])}


class OnlyJSON:
    """FastAPI answers 422; the other peers say what the type is not. Bare ASGI, so that it costs other requests next to nothing."""

    def __init__(self, wrapped):
        self.wrapped = wrapped

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http" and scope["method"] == "POST":
            if (b"content-type", b"application/json") not in scope["headers"]:
                request = Request(scope, receive)
                await request.body()
                return await PlainTextResponse("not application/json\n", 415)(scope, receive, send)
        await self.wrapped(scope, receive, send)


app.add_middleware(OnlyJSON)


@app.post("/v1/bookings", status_code=201)
def book(wish: Wish, response: Response):
    nights = (wish.departure - wish.arrival).days
    if not 1 <= nights <= 30 or wish.arrival < datetime.date.today():
        raise HTTPException(422)
    now = time.time_ns() // 1000
    booking_id = f"{now:014x}{secrets.token_hex(6)}"
    arrival, departure = str(wish.arrival), str(wish.departure)
    db = database()
    db.execute("BEGIN IMMEDIATE")
    try:
        room = db.execute(SELECT_ROOM, (wish.room,)).fetchone()
        if room is None or wish.guests > room[2]:
            raise HTTPException(422)
        held = "SELECT count(*) FROM held_night WHERE room_id = ? AND night >= ? AND night < ?"
        if db.execute(held, (wish.room, arrival, departure)).fetchone()[0]:
            raise HTTPException(409)
        total, currency = room[3] * nights, room[4]
        db.execute(
            "INSERT INTO booking (id, room_id, arrival, departure, guests, guest_name, guest_email, total, currency,"
            " status, version, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'confirmed', 1, ?)",
            (booking_id, wish.room, arrival, departure, wish.guests, wish.guest.name, wish.guest.email, total, currency, now),
        )
        db.executemany(
            "INSERT INTO held_night (room_id, night, booking_id) VALUES (?, ?, ?)",
            [(wish.room, str(wish.arrival + datetime.timedelta(days=night)), booking_id) for night in range(nights)],
        )
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")
    response.headers["Location"] = f"/v1/bookings/{booking_id}"
    return {
        "id": booking_id,
        "roomId": wish.room,
        "from": arrival,
        "to": departure,
        "guests": wish.guests,
        "guest": {"name": wish.guest.name, "email": wish.guest.email},
        "total": money(total, currency),
        "status": "confirmed",
        "version": 1,
        "createdAt": datetime.datetime.fromtimestamp(now // 1_000_000, datetime.timezone.utc).strftime("%FT%TZ"),
    }
