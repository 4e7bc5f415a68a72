"""Proofs of Kevin Hoffman's three more: API first, telemetry, authentication and authorisation."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import own
from factor import NotProven, require
from stage import Stage, eventually, keep
from wire import ask

KEY = "factors-0123456789abcdef"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"

#: A line of Prometheus' text format: a name, perhaps labels, a number, perhaps a time.
SAMPLE = re.compile(
    r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*\})? '
    r"([-+]?(?:[0-9.]+(?:[eE][-+]?[0-9]+)?|Inf)|NaN)( [0-9]+)?$"
)


def api_first(stage: Stage) -> None:
    """The contract is a document, and it has every route."""
    if not stage.has_command("openapi"):
        raise NotProven("the release has no command `openapi`")
    document = json.loads(stage.task("openapi", settings={}, folder=stage.folder()))
    require(str(document.get("openapi", "")).startswith("3."), "it is no OpenAPI document", "mend `openapi`")
    require(
        all(document.get("info", {}).get(key) for key in ("title", "version")),
        "it has no title or version",
        "mend `openapi`",
    )
    routes = stage.task("routes", settings={}, folder=stage.folder())
    paths = document.get("paths", {})
    declared = {(verb.upper(), re.sub(r"\{[^}]*\}", "{}", path)) for path, verbs in paths.items() for verb in verbs}
    listed = set(re.findall(r"^(\S+)\s+(/\S*)", routes, re.MULTILINE))
    missing = sorted(f"{verb} {path}" for verb, path in listed if (verb, re.sub(r"\{[^}]*\}", "{}", path)) not in declared)
    require(
        listed and not missing, f"routes that the contract does not have: {missing[:3]}", "declare their operations"
    )
    operations = [
        (path, verb, operation)
        for path, verbs in paths.items()
        for verb, operation in verbs.items()
        if isinstance(operation, dict)
    ]
    silent = [
        f"{verb} {path}" for path, verb, operation in operations if verb in VERBS and not operation.get("responses")
    ]
    require(not silent, f"operations without answers: {silent[:3]}", "declare what they answer")
    stage.did(f"`openapi` writes OpenAPI {document['openapi']} with all {len(listed)} routes of `routes`")


VERBS = {"get", "put", "post", "delete", "patch", "head", "options"}


def telemetry(stage: Stage) -> None:
    """It can be watched: health, metrics, traces."""
    service = stage.serve({"OPS_PORT": "0"})
    ops = next((int(event["port"]) for event in service.events if "ops" in event["message"] and "port" in event), None)
    require(ops, "with OPS_PORT=0 it names no port of operations", "read OPS_PORT")
    assert ops
    for port in (service.port, ops):
        for path in ("/livez", "/readyz"):
            require(
                eventually(lambda port=port, path=path: ask(port, "GET", path).status == 200),
                f"{path} does not say 200",
                "look at the log",
            )
    stage.did("/livez and /readyz say 200, on the public port and on that of operations")
    before = _requests(_scrape(ops))
    keep(service.port, 4)
    for number in range(9):
        ask(service.port, "GET", f"/nowhere/{number}")
    require(
        eventually(lambda: _requests(_scrape(ops)) >= before + 10),
        f"ten requests were made, {_requests(_scrape(ops)) - before} were counted",
        "count requests in http_server_request_duration_seconds",
    )
    stage.did(f"/metrics parses, line by line ({len(_scrape(ops))} samples), and counts each request")
    ask(service.port, "GET", "/nowhere/trace", fields={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})
    require(
        eventually(lambda: any(TRACE in line for line in list(service.lines))),
        "the caller's trace is not in the log",
        "carry traceparent (W3C Trace Context)",
    )
    stage.did("a caller's traceparent is carried: its trace id is in the log")


def _scrape(port: int) -> dict[str, float]:
    answer = ask(port, "GET", "/metrics")
    require(answer.status == 200, f"/metrics says {answer.status}", "set OPS_PORT")
    samples: dict[str, float] = {}
    for line in answer.body.decode().splitlines():
        if not line or line.startswith("#"):
            continue
        match = SAMPLE.match(line)
        require(match, f"/metrics has a line that is none: {line[:80]}", "write Prometheus' text format")
        assert match
        name = match[1] + (match[2] or "")
        require(name not in samples, f"{name} is there twice", "give each series a name of its own")
        samples[name] = float(match[3])
    return samples


def _requests(samples: dict[str, float]) -> float:
    return sum(
        value for name, value in samples.items() if name.startswith("http_server_request_duration_seconds_count")
    )


def auth(stage: Stage) -> None:
    """Who has no key gets nothing, and no key is ever told."""
    reader = KEY[::-1]
    entries = ",".join(
        f"{name}={scopes}:sha256:{hashlib.sha256(key.encode()).hexdigest()}"
        for name, scopes, key in (("writer", "read+write", KEY), ("reader", "read", reader))
    )
    service = stage.serve({"API_KEYS": entries, "OPS_PORT": "0", "LOG_LEVEL": "trace"})
    path, body = own.record(5)
    for fields in ({}, {"Authorization": "Bearer wrong-0123456789abcdef"}, {"Authorization": f"Basic {KEY}"}):
        answer = ask(service.port, "POST", path, body, fields)
        require(
            answer.status == 401,
            f"POST {path} without a good key is answered {answer.status}",
            "admit its group by API key",
        )
        require("www-authenticate" in answer.fields, "401 does not say how to authenticate", "send WWW-Authenticate")
        require(
            "problem+json" in answer.fields.get("content-type", ""), "401 is no problem document", "answer RFC 9457"
        )
    stage.did(f"POST {path} without a key, with a wrong one, in the wrong scheme: 401, and how to ask")
    place, kept = keep(service.port, 5, {"Authorization": f"Bearer {KEY}"})
    good = ask(service.port, "GET", place, fields={"Authorization": f"Bearer {KEY}"})
    require(good.status == 200 and good.json == kept, f"with the key it is {good.status}", "look at the log")
    require(ask(service.port, "GET", place).status == 401, f"GET {place} needs no key", "admit its group by API key")
    stage.did("with the key: 201, then 200")
    known = {"Authorization": f"Bearer {reader}"}
    may, must_not = ask(service.port, "GET", place, fields=known), ask(service.port, "POST", path, body, known)
    require(may.status == 200, f"a key with the scope read reads nothing ({may.status})", "look at the log")
    require(must_not.status == 403, f"a key with the scope read writes ({must_not.status})", "ask for the scope write")
    stage.did("with a key that only reads: 200, and 403 to a POST")
    shown = stage.task("config", settings=service.settings, folder=service.folder)
    titles = "".join(Path(f"/proc/{pid}/cmdline").read_text(encoding="latin-1") for pid in service.processes)
    said = "\n".join(service.lines) + service.errors
    for text, where in ((said, "its log"), (shown, "`config`"), (titles, "its process titles")):
        require(KEY not in text, f"the key is in {where}", "show secrets to nobody")
    require(service.stop() == 0, "it did not stop gracefully", "look at its log")
    require(KEY not in "\n".join(service.lines), "the key is in its log", "show secrets to nobody")
    stage.did("the key is in no line of the log at its finest level, nor in `config`, nor in a process title")
    blank = stage.run("serve", settings={**service.settings, "API_KEYS": " "})
    require(blank.returncode == 78, f"a key that says nothing opens the door ({blank.returncode})", "make it a fault")
    stage.did("API_KEYS that say nothing: exit code 78")
