#!/usr/bin/env python3
"""Sends Http11Probe's cases to servers and judges the answers as Http11Probe does, where there is no .NET to run itself.

    python3 Benchmarks/Http11Probe/probe.py CHECKOUT [--port N | --servers panal,nginx,go] [--case ID …] [--markdown FILE]

CHECKOUT is a clone of https://github.com/MDA2AV/Http11Probe: its suites are read and interpreted (csharp.py), so nothing of them is
kept here. What it cannot interpret is counted as not run. With --port a server that already runs on 127.0.0.1 is asked.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import select
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterator

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "HttpArena"))
import csharp
from csharp import Instance, Parser, Unknown

SUITES = ("Compliance", "Smuggling", "MalformedInput", "Normalization", "Cookie", "Capabilities")
READ_TIMEOUT = 5.0


# The answer, and what became of the connection: RawTcpClient and ResponseParser.

OPEN, CLOSED, TIMED_OUT, ERROR = "Open", "ClosedByServer", "TimedOut", "Error"


def parse(data: bytes) -> dict[str, Any] | None:
    text = "".join(chr(byte) if byte < 128 else "?" for byte in data)
    line, found, _ = text.partition("\n")
    parts = line.rstrip("\r").split(" ", 2)
    if not found or len(parts) < 2 or not re.fullmatch(r"[-+]?\d+", parts[1]):
        return None
    fields: dict[str, str] = {}
    for line in text.split("\n")[1:]:
        line = line.rstrip("\r")
        if not line:
            break
        name, colon, value = line.partition(":")
        if colon and name:
            name = name.strip().lower()
            fields[name] = f"{fields[name]}, {value.strip()}" if name in fields else value.strip()
    _, end, body = text.partition("\r\n\r\n")
    return {
        "StatusCode": int(parts[1]),
        "Headers": fields,
        "Body": (body[:4096] or None) if end else None,
        "RawResponse": text[:8192],
        "HttpVersion": parts[0],
    }


class Client:
    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), READ_TIMEOUT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        self._socket.close()

    def send(self, payload: bytes) -> None:
        self._socket.settimeout(READ_TIMEOUT)
        self._socket.sendall(payload)

    def read(self) -> tuple[bytes, str]:
        deadline = time.monotonic() + READ_TIMEOUT
        data = b""
        try:
            while b"\r\n\r\n" not in data and len(data) < 65536:
                self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
                piece = self._socket.recv(65536 - len(data))
                if not piece:
                    return data, CLOSED
                data += piece
            time.sleep(0.1)
            while len(data) < 65536 and select.select([self._socket], [], [], 0)[0]:
                piece = self._socket.recv(65536 - len(data))
                if not piece:
                    break
                data += piece
            return data, OPEN
        except TimeoutError:
            return data, TIMED_OUT
        except OSError:
            return data, CLOSED

    def state(self) -> str:
        try:
            if select.select([self._socket], [], [], 0)[0]:
                return OPEN if self._socket.recv(1, socket.MSG_PEEK) else CLOSED
            return OPEN
        except OSError:
            return CLOSED


# What the suites call, beside the language.

def _effective_body(response: dict[str, Any]) -> str:
    raw = response["Body"] or ""
    if "chunked" not in response["Headers"].get("transfer-encoding", "").lower():
        return raw.rstrip("\r\n")
    body, rest = "", raw
    while rest:
        size, found, rest = rest.partition("\r\n")
        try:
            count = int(size.partition(";")[0].strip(), 16)
        except ValueError:
            return raw.rstrip("\r\n")
        if not found or not count:
            break
        body, rest = body + rest[:count], rest[count + 2 :]
    return body


def _echo(expected: str) -> Any:
    def judge(response: dict[str, Any] | None, state: str) -> str:
        if response is None or not 200 <= response["StatusCode"] < 300:
            return "Fail"
        return "Pass" if _effective_body(response) in (expected, "OK") else "Fail"

    return judge


def _parsed(*pairs: str) -> Any:
    def judge(response: dict[str, Any] | None, state: str) -> str:
        if response is None:
            return "Warn" if state == CLOSED else "Fail"
        if response["StatusCode"] in (400, 404):
            return "Warn"
        if 200 <= response["StatusCode"] < 300:
            return "Pass" if all(pair in (response["Body"] or "") for pair in pairs) else "Fail"
        return "Fail"

    return judge


def _echoed(body: str) -> Iterator[tuple[str, list[str]]]:
    names: dict[str, list[str]] = {}
    for line in body.split("\n"):
        name, colon, value = line.partition(":")
        if colon and name:
            names.setdefault(name, []).append(value.lstrip().rstrip("\r"))
    yield from names.items()


def _normalized(standard: str, sent: str, probe: str, *, case: bool = False) -> Any:
    """Whether a name that is not the standard one was made it: then what stands before the server and it disagree."""

    def judge(response: dict[str, Any] | None, state: str) -> str:
        if response is None:
            return "Pass" if state == CLOSED else "Fail"
        if response["StatusCode"] >= 400:
            return "Pass"
        if not 200 <= response["StatusCode"] < 300:
            return "Fail"
        fields = [name for name, values in _echoed(response["Body"] or "") if probe.lower() in map(str.lower, values)]
        if case:
            for name in fields:
                if name == sent or name.lower() == standard.lower():
                    return "Warn" if name == sent else "Fail"
            return "Pass"
        if any(
            name == standard and name != sent or name.lower() == standard.lower() != sent.lower() for name in fields
        ):
            return "Fail"
        return "Warn" if any(name.lower() == sent.lower() for name in fields) else "Pass"

    return judge


class _Range:
    """StatusCodeRange."""

    @staticmethod
    def Exact(code: int) -> range:
        return range(code, code + 1)

    @staticmethod
    def Range(first: int, last: int) -> range:
        return range(first, last + 1)

    Range2xx = range(200, 300)
    Range4xx = range(400, 500)
    Range4xxOr5xx = range(400, 600)


def _is_date(value: str, form: str, *rest: Any) -> bool:
    try:
        time.strptime(value, "%a, %d %b %Y %H:%M:%S GMT")
        return True
    except ValueError:
        return False


def _header(step: dict[str, Any], name: str) -> str | None:
    response = step["Response"]
    return response["Headers"].get(name.lower()) if response else None


_bytes = {
    "GetBytes": csharp._ascii,
    "GetByteCount": len,
    "GetString": lambda data: bytes(data).decode("ascii", "replace"),
}
WORLD: dict[str, Any] = {
    "MakeRequest": csharp._ascii,
    "Encoding": {"ASCII": _bytes, "UTF8": {"GetBytes": lambda s: list(s.encode()), "GetByteCount": lambda s: len(s.encode())}},
    "TestVerdict": {name: name for name in ("Pass", "Fail", "Warn", "Skip", "Error")},
    "ConnectionState": {name: name for name in (OPEN, CLOSED, TIMED_OUT, ERROR)},
    "TestCategory": {name: name for name in ("Compliance", "Smuggling", "MalformedInput", "Normalization", "Cookies", "Capabilities")},
    "RfcLevel": {name: name for name in ("Must", "Should", "May", "OughtTo", "NotApplicable")},
    "StatusCodeRange": _Range,
    "StringComparison": {"OrdinalIgnoreCase": "IgnoreCase", "Ordinal": None},
    "string": {"Join": lambda by, parts: by.join(parts), "IsNullOrEmpty": lambda s: not s, "IsNullOrWhiteSpace": lambda s: not (s or "").strip()},
    "Enumerable": {"Range": lambda first, count: list(range(first, first + count))},
    "TimeSpan": {"FromMilliseconds": lambda n: n / 1000, "FromSeconds": lambda n: n, "Zero": 0},
    "DateTime": {"TryParseExact": _is_date},
    "System": {"Globalization": {"CultureInfo": {"InvariantCulture": None}, "DateTimeStyles": {"None": None}}},
    "GetEffectiveBody": _effective_body,
    "IsStaticResponse": lambda body: body == "OK",
    "GetHeader": _header,
    "Truncate": lambda s: s[:40],
    "CountHttpStatusLines": lambda raw: len(re.findall(r"HTTP/\d\.\d \d\d\d", raw or "")),
    "EchoValidator": _echo,
    "MakeParsedValidator": _parsed,
    "MakeValidator": _normalized,
    "MakeCaseValidator": lambda standard, sent, probe: _normalized(standard, sent, probe, case=True),
}
# What is told beside a verdict is left out.
for name in ("EchoAnalyzer", "MakeAnalyzer", "MakeCaseAnalyzer", "MakeParsedAnalyzer", "AnalyzeClTeBoth", "AnalyzeDuplicateCl", "AnalyzeTeWithClFallback"):
    WORLD[name] = lambda *_: None


@dataclass
class Case:
    id: str
    category: str
    level: str
    scored: bool
    rfc: str
    description: str
    made: Instance
    problem: str = ""


@dataclass
class Outcome:
    verdict: str
    seen: str = ""


def read_cases(checkout: Path) -> list[Case]:
    """All cases of a checkout, in their order.

    Raises:
        SystemExit: when this is no checkout.
    """
    folder = checkout / "src/Http11Probe/TestCases/Suites"
    if not folder.is_dir():
        sys.exit(f"{checkout} is no clone of https://github.com/MDA2AV/Http11Probe: there is no {folder}")
    cases = []
    for suite in SUITES:
        source = (folder / f"{suite}Suite.cs").read_text()
        for piece in re.split(r"yield return (?=new )", source)[1:]:
            identifier = re.search(r'Id = "([^"]+)"', piece)
            try:
                # Up to the statement's end: the object that is made.
                made = Parser(csharp.tokens(piece[: _end(piece)])).expression()(dict(WORLD))
                problem = ""
            except Unknown as unknown:
                made, problem = Instance("", {}), f"not interpreted: {unknown}"
            cases.append(
                Case(
                    id=identifier[1] if identifier else "?",
                    category=text_of(made, "Category"),
                    level=text_of(made, "RfcLevel", "Must"),
                    scored=bool(made.get("Scored", True)),
                    rfc=text_of(made, "RfcReference"),
                    description=text_of(made, "Description"),
                    made=made,
                    problem=problem,
                )
            )
    return cases


def text_of(made: Instance, name: str, default: str = "") -> str:
    value = made.get(name, default)
    return value if isinstance(value, str) else default


def _end(piece: str) -> int:
    """Where the object's initialiser ends: the first line that is only its closing brace and a semicolon."""
    found = re.search(r"^        \};", piece, re.MULTILINE)
    if not found:
        raise Unknown("no end")
    return found.start() + 9


