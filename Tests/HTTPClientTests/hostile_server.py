"""A server that does what servers should not. What it does is in the path of a request; see `answer`.

It prints one line of JSON with its ports when it is ready, and ends when its descriptor 3 does.
"""
import gzip
import json
import os
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time
import urllib.parse
import warnings
import zlib

warnings.simplefilter("ignore")
counts = {}
lock = threading.Lock()
ended = threading.Event()


def head(status="200 OK", *fields):
    return ("HTTP/1.1 " + status + "\r\n" + "".join(f + "\r\n" for f in fields) + "\r\n").encode()


def plain(body, status="200 OK", *fields):
    if isinstance(body, str):
        body = body.encode()
    return head(status, f"Content-Length: {len(body)}", *fields) + body


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def hang(connection):
    """Until the other side has had enough."""
    try:
        while not ended.is_set() and connection.recv(4096):
            pass
    except OSError:
        pass


def drip(connection, data, pause):
    for byte in data:
        connection.sendall(bytes([byte]))
        if ended.wait(pause):
            return


def bomb():
    """64 MiB of zeros, compressed."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(1 << 20)
    data = b"".join(packer.compress(zeros) for _ in range(64))
    return data + packer.flush()


# Made before anybody asks for it: that takes longer than who asks may wait.
BOMB = bomb()


def counted(key):
    with lock:
        counts[key] = counts.get(key, 0) + 1
        return counts[key]


def answer(connection, method, path, fields, body, number):
    """Returns whether the connection goes on."""
    path, _, query = path.partition("?")
    parts = path.strip("/").split("/")
    name = parts[0]
    send = connection.sendall
    if name == "ok":
        send(plain(b'{"name":"ok"}', "200 OK", "Content-Type: application/json"))
        return True
    if name == "kilobyte":
        send(plain(json.dumps({"name": "x" * 1000}), "200 OK", "Content-Type: application/json"))
        return True
    if name == "bytes":
        send(plain(b"x" * int(parts[1])))
        return True
    if name == "echo":
        send(plain(json.dumps({
            "method": method, "path": path, "query": query, "fields": fields, "body": body.decode("latin-1"),
            "connection": number,
        }), "200 OK", "Content-Type: application/json"))
        return True
    if name == "head-only":
        send(head("200 OK", "Content-Length: 100000000"))
        return True
    if name == "count":
        with lock:
            number = counts.get(parts[1], 0)
        send(plain(str(number)))
        return True
    if name == "status":
        send(plain(parts[2] if len(parts) > 2 else "no", parts[1] + " As asked"))
        return True
    if name == "problem":
        send(plain('{"title":"It is sold out","detail":"Room 7"}', "409 Conflict", "Content-Type: application/problem+json"))
        return True
    if name == "after":  # after/<key>/<seconds>/<times>: 503 so often, with Retry-After
        if counted(parts[1]) <= int(parts[3]):
            send(plain("later", "503 Service Unavailable", "Retry-After: " + parts[2]))
        else:
            send(plain("now"))
        return True
    if name == "flaky":  # flaky/<key>/<times>/<status>
        if counted(parts[1]) <= int(parts[2]):
            send(plain("not yet", parts[3] + " Not yet"))
        else:
            send(plain("now"))
        return True
    if name == "cut":  # cut/<key>/<times>: closed without an answer
        if counted(parts[1]) <= int(parts[2]):
            return False
        send(plain("now"))
        return True
    if name == "cut-kept":  # answers the first request of a connection, and closes it at the next
        counted(parts[1])
        if number["requests"] > 1:
            return False
        send(plain("once"))
        return True
    if name == "slow":  # slow/<milliseconds>
        ended.wait(int(parts[1]) / 1000)
        send(plain("slow"))
        return True
    if name == "redirect":
        send(plain("", parts[1] + " There", "Location: " + query))
        return True
    if name == "loop":
        send(plain("", "302 Found", "Location: /loop/" + str(counted("loop"))))
        return True
    if name == "gzip":
        data = gzip.compress(b'{"name":"' + b"z" * 5000 + b'"}')
        send(plain(data, "200 OK", "Content-Encoding: gzip", "Content-Type: application/json"))
        return True
    if name == "interim":
        send(head("103 Early Hints", "Link: </a>") + plain("then"))
        return True
    if name == "trailers":
        send(head("200 OK", "Transfer-Encoding: chunked") + b"5\r\nhello\r\n0\r\nX-Sum: 5\r\n\r\n")
        return True

    if name == "hang":
        hang(connection)
    elif name == "hang-in-status":
        send(b"HTTP/1.")
        hang(connection)
    elif name == "hang-in-head":
        send(b"HTTP/1.1 200 OK\r\nX-One: two\r\nX-Thr")
        hang(connection)
    elif name == "hang-in-body":
        send(head("200 OK", "Content-Length: 100") + b"x" * 10)
        hang(connection)
    elif name == "drip-head":
        drip(connection, b"HTTP/1.1 200 OK\r\n" + b"X-Fill: y\r\n" * 1000, 0.02)
    elif name == "drip-body":
        send(head("200 OK", "Content-Length: 100000"))
        drip(connection, b"x" * 100000, 0.05)
    elif name == "close":
        pass
    elif name == "reset":
        reset(connection)
    elif name == "reset-in-head":
        send(b"HTTP/1.1 200 OK\r\nX-One: two\r\n")
        time.sleep(0.05)
        reset(connection)
    elif name == "reset-in-body":
        send(head("200 OK", "Content-Length: 100") + b"x" * 10)
        time.sleep(0.05)
        reset(connection)
    elif name == "close-in-head":
        send(b"HTTP/1.1 200 OK\r\nX-One: tw")
    elif name == "short":
        send(head("200 OK", "Content-Length: 100") + b"x" * 10)
    elif name == "cut-chunks":
        send(head("200 OK", "Transfer-Encoding: chunked") + b"64\r\nxxxx")
    elif name == "bad-chunks":
        send(head("200 OK", "Transfer-Encoding: chunked") + b"zz\r\nxxxx\r\n0\r\n\r\n")
    elif name == "negative-length":
        send(head("200 OK", "Content-Length: -5") + b"hello")
    elif name == "two-lengths":
        send(head("200 OK", "Content-Length: 5", "Content-Length: 6") + b"hello!")
    elif name == "word-length":
        send(head("200 OK", "Content-Length: many") + b"hello")
    elif name == "huge-length":
        send(head("200 OK", "Content-Length: 10000000000") + b"hello")
        hang(connection)
    elif name == "absurd-length":
        send(head("200 OK", "Content-Length: 99999999999999999999999999") + b"hello")
    elif name == "endless":
        send(head("200 OK", "Transfer-Encoding: chunked"))
        while not ended.is_set():
            send(b"10000\r\n" + b"x" * 65536 + b"\r\n")
    elif name == "endless-close":
        send(head("200 OK"))
        while not ended.is_set():
            send(b"x" * 65536)
    elif name == "endless-head":
        send(b"HTTP/1.1 200 OK\r\n")
        while not ended.is_set():
            send(b"X-Fill: " + b"y" * 1000 + b"\r\n")
    elif name == "endless-line":
        send(b"HTTP/1.1 200 OK\r\nX-Fill: ")
        while not ended.is_set():
            send(b"y" * 65536)
    elif name == "endless-interim":
        while not ended.is_set():
            send(b"HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n")
    elif name == "endless-trailers":
        send(head("200 OK", "Transfer-Encoding: chunked") + b"5\r\nhello\r\n0\r\n")
        while not ended.is_set():
            send(b"X-Fill: " + b"y" * 1000 + b"\r\n")
    elif name == "bomb":
        send(head("200 OK", "Content-Encoding: gzip") + BOMB)
    elif name == "bad-gzip":
        send(plain(b"this is not gzip at all", "200 OK", "Content-Encoding: gzip"))
    elif name == "unasked-coding":
        send(plain(b"this is no known coding", "200 OK", "Content-Encoding: zip-zap"))
    elif name == "garbage":
        send(os.urandom(4096))
    elif name == "old":
        send(b"<html>hello</html>")
    elif name == "no-status":
        send(b"HTTP/1.1 OK\r\nContent-Length: 0\r\n\r\n")
    elif name == "status-line":  # status-line?<line, percent-encoded>
        send(urllib.parse.unquote(query).encode() + b"\r\nContent-Length: 0\r\n\r\n")
    elif name == "nul":
        send(b"HTTP/1.1 200 OK\r\nX-Nul: a\0b\r\nContent-Length: 0\r\n\r\n")
    elif name == "switching":
        send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nwhatever")
        hang(connection)
    else:
        send(plain("unknown", "404 Not Found"))
        return True
    return False


def serve(connection):
    number = {"id": counted("connections"), "requests": 0}
    try:
        buffer = b""
        while True:
            while b"\r\n\r\n" not in buffer:
                data = connection.recv(65536)
                if not data:
                    return
                buffer += data
            text, _, buffer = buffer.partition(b"\r\n\r\n")
            lines = text.decode("latin-1").split("\r\n")
            method, path, _ = lines[0].split(" ")
            fields = {}
            for line in lines[1:]:
                name, _, value = line.partition(":")
                fields[name.lower()] = value.strip()
            body = b""
            if fields.get("transfer-encoding") == "chunked":
                while True:
                    while b"\r\n" not in buffer:
                        buffer += connection.recv(65536)
                    size, _, buffer = buffer.partition(b"\r\n")
                    size = int(size, 16)
                    while len(buffer) < size + 2:
                        buffer += connection.recv(65536)
                    body += buffer[:size]
                    buffer = buffer[size + 2:]
                    if size == 0:
                        break
            else:
                length = int(fields.get("content-length", "0"))
                while len(buffer) < length:
                    buffer += connection.recv(65536)
                body, buffer = buffer[:length], buffer[length:]
            number["requests"] += 1
            if not answer(connection, method, path, fields, body, number):
                return
    except (OSError, ValueError):
        pass
    finally:
        try:
            connection.close()
        except OSError:
            pass


def listen(family=socket.AF_INET, address="127.0.0.1"):
    server = socket.socket(family, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((address, 0))
    server.listen(512)
    return server


def accept(server, context=None):
    def start(connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context is not None:
            try:
                connection = context.wrap_socket(connection, server_side=True)
            except OSError:
                return
        serve(connection)

    while True:
        connection, _ = server.accept()
        threading.Thread(target=start, args=(connection,), daemon=True).start()


def run(*arguments):
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def certificates(folder):
    """An authority, and certificates good and bad."""
    def path(name):
        return os.path.join(folder, name)
    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    run("openssl", "req", "-x509", *new, "-keyout", path("ca.key"), "-out", path("ca.pem"), "-days", "2",
        "-subj", "/CN=Test authority", "-addext", "basicConstraints=critical,CA:TRUE")
    for name, host, days in (("good", "localhost", "2"), ("wrong", "elsewhere.example", "2"), ("expired", "localhost", "-1")):
        run("openssl", "req", *new, "-keyout", path(name + ".key"), "-out", path(name + ".csr"), "-subj", "/CN=" + host)
        with open(path(name + ".ext"), "w") as file:
            file.write("subjectAltName=DNS:" + host + "\n")
        run("openssl", "x509", "-req", "-in", path(name + ".csr"), "-CA", path("ca.pem"), "-CAkey", path("ca.key"),
            "-CAcreateserial", "-days", days, "-extfile", path(name + ".ext"), "-out", path(name + ".pem"))
    run("openssl", "req", "-x509", *new, "-keyout", path("self.key"), "-out", path("self.pem"), "-days", "2",
        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")


def main():
    ports = {}
    listeners = []
    plain_server = listen()
    ports["plain"] = plain_server.getsockname()[1]
    listeners.append((plain_server, None))
    try:
        other = listen(socket.AF_INET6, "::1")
        ports["v6"] = other.getsockname()[1]
        listeners.append((other, None))
    except OSError:
        pass
    with tempfile.TemporaryDirectory() as folder:
        certificates(folder)
        contexts = {}
        for name in ("good", "wrong", "expired", "self"):
            contexts[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            contexts[name].load_cert_chain(os.path.join(folder, name + ".pem"), os.path.join(folder, name + ".key"))
        contexts["old"] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        contexts["old"].load_cert_chain(os.path.join(folder, "good.pem"), os.path.join(folder, "good.key"))
        contexts["old"].set_ciphers("ALL:@SECLEVEL=0")
        contexts["old"].maximum_version = ssl.TLSVersion.TLSv1_1
        contexts["old"].minimum_version = ssl.TLSVersion.TLSv1
        for name, context in contexts.items():
            server = listen()
            ports[name] = server.getsockname()[1]
            listeners.append((server, context))
        # Nobody accepts, and the backlog is full: a connection is not even refused.
        full = socket.socket()
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        ports["full"] = full.getsockname()[1]
        fillers = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
            fillers.append(filler)
        # Nobody accepts.
        silent = listen()
        ports["silent"] = silent.getsockname()[1]
        # Nobody listens.
        closed = listen()
        ports["closed"] = closed.getsockname()[1]
        closed.close()
        for server, context in listeners:
            threading.Thread(target=accept, args=(server, context), daemon=True).start()
        ports["authority"] = os.path.join(folder, "ca.pem")
        print(json.dumps(ports), flush=True)
        while os.read(3, 4096):
            pass
    ended.set()


main()
