#!/usr/bin/env python3
"""Looks at the page /docs of a running hotel in a headless browser: it shows every operation, asks what one fills in, and is
for everybody.

Ends with 0 when all holds; else says what does not.
"""

import argparse
import http.client
import json
import pathlib
import sys

from selenium.webdriver.common.keys import Keys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "StatusPage"))
from check import Page, expect  # noqa: E402


def contract(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/openapi.json")
    return json.loads(connection.getresponse().read())


def shows_all(page, contract):
    page.wait("the operations", lambda: page.run("return document.querySelectorAll('.op').length") > 0)
    shown = page.run("return Array.from(document.querySelectorAll('.op'), e => e.id)")
    declared = [operation["operationId"] for methods in contract["paths"].values() for operation in methods.values()]
    expect(sorted(shown) == sorted(declared), f"shown: {shown}; declared: {declared}")
    headings = page.run("return Array.from(document.querySelectorAll('h2'), e => e.textContent)")
    expect(headings == [tag["name"] for tag in contract["tags"]], f"groups: {headings}")
    expect(page.run("return !document.querySelector('main > .error')"), "the page says that the description cannot be read")
    unfold(page, "postBookings")
    text = page.text("#postBookings")
    for words in ["NewBooking", "Idempotency-Key", "nights-taken", "ETag", "ada@example.org", "must be a date", "required"]:
        expect(words.lower() in text.lower(), f"the operation does not say {words}: {text[:2000]}")
    page.run("document.querySelector('#filter').value = 'cancel'; document.querySelector('#filter').dispatchEvent(new Event('input'))")
    left = page.run("return Array.from(document.querySelectorAll('.op'), e => e.checkVisibility() && e.id).filter(Boolean)")
    expect(left == ["deleteBookingsById"], f"found for `cancel`: {left}")
    page.run("document.querySelector('#filter').value = ''; document.querySelector('#filter').dispatchEvent(new Event('input'))")


def unfold(page, operation):
    page.run("document.getElementById(arguments[0]).open = true", operation)
    page.wait(f"the form of {operation}", lambda: page.run("return !!document.querySelector(arguments[0])", f"#{operation} form"))


def fill(page, operation, name, value):
    page.run("document.getElementById(arguments[0]).value = arguments[1]", f"{operation}-{name}", value)


def send(page, operation):
    """With the keyboard alone."""
    page.run("document.querySelector(arguments[0]).replaceChildren()", f"#{operation} .result")
    page.run("document.querySelector(arguments[0]).focus()", f"#{operation} button")
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    status = page.wait(f"an answer to {operation}", lambda: page.text(f"#{operation} .result .status"))
    return int(status.split()[0]), page.text(f"#{operation} .answer-headers"), page.text(f"#{operation} .answer-body")


def tries_out(page, key):
    unfold(page, "getRoomsById")
    expect(send(page, "getRoomsById")[0] == 401, "without a key the example is answered")
    page.run("document.getElementById('key').value = arguments[0]", key)
    # What the form begins with is the sample hotel's: whoever sends it as it stands gets an answer.
    status, headers, body = send(page, "getRoomsById")
    expect(status == 200 and json.loads(body)["id"] == "101" and "x-request-id" in headers, f"{status} {headers} {body}")
    shell = page.text("#getRoomsById .shell")
    expect("/v1/rooms/101" in shell and key not in shell, f"the command: {shell}")

    fill(page, "getRoomsById", "id", "none-such")
    status, headers, body = send(page, "getRoomsById")
    expect(status == 404 and "application/problem+json" in headers, f"no room: {status} {headers}")

    unfold(page, "getAvailability")
    status, headers, body = send(page, "getAvailability")
    rooms = json.loads(body).get("rooms", []) if status == 200 else []
    expect("101" in [room["id"] for room in rooms], f"the example's nights: {status} {body}")

    fill(page, "postBookings", "Idempotency-Key", "from-the-page")
    status, headers, body = send(page, "postBookings")
    expect(status == 201 and "location: /v1/bookings/" in headers, f"a booking: {status} {headers} {body}")
    unfold(page, "deleteBookingsById")
    fill(page, "deleteBookingsById", "id", json.loads(body)["id"])
    status, headers, body = send(page, "deleteBookingsById")
    expect(status == 200 and json.loads(body)["status"] == "cancelled", f"its end: {status} {body}")

    unfold(page, "getProblemsByName")
    status, headers, body = send(page, "getProblemsByName")
    expect(status == 200 and "403" in body, f"text: {status} {body}")
    kept = page.run("return [localStorage.length, sessionStorage.length, document.cookie, location.href]")
    expect(kept[:3] == [0, 0, ""] and key not in kept[3], f"the key may be kept: {kept}")
    page.driver.refresh()
    page.wait("the page again", lambda: page.run("return document.querySelectorAll('.op').length") > 0)
    expect(page.run("return document.getElementById('key').value") == "", "the key outlived the page")


def is_reached_by_keyboard(page):
    """From the first link through every operation, and an operation opens by the keyboard."""
    page.run("document.querySelector('.skip').focus()")
    reached = ["skip"]
    operations = page.run("return document.querySelectorAll('.op').length")
    for _ in range(operations + 6):
        page.driver.switch_to.active_element.send_keys(Keys.TAB)
        name, outline = page.run(
            """const e = document.activeElement
            return [e.id || e.parentElement.id || e.tagName, getComputedStyle(e).outlineStyle]"""
        )
        if name in reached or name in ("BODY", "HTML"):
            break
        expect(outline in ("solid", "auto"), f"the focus on {name} cannot be seen")
        reached.append(name)
    for name in ["filter", "key", "getRooms", "deleteBookingsById"]:
        expect(name in reached, f"the keyboard reaches only {reached}")
    page.run("document.querySelector('#getRooms summary').focus()")
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    page.wait("the operation unfolds", lambda: page.run("return !!document.querySelector('#getRooms form')"))
    page.driver.switch_to.active_element.send_keys(Keys.TAB)
    expect(page.run("return document.activeElement.tagName") == "BUTTON", "behind the operation its button does not come")


def is_for_everybody(page):
    backgrounds = []
    for scheme in ["light", "dark"]:
        page.scheme(scheme)
        backgrounds.append(page.run("return getComputedStyle(document.body).backgroundColor"))
        for width in [1280, 360]:
            page.size(width, 800)
            page.driver.refresh()
            page.wait("the operations", lambda: page.run("return document.querySelectorAll('.op').length") > 0)
            page.run("document.querySelectorAll('.op').forEach(e => e.open = true)")
            page.wait("all forms", lambda: page.run("return document.querySelectorAll('form').length == document.querySelectorAll('.op').length"))
            page.run("document.querySelectorAll('details').forEach(e => e.open = true)")
            send(page, "getLivez")
            wide = page.run("return document.scrollingElement.scrollWidth")
            expect(wide <= width, f"at {width} px the page is {wide} px wide")
            violations = page.accessibility()
            expect(not violations, f"{scheme}, {width} px:\n" + "\n".join(violations))
    expect(backgrounds[0] != backgrounds[1], "dark is as light")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--key", required=True)
    arguments.add_argument("--screenshot")
    given = arguments.parse_args()
    page = Page(given.port, "docs")
    try:
        shows_all(page, contract(given.port))
        tries_out(page, given.key)
        is_reached_by_keyboard(page)
        if given.screenshot:
            page.driver.save_screenshot(given.screenshot)
        is_for_everybody(page)
        complaints, strangers = page.faults()
        # That an answer is a refusal is no fault of the page.
        complaints = [words for words in complaints if "the server responded with a status of 4" not in words]
        expect(not complaints, f"the browser complains: {complaints}")
        expect(not strangers, f"asked of others: {strangers}")
        print(f"every operation shown and tried, light and dark, 1280 and 360 px, keyboard, axe; {len(page.requests)} requests, none of others")
    except AssertionError as error:
        print(f"FAILED: {error}", file=sys.stderr)
        return 1
    finally:
        page.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
