#!/usr/bin/env python3
"""Holds a running hotel to its own description: the document is right by the specification's schema, every operation in it
is asked, and each answer has a status, a media type, header fields and a body as the document says.

Ends with 0 when all holds; else says what does not.
"""

import argparse
import datetime
import http.client
import json
import sys

import jsonschema
import openapi_spec_validator

faults = []
asked = {}

# What HTTP itself and each answer's security say, in lower case: no part of a contract.
OF_HTTP = {
    "allow", "cache-control", "connection", "content-length", "content-type", "date", "server", "vary",
    "content-security-policy", "cross-origin-opener-policy", "cross-origin-resource-policy",
    "referrer-policy", "x-content-type-options", "x-frame-options",
}


def expect(condition, words):
    if not condition:
        faults.append(words)


class Service:
    def __init__(self, port, key, other_key):
        self.port = port
        self.key = key
        self.other_key = other_key
        status, _, body = self.exchange("GET", "/openapi.json", {}, None)
        expect(status == 200, f"/openapi.json: {status}")
        self.contract = json.loads(body)

    def exchange(self, method, target, fields, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, target, body=body, headers=fields)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, content

    def ask(self, method, path, expected, parameters=None, query="", fields=None, json_body=None, key=None, keyless=False):
        """Asks an operation, and holds the answer to what the document says of it."""
        target = path
        for name, value in (parameters or {}).items():
            target = target.replace("{" + name + "}", value)
        fields = dict(fields or {})
        if not keyless:
            fields["Authorization"] = "Bearer " + (key or self.key)
        body = None
        if json_body is not None:
            fields.setdefault("Content-Type", "application/json")
            body = json_body if isinstance(json_body, str) else json.dumps(json_body)
        status, headers, content = self.exchange(method, target + query, fields, body)
        name = f"{method} {target}{query}"
        expect(status == expected, f"{name}: {status}, not {expected}: {content[:300]!r}")
        operation = self.contract["paths"].get(path, {}).get(method.lower())
        if operation is None:
            faults.append(f"{method} {path} is not in the document")
            return None, headers
        asked.setdefault((method, path), set()).add(str(status))
        self.hold(name, operation, status, headers, content)
        return (json.loads(content) if "json" in headers.get("content-type", "") else content), headers

    def hold(self, name, operation, status, headers, content):
        said = operation["responses"].get(str(status))
        expect(said is not None, f"{name}: the status {status} is not in the document")
        if said is None:
            return
        described = {field.lower(): self.resolved(description) for field, description in said["headers"].items()}
        for field, description in described.items():
            expect(not description["required"] or field in headers, f"{name}: {status} without {field}")
        for field in set(headers) - OF_HTTP - set(described):
            faults.append(f"{name}: {status} with {field}, of which the document says nothing")
        media = headers.get("content-type", "").split(";")[0]
        expected = said.get("content", {})
        expect(media in expected or not expected and not content, f"{name}: {media!r} is none of {list(expected)}")
        if "json" in media and media in expected:
            self.validate(name, expected[media]["schema"], json.loads(content))

    def resolved(self, described):
        if "$ref" not in described:
            return described
        found = self.contract
        for step in described["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return found

    def validate(self, name, schema, value):
        whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "components": self.contract["components"], **schema}
        validator = jsonschema.Draft202012Validator(whole, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
        for error in validator.iter_errors(value):
            faults.append(f"{name}: {error.json_path}: {error.message[:300]}")
        # A member of which the schema does not speak is no fault by it: look for those, too.
        for stray in self.strays(schema, value, "$"):
            faults.append(f"{name}: {stray} is not in the schema")

    def strays(self, schema, value, path):
        schema = self.resolved(schema)
        if isinstance(value, dict):
            for member, inner in value.items():
                if member not in schema.get("properties", {}):
                    # What is said to be any object may have any.
                    if schema.get("properties"):
                        yield f"{path}.{member}"
                else:
                    yield from self.strays(schema["properties"][member], inner, f"{path}.{member}")
        if isinstance(value, list):
            for inner in value:
                yield from self.strays(schema.get("items", {}), inner, path + "[]")

    def examples(self):
        """What the document shows must be what it says."""
        for path, methods in self.contract["paths"].items():
            for method, operation in methods.items():
                for content in [operation.get("requestBody", {})] + list(operation["responses"].values()):
                    for media in content.get("content", {}).values():
                        shown = [media["example"]] if "example" in media else []
                        shown += [example["value"] for example in media.get("examples", {}).values()]
                        for example in shown:
                            self.validate(f"example of {method.upper()} {path}", media["schema"], example)
                for parameter in operation.get("parameters", []):
                    if "example" in parameter:
                        self.validate(f"example of {parameter['name']}", parameter["schema"], parameter["example"])


def day(days):
    return (datetime.date.today() + datetime.timedelta(days=days)).isoformat()


def booking(room="101", begin=10, **others):
    guest = {"name": "Ada Lovelace", "email": "ada@example.org"}
    return {"roomId": room, "from": day(begin), "to": day(begin + 2), "guests": 1, "guest": guest, **others}


def ask_everything(service):
    service.ask("GET", "/", 200, keyless=True)
    service.ask("GET", "/livez", 200, keyless=True)
    service.ask("GET", "/readyz", 200, keyless=True)
    service.ask("GET", "/openapi.json", 200, keyless=True)
    service.ask("GET", "/docs", 200, keyless=True)
    kinds = next(p for p in service.contract["paths"]["/problems/{name}"]["get"]["parameters"] if p["name"] == "name")
    for kind in kinds["schema"]["enum"]:
        service.ask("GET", "/problems/{name}", 200, {"name": kind}, keyless=True)
    service.ask("GET", "/problems/{name}", 404, {"name": "none"}, keyless=True)

    rooms, _ = service.ask("GET", "/v1/rooms", 200)
    for room in rooms["rooms"]:
        service.ask("GET", "/v1/rooms/{id}", 200, {"id": room["id"]})
    service.ask("GET", "/v1/rooms/{id}", 404, {"id": "no-such-room"})
    nights = f"from={day(10)}&to={day(12)}&guests=2"
    service.ask("GET", "/v1/availability", 200, query="?" + nights)
    service.ask("GET", "/v1/availability", 200, query=f"?{nights}&partners=none")
    service.ask("GET", "/v1/availability", 422, query=f"?{nights}&partners=some")
    service.ask("GET", "/v1/availability", 422)

    keyed = {"Idempotency-Key": "answers-1"}
    made, headers = service.ask("POST", "/v1/bookings", 201, fields=keyed, json_body=booking())
    expect(headers["location"] == f"/v1/bookings/{made['id']}", f"Location: {headers['location']}")
    _, repeated = service.ask("POST", "/v1/bookings", 201, fields=keyed, json_body=booking())
    expect(repeated.get("idempotency-replayed") == "true", "a repeat is not marked")
    service.ask("POST", "/v1/bookings", 422, fields=keyed, json_body=booking("102"))
    service.ask("POST", "/v1/bookings", 400, fields={"Idempotency-Key": "a b"}, json_body=booking())
    service.ask("POST", "/v1/bookings", 409, json_body=booking())
    service.ask("POST", "/v1/bookings", 422, json_body={"guest": {}})
    service.ask("POST", "/v1/bookings", 400, json_body="{")
    service.ask("POST", "/v1/bookings", 415, fields={"Content-Type": "text/plain"}, json_body="{}")
    service.ask("POST", "/v1/bookings", 415, fields={"Content-Encoding": "gzip"}, json_body="{}")
    service.ask("POST", "/v1/bookings", 413, json_body=booking(padding="x" * 70_000))
    for number in range(2):
        service.ask("POST", "/v1/bookings", 201, json_body=booking("102", 20 + 3 * number))

    page, headers = service.ask("GET", "/v1/bookings", 200, query="?limit=1")
    expect("next" in page and "link" in headers, "a page that is not the last says nothing of the next")
    service.ask("GET", "/v1/bookings", 200, query=f"?limit=100&cursor={page['next']}")
    service.ask("GET", "/v1/bookings", 200, query="?room=101")
    service.ask("GET", "/v1/bookings", 422, query="?limit=0&cursor=x&room=%20")

    one = {"id": made["id"]}
    nobody = {"id": "0123456789abcdefghjkmnpqrs"}
    _, headers = service.ask("GET", "/v1/bookings/{id}", 200, one)
    service.ask("GET", "/v1/bookings/{id}", 304, one, fields={"If-None-Match": headers["etag"]})
    service.ask("GET", "/v1/bookings/{id}", 404, nobody)
    service.ask("DELETE", "/v1/bookings/{id}", 428, one)
    service.ask("DELETE", "/v1/bookings/{id}", 400, one, fields={"If-Match": "1"})
    service.ask("DELETE", "/v1/bookings/{id}", 412, one, fields={"If-Match": '"7"'})
    service.ask("DELETE", "/v1/bookings/{id}", 404, nobody, fields={"If-Match": "*"})
    service.ask("DELETE", "/v1/bookings/{id}", 200, one, fields={"If-Match": headers["etag"]})

    for path, methods in service.contract["paths"].items():
        for method, operation in methods.items():
            if "security" in operation:
                service.ask(method.upper(), path, 401, {"id": "101"}, keyless=True)
                service.ask(method.upper(), path, 403, {"id": "101"}, key=service.other_key)

    # At the end, since nothing else is answered after that.
    fields = {"Authorization": "Bearer " + service.key}
    use_up(service, "/v1/rooms", fields)
    for path, methods in service.contract["paths"].items():
        for method, operation in methods.items():
            if "security" in operation:
                service.ask(method.upper(), path, 429, {"id": "101"})
    use_up(service, "/", {})
    for path, methods in service.contract["paths"].items():
        for method, operation in methods.items():
            if "security" not in operation:
                limited = path not in ("/livez", "/readyz")
                expect(limited == ("429" in operation["responses"]), f"{method.upper()} {path}: whether it is limited")
                service.ask(method.upper(), path, 429 if limited else 200, {"name": "none"}, keyless=True)


def use_up(service, target, fields):
    for _ in range(2_000):
        status, _, _ = service.exchange("GET", target, fields, None)
        if status == 429:
            return
    faults.append(f"{target} is never refused")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--key", required=True)
    arguments.add_argument("--other-key", required=True, help="one that opens none of the operations")
    given = arguments.parse_args()
    service = Service(given.port, given.key, given.other_key)
    openapi_spec_validator.validate(service.contract)
    service.examples()
    ask_everything(service)
    # Of a store that fails, which this one does not.
    left_out = {"503", "default"}
    for path, methods in service.contract["paths"].items():
        for method, operation in methods.items():
            seen = asked.get((method.upper(), path), set())
            missing = set(operation["responses"]) - seen - left_out
            expect(not missing, f"{method.upper()} {path} was never answered with {', '.join(sorted(missing))}")
    for fault in faults:
        print(f"FAILED: {fault}", file=sys.stderr)
    print(f"{len(asked)} operations, {sum(map(len, asked.values()))} kinds of answers, each as the document says")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
