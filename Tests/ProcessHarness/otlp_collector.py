"""A collector of traces for tests: it takes OTLP over HTTP in JSON, decodes it with OpenTelemetry's own messages, and tells what
it has got.

It prints its port when it is ready, and ends when its descriptor 3 does.

POST /v1/traces     takes spans, in the way that was last asked for
POST /mode/NAME     how: ok, away (503), limited (429 with Retry-After: 1), broken (400), partial (rejects one), silent
GET /spans          all spans that were taken, as JSON
GET /faults         what was wrong with what came, as JSON
GET /requests       how many requests came to /v1/traces, by mode, as JSON
any /hook           204; GET /hooks tells the fields of those requests
"""
import base64
import http.server
import json
import os
import threading

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

lock = threading.Lock()
spans, faults, hooks, requests = [], [], [], {}
mode = "ok"
ended = threading.Event()

LENGTHS = {"traceId": 32, "spanId": 16, "parentSpanId": 16}


def with_base64_ids(value):
    """OTLP's JSON has ids in hex, protobuf's in base64; all else is protobuf's."""
    if isinstance(value, list):
        return [with_base64_ids(element) for element in value]
    if not isinstance(value, dict):
        return value
    result = {}
    for key, member in value.items():
        if key in LENGTHS:
            if len(member) != LENGTHS[key]:
                raise ValueError(f"{key} has {len(member)} digits")
            member = base64.b64encode(bytes.fromhex(member)).decode()
        else:
            member = with_base64_ids(member)
        result[key] = member
    return result


def plain(value):
    kind = value.WhichOneof("value")
    content = getattr(value, kind)
    return str(content) if kind == "int_value" else content


def decode(body, fields):
    message = json_format.Parse(json.dumps(with_base64_ids(json.loads(body))), ExportTraceServiceRequest())
    found = []
    for group in message.resource_spans:
        resource = {a.key: plain(a.value) for a in group.resource.attributes}
        for scope in group.scope_spans:
            for span in scope.spans:
                if span.end_time_unix_nano < span.start_time_unix_nano:
                    raise ValueError(f"{span.name} ends before it begins")
                found.append({
                    "service": resource.get("service.name"),
                    "resource": resource,
                    "trace": span.trace_id.hex(),
                    "id": span.span_id.hex(),
                    "parent": span.parent_span_id.hex(),
                    "state": span.trace_state,
                    "name": span.name,
                    "kind": int(span.kind),
                    "start": str(span.start_time_unix_nano),
                    "end": str(span.end_time_unix_nano),
                    "status": int(span.status.code),
                    "attributes": {a.key: plain(a.value) for a in span.attributes},
                    "authorization": fields.get("authorization", ""),
                })
    return found


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status, body=b"", *fields):
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        with lock:
            found = {"/spans": spans, "/faults": faults, "/hooks": hooks, "/requests": requests}.get(self.path)
            body = json.dumps(found).encode()
        self.answer(200 if found is not None else 404, body)

    def do_POST(self):
        global mode
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fields = {name.lower(): value for name, value in self.headers.items()}
        if self.path.startswith("/mode/"):
            mode = self.path[6:]
            return self.answer(204)
        if self.path == "/hook":
            with lock:
                hooks.append(fields)
            return self.answer(204)
        now = mode
        with lock:
            requests[now] = requests.get(now, 0) + 1
        if self.path != "/v1/traces" or fields.get("content-type") != "application/json":
            with lock:
                faults.append(f"{self.path} {fields}")
            return self.answer(404)
        if now == "silent":
            ended.wait()
        elif now == "away":
            self.answer(503)
        elif now == "limited":
            self.answer(429, b"", ("Retry-After", "1"))
        elif now == "broken":
            self.answer(400)
        else:
            response = ExportTraceServiceResponse()
            try:
                found = decode(body, fields)
                if now == "partial":
                    found = found[1:]
                    response.partial_success.CopyFrom(ExportTracePartialSuccess(rejected_spans=1, error_message="one too many"))
                with lock:
                    spans.extend(found)
            except Exception as error:
                with lock:
                    faults.append(repr(error))
            self.answer(200, json_format.MessageToJson(response).encode())


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
os.read(3, 1)
ended.set()