def run(case: Case, port: int) -> Outcome:
    """Sends a case and judges what comes."""
    if case.problem:
        return Outcome("NotRun", case.problem)
    # A port of one length for all servers: where a case counts bytes, Host is among them.
    context = {"HostHeader": f"localhost:{port}", "Host": "localhost", "Port": port}
    client = Client(port)
    try:
        if case.made.type == "SequenceTestCase":
            return _run_sequence(case, client, context)
        payload = bytes(case.made.get("PayloadFactory")(context))
        with contextlib.suppress(OSError):
            client.send(payload)
        data, state = client.read()
        response = parse(data)
        if state == OPEN:
            time.sleep(0.05)
            state = client.state()
        return Outcome(_judge(case.made.get("Expected"), response, state), _seen(response, state))
    except (Unknown, TypeError) as unknown:
        return Outcome("NotRun", f"not interpreted: {unknown}")
    finally:
        client.close()


def _judge(expected: Instance, response: dict[str, Any] | None, state: str) -> str:
    validator = expected.get("CustomValidator")
    if isinstance(validator, Unknown):
        raise validator
    if validator is not None:
        return str(validator(response, state))
    if expected.get("ExpectedConnectionState") == state:
        return "Pass"
    closes = expected.get("AllowConnectionClose", False)
    if response is None:
        return "Pass" if closes else "Fail"
    return "Pass" if response["StatusCode"] in (expected.get("ExpectedStatus") or ()) else "Fail"


