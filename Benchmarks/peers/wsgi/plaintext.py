"""The endpoints that need no database, as a bare WSGI application, one that waits, and, where BASE_URL says whom, one that calls
another service by httpx: for gunicorn and uWSGI."""

import os
import time

if base := os.environ.get("BASE_URL"):
    import httpx

    client = httpx.Client(base_url=base, timeout=10)

INDEX = b"." * 186 + b"\n"


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/livez":
        status, body = "200 OK", b"ok\n"
    elif path == "/v1/bookings":
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        status, body = "415 Unsupported Media Type", b"not application/json\n"
    elif path == "/call":
        answer = client.get("/livez")
        status, body = ("200 OK", answer.content) if answer.status_code == 200 else ("502 Bad Gateway", b"")
    elif path == "/":
        status, body = "200 OK", INDEX
    elif path.startswith("/sleep/"):
        time.sleep(int(path.removeprefix("/sleep/")) / 1000)
        start_response("204 No Content", [])
        return []
    else:
        status, body = "404 Not Found", b"no such path\n"
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
