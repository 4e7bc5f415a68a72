#!/usr/bin/env python3
"""Generates a client from the document of a running hotel by openapi-python-client, without a warning, and books a room with
it: what is typed is read back, cancelled, and a second booking of the nights is a problem that the client understands.

Ends with 0 when all holds; else says what does not.
"""

import argparse
import datetime
import importlib
import os
import pathlib
import subprocess
import sys
import tempfile

# Two nights that nobody else books.
ARRIVAL = datetime.date.today() + datetime.timedelta(days=300)


def expect(condition, words):
    if not condition:
        raise AssertionError(words)


def generate(port, folder):
    tools = pathlib.Path(sys.executable).parent
    made = subprocess.run(
        [tools / "openapi-python-client", "generate", "--url", f"http://127.0.0.1:{port}/openapi.json", "--meta", "none",
         "--output-path", pathlib.Path(folder) / "hotel", "--fail-on-warning"],
        # It formats what it makes with what lies beside it.
        env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"}, capture_output=True, text=True, cwd=folder,
    )
    expect(made.returncode == 0, f"no client was made: {made.stdout}{made.stderr}")


def book(port, key, folder):
    sys.path.insert(0, folder)
    hotel = importlib.import_module("hotel")
    models = importlib.import_module("hotel.models")

    def operation(group, name):
        return importlib.import_module(f"hotel.api.{group}.{name}")

    client = hotel.AuthenticatedClient(base_url=f"http://127.0.0.1:{port}", token=key)
    rooms = operation("rooms", "get_rooms").sync(client=client).rooms
    room = next(room for room in rooms if room.capacity >= 2)
    wish = models.NewBooking(
        room_id=room.id,
        from_=ARRIVAL,
        to=ARRIVAL + datetime.timedelta(days=2),
        guests=2,
        guest=models.NewGuest(name="Grace Hopper", email="grace@example.org"),
    )
    made = operation("bookings", "post_bookings").sync(client=client, body=wish)
    expect(isinstance(made, models.Booking), f"not booked: {made}")
    expect(made.from_ == ARRIVAL and made.guest.name == "Grace Hopper" and made.room_id == room.id, f"booked: {made}")
    expect(made.total.currency == room.price_per_night.currency, f"the price: {made.total}")

    refused = operation("bookings", "post_bookings").sync(client=client, body=wish)
    expect(isinstance(refused, models.Problem) and refused.type_ == "/problems/nights-taken", f"booked twice: {refused}")

    answer = operation("bookings", "get_bookings_by_id").sync_detailed(made.id, client=client)
    expect(answer.parsed == made, f"read back: {answer.parsed}")
    page = operation("bookings", "get_bookings").sync(client=client, room=room.id, limit=100)
    expect(made in page.bookings, f"not in the list: {page}")

    cancelled = operation("bookings", "delete_bookings_by_id").sync(made.id, client=client, if_match=answer.headers["ETag"])
    expect(cancelled.status == "cancelled" and cancelled.version == made.version + 1, f"cancelled: {cancelled}")

    nobody = hotel.AuthenticatedClient(base_url=f"http://127.0.0.1:{port}", token="no-key-of-this-hotel")
    unknown = operation("rooms", "get_rooms").sync(client=nobody)
    expect(isinstance(unknown, models.Problem) and unknown.status == 401, f"without a key: {unknown}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--key", required=True)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        try:
            generate(given.port, folder)
            book(given.port, given.key, folder)
        except AssertionError as error:
            print(f"FAILED: {error}", file=sys.stderr)
            return 1
    print("a generated client booked a room, was told that it is taken, read the booking back and cancelled it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