def _run_sequence(case: Case, client: Client, context: dict[str, Any]) -> Outcome:
    steps: list[dict[str, Any]] = []
    state = OPEN
    for step in case.made.get("Steps"):
        if state != OPEN:
            steps.append({"Executed": False, "Response": None, "ConnectionState": state})
            continue
        if factory := step.get("SendPartsFactory"):
            parts = [(bytes(part.get("PayloadFactory")(context)), part.get("DelayAfter", 0)) for part in factory(context)]
        elif factory := step.get("DynamicPayloadFactory"):
            parts = [(bytes(factory(context, steps)), 0)]
        else:
            parts = [(bytes(step.get("PayloadFactory")(context)), 0)]
        for payload, pause in parts:
            try:
                client.send(payload)
            except OSError:
                state = CLOSED
                break
            if pause:
                time.sleep(pause)
                if client.state() != OPEN:
                    state = CLOSED
                    break
        data, read = client.read()
        state = read if state == OPEN else state
        if state == OPEN:
            time.sleep(0.05)
            state = client.state()
        steps.append({"Executed": True, "Response": parse(data), "ConnectionState": state})
    validator = case.made.get("Validator")
    if isinstance(validator, Unknown):
        raise validator
    return Outcome(str(validator(steps)), ", ".join(_seen(step["Response"], step["ConnectionState"]) for step in steps))


def _seen(response: dict[str, Any] | None, state: str) -> str:
    status = str(response["StatusCode"]) if response else "nothing"
    return status + {OPEN: "", CLOSED: ", closed", TIMED_OUT: ", silence"}.get(state, "")


@dataclass
class Card:
    """What a server got."""

    name: str
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    def count(self, cases: list[Case], verdict: str) -> int:
        return sum(case.scored and self.outcomes[case.id].verdict == verdict for case in cases)


def ask(name: str, port: int, cases: list[Case]) -> Card:
    # Many wait for a silence of five seconds: side by side, a few at a time.
    with ThreadPoolExecutor(8) as pool:
        outcomes = pool.map(lambda case: run(case, port), cases)
        return Card(name, dict(zip((case.id for case in cases), outcomes)))


def report(cases: list[Case], cards: list[Card]) -> str:
    lines = ["| | " + " | ".join(card.name for card in cards) + " |", "|---|" + "---|" * len(cards)]
    categories = list(dict.fromkeys(case.category for case in cases if case.scored))
    for category in categories:
        members = [case for case in cases if case.category == category and case.scored]
        cells = [f"{card.count(members, 'Pass')} of {len(members)}" for card in cards]
        lines.append(f"| {category}, passed | " + " | ".join(cells) + " |")
    for verdict, words in (("Pass", "**passed**"), ("Warn", "allowed, but lenient"), ("Fail", "failed"), ("NotRun", "not run")):
        lines.append(f"| {words} | " + " | ".join(str(card.count(cases, verdict)) for card in cards) + " |")
    differing = [
        case for case in cases if any(card.outcomes[case.id].verdict in ("Fail", "Error", "NotRun") for card in cards) and case.scored
    ]
    lines += ["", "| case | " + " | ".join(card.name for card in cards) + " |", "|---|" + "---|" * len(cards)]
    for case in differing:
        cells = []
        for card in cards:
            outcome = card.outcomes[case.id]
            cells.append(f"{outcome.verdict.lower()}: {outcome.seen}")
        lines.append(f"| `{case.id}` ({case.rfc or case.level}) {case.description} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--port", type=int, help="a server that runs")
    parser.add_argument("--servers", default="panal,nginx,go")
    parser.add_argument("--case", action="append", help="only this one; tells what was seen")
    parser.add_argument("--markdown", type=Path)
    arguments = parser.parse_args()
    cases = read_cases(arguments.checkout)
    if arguments.case:
        cases = [case for case in cases if case.id in arguments.case]
    cards = []
    if arguments.port:
        cards.append(ask("server", arguments.port, cases))
    else:
        import contestants

        for name in arguments.servers.split(","):
            with contestants.serving(name) as server:
                cards.append(ask(server.title, server.port, cases))
                print(f"{server.title}: {cards[-1].count(cases, 'Pass')} passed", file=sys.stderr)
    if arguments.case:
        for case in cases:
            for card in cards:
                print(case.id, case.level, case.rfc, card.name, card.outcomes[case.id].verdict, card.outcomes[case.id].seen)
        return 0
    commit = subprocess.run(["git", "-C", arguments.checkout, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    text = f"{len(cases)} cases of Http11Probe {commit.stdout.strip()}, {sum(case.scored for case in cases)} of them scored.\n\n" + report(cases, cards)
    if arguments.markdown:
        arguments.markdown.write_text(text)
    print(text)
    return int(cards[0].count(cases, "Fail") > 0)


if __name__ == "__main__":
    sys.exit(main())
