"""As much C# as Http11Probe's suites are written in: expressions, lambdas, patterns, and the few statements of their bodies.

The cases are read from a checkout and interpreted, so what is sent and what counts as right is what its authors wrote.
Whatever is not understood raises `Unknown`, and its case is counted as not run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Callable


class Unknown(Exception):
    """C# that this does not know."""


class Return(Exception):
    def __init__(self, value: Any) -> None:
        self.value = value


@dataclass
class Instance:
    """An object that an initialiser made."""

    type: str
    members: dict[str, Any]

    def get(self, name: str, default: Any = None) -> Any:
        return self.members.get(name, default)


_TOKEN = re.compile(
    r"""
    (?P<space>\s+|//[^\n]*)
  | (?P<interpolated>\$")
  | (?P<string>"(?:[^"\\]|\\.)*")
  | (?P<char>'(?:[^'\\]|\\.[0-9A-Fa-f]*)')
  | (?P<number>0x[0-9A-Fa-f]+|\d[\d_]*)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<operator>=>|\?\?|\?\.|\?\[|==|!=|<=|>=|&&|\|\||\+=|\+\+|\.\.|[-+*/%<>=!?:;,.(){}\[\]^])
    """,
    re.VERBOSE,
)
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "\\": "\\", '"': '"', "'": "'", "b": "\b"}


def _unescape(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        body = match[1]
        if body[0] == "x":
            return chr(int(body[1:], 16))
        if body[0] == "u":
            return chr(int(body[1:], 16))
        return _SIMPLE[body]

    return re.sub(r"\\(x[0-9A-Fa-f]{1,4}|u[0-9A-Fa-f]{4}|.)", one, text)


def tokens(source: str) -> list[tuple[str, Any]]:
    """Kinds and values. An interpolated string is a list of texts and token lists."""
    found: list[tuple[str, Any]] = []
    at = 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        if not match:
            raise Unknown(source[at : at + 30])
        at = match.end()
        kind = match.lastgroup
        if kind == "space":
            continue
        if kind == "interpolated":
            parts: list[Any] = []
            text = ""
            while source[at] != '"':
                if source[at] == "\\":
                    escape = re.compile(r"\\(x[0-9A-Fa-f]{1,4}|u[0-9A-Fa-f]{4}|.)").match(source, at)
                    assert escape
                    text += _unescape(escape[0])
                    at = escape.end()
                elif source[at : at + 2] in ("{{", "}}"):
                    text += source[at]
                    at += 2
                elif source[at] == "{":
                    end = source.index("}", at)
                    parts += [text, tokens(source[at + 1 : end])]
                    text, at = "", end + 1
                else:
                    text += source[at]
                    at += 1
            at += 1
            found.append(("interpolated", [*parts, text]))
        elif kind == "string":
            found.append(("string", _unescape(match[0][1:-1])))
        elif kind == "char":
            found.append(("string", _unescape(match[0][1:-1])))
        elif kind == "number":
            found.append(("number", int(match[0].replace("_", ""), 0)))
        else:
            assert kind
            found.append((kind, match[0]))
    return found


Scope = dict[str, Any]
Expression = Callable[[Scope], Any]


class Parser:
    """Makes closures of tokens: `expression()` gives a function of the variables."""

    def __init__(self, source: list[tuple[str, Any]]) -> None:
        self._tokens = source
        self._at = 0

    # Looking

    def peek(self, offset: int = 0) -> Any:
        at = self._at + offset
        return self._tokens[at][1] if at < len(self._tokens) and self._tokens[at][0] in ("operator", "name") else None

    def kind(self) -> str | None:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else None

    def take(self, expected: str | None = None) -> Any:
        if self._at >= len(self._tokens):
            raise Unknown("the end")
        kind, value = self._tokens[self._at]
        if expected is not None and (kind not in ("operator", "name") or value != expected):
            raise Unknown(f"{value!r} instead of {expected!r}")
        self._at += 1
        return value

    def accept(self, *texts: str) -> bool:
        if all(self.peek(offset) == text for offset, text in enumerate(texts)):
            self._at += len(texts)
            return True
        return False

    # Expressions, from loose to tight

    def expression(self) -> Expression:
        if lambda_ := self._lambda():
            return lambda_
        condition = self._coalesce()
        if self.peek() == "?" :
            self.take()
            then = self.expression()
            self.take(":")
            other = self.expression()
            return lambda scope: then(scope) if condition(scope) else other(scope)
        return condition

    def _lambda(self) -> Expression | None:
        start = self._at
        names: list[str] = []
        if self.kind() == "name" and self.peek(1) == "=>":
            names = [self.take()]
        elif self.peek() == "(":
            end = start + 1
            while self._tokens[end][0] == "name" or self._tokens[end][1] == ",":
                end += 1
            if self._tokens[end][1] != ")" or end + 1 >= len(self._tokens) or self._tokens[end + 1][1] != "=>":
                return None
            names = [value for kind, value in self._tokens[start + 1 : end] if kind == "name"]
            self._at = end + 1
        else:
            return None
        self.take("=>")
        if self.peek() == "{":
            body = self.block()

            def run(scope: Scope, *arguments: Any) -> Any:
                try:
                    body({**scope, **dict(zip(names, arguments))})
                except Return as returned:
                    return returned.value
                return None

            return lambda scope: lambda *arguments: run(scope, *arguments)
        value = self.expression()
        return lambda scope: lambda *arguments: value({**scope, **dict(zip(names, arguments))})

    def _coalesce(self) -> Expression:
        first = self._or()
        if not self.accept("??"):
            return first
        other = self._coalesce()

        def run(scope: Scope) -> Any:
            value = first(scope)
            return other(scope) if value is None else value

        return run

    def _or(self) -> Expression:
        parts = [self._and()]
        while self.accept("||"):
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else lambda scope: any(part(scope) for part in parts)

    def _and(self) -> Expression:
        parts = [self._compared()]
        while self.accept("&&"):
            parts.append(self._compared())
        return parts[0] if len(parts) == 1 else lambda scope: all(part(scope) for part in parts)

    def _compared(self) -> Expression:
        left = self._sum()
        while True:
            if self.accept("is"):
                value, pattern = left, self._pattern()
                left = lambda scope, value=value, pattern=pattern: pattern(scope, value(scope))  # noqa: E731
            elif self.peek() in _COMPARE:
                compare, first = _COMPARE[self.take()], left
                second = self._sum()
                left = lambda scope, c=compare, a=first, b=second: c(a(scope), b(scope))  # noqa: E731
            else:
                return left

    def _pattern(self) -> Callable[[Scope, Any], bool]:
        parts = [self._conjunction()]
        while self.accept("or"):
            parts.append(self._conjunction())
        return lambda scope, value: any(part(scope, value) for part in parts)

    def _conjunction(self) -> Callable[[Scope, Any], bool]:
        parts = [self._relation()]
        while self.accept("and"):
            parts.append(self._relation())
        return lambda scope, value: all(part(scope, value) for part in parts)

    def _relation(self) -> Callable[[Scope, Any], bool]:
        if self.accept("not"):
            inner = self._relation()
            return lambda scope, value: not inner(scope, value)
        if self.accept("("):
            inner = self._pattern()
            self.take(")")
            return inner
        if self.peek() in ("<", ">", "<=", ">="):
            compare = _COMPARE[self.take()]
            bound = self._sum()
            return lambda scope, value: compare(value, bound(scope))
        constant = self._sum()
        return lambda scope, value: value == constant(scope)

    def _sum(self) -> Expression:
        left = self._unary()
        while self.peek() in ("+", "-"):
            plus, first, second = self.take() == "+", left, self._unary()

            def run(scope: Scope, plus: bool = plus, first: Expression = first, second: Expression = second) -> Any:
                a, b = first(scope), second(scope)
                if not plus:
                    return a - b
                return text(a) + text(b) if isinstance(a, str) or isinstance(b, str) else a + b

            left = run
        return left

    def _unary(self) -> Expression:
        if self.accept("!"):
            inner = self._unary()
            return lambda scope: not inner(scope)
        return self._postfix(self._primary())

    def _postfix(self, value: Expression) -> Expression:
        while True:
            if self.peek() in (".", "?."):
                optional = self.take() == "?."
                name = self.take()
                arguments = self._arguments() if self.peek() == "(" else None
                value = _member(value, name, arguments, optional)
            elif self.peek() == "[":
                self.take()
                index = None if self.peek() == ".." else self._index()
                if self.accept(".."):
                    end = None if self.peek() == "]" else self._index()
                    value = lambda scope, v=value, i=index, e=end: v(scope)[  # noqa: E731
                        i(scope) if i else None : e(scope) if e else None
                    ]
                else:
                    assert index
                    value = lambda scope, v=value, i=index: v(scope)[i(scope)]  # noqa: E731
                self.take("]")
            elif self.peek() == "(":
                arguments = self._arguments()
                value = lambda scope, v=value, a=arguments: v(scope)(*[one(scope) for one in a])  # noqa: E731
            else:
                return value

    def _index(self) -> Expression:
        """`^1` is the last but none: -1."""
        if self.accept("^"):
            number = self._unary()
            return lambda scope: -number(scope)
        return self.expression()

    def _arguments(self) -> list[Expression]:
        self.take("(")
        found = []
        while not self.accept(")"):
            found.append(self._out() if self.accept("out") else self.expression())
            self.accept(",")
        return found

    def _out(self) -> Expression:
        """A place that the callee fills: a function that sets the variable."""
        self.accept("var")
        name = self.take()
        return lambda scope: lambda value: scope.__setitem__(name, value)

    def _primary(self) -> Expression:
        kind = self.kind()
        if kind in ("string", "number"):
            constant = self.take()
            return lambda scope: constant
        if kind == "interpolated":
            parts = [part if isinstance(part, str) else Parser(part).expression() for part in self.take()]
            return lambda scope: "".join(part if isinstance(part, str) else text(part(scope)) for part in parts)
        if self.accept("("):
            inner = self.expression()
            self.take(")")
            return inner
        if self.accept("["):
            elements = []
            while not self.accept("]"):
                elements.append(self.expression())
                self.accept(",")
            return lambda scope: [element(scope) for element in elements]
        if self.accept("new"):
            return self._new()
        name = self.take()
        if not isinstance(name, str) or kind != "name":
            raise Unknown(repr(name))
        if name in _CONSTANTS:
            return lambda scope: _CONSTANTS[name]

        def variable(scope: Scope) -> Any:
            if name in scope:
                return scope[name]
            raise Unknown(name)

        return variable

    def _new(self) -> Expression:
        type_ = self.take()
        if self.accept("["):
            count = self.expression()
            self.take("]")
            return lambda scope: [0] * count(scope)
        arguments = self._arguments() if self.peek() == "(" else []
        members: list[tuple[str, Expression]] = []
        if self.accept("{"):
            while not self.accept("}"):
                name = self.take()
                self.take("=")
                members.append((name, self.lazily()))
                self.accept(",")

        def make(scope: Scope) -> Any:
            if type_ == "string":
                return arguments[0](scope) * arguments[1](scope)
            if type_ == "StringBuilder":
                return Builder()
            if type_ == "Random":
                return Noise(arguments[0](scope))
            return Instance(type_, {name: value(scope) for name, value in members})

        return make

    def lazily(self) -> Expression:
        """An expression; one that is not understood is `Unknown` only when it is asked for."""
        start = self._at
        try:
            return self.expression()
        except Unknown as unknown:
            self._at, depth, why = start, 0, unknown
            while depth or self.peek() not in (",", "}"):
                depth += {"(": 1, "{": 1, "[": 1, ")": -1, "}": -1, "]": -1}.get(self.peek() or "", 0)
                self.take()
            return lambda scope: why

    # Statements

    def block(self) -> Expression:
        self.take("{")
        statements = []
        while not self.accept("}"):
            statements.append(self.statement())

        def run(scope: Scope) -> None:
            for statement in statements:
                statement(scope)

        return run

    def statement(self) -> Expression:
        if self.peek() == "{":
            return self.block()
        if self.accept("return"):
            value = self.expression()
            self.take(";")

            def leave(scope: Scope) -> None:
                raise Return(value(scope))

            return leave
        if self.accept("if"):
            self.take("(")
            condition = self.expression()
            self.take(")")
            then = self.statement()
            other = self.statement() if self.accept("else") else None

            def choose(scope: Scope) -> None:
                if condition(scope):
                    then(scope)
                elif other:
                    other(scope)

            return choose
        if self.accept("for"):
            self.take("(")
            self.take("var")
            name = self.take()
            self.take("=")
            first = self.expression()
            self.take(";")
            condition = self.expression()
            self.take(";")
            self.take(name)
            self.take("++")
            self.take(")")
            body = self.statement()

            def repeat(scope: Scope) -> None:
                scope[name] = first(scope)
                while condition(scope):
                    body(scope)
                    scope[name] += 1

            return repeat
        self.accept("const")
        if (self.peek() in ("var", "string", "int")) or (self.peek() == "byte" and self.accept("byte", "[", "]")):
            if self.peek() in ("var", "string", "int"):
                self.take()
            name = self.take()
            self.take("=")
            value = self.expression()
            self.take(";")

            def declare(scope: Scope) -> None:
                scope[name] = value(scope)

            return declare
        value = self.expression()
        self.take(";")
        return value


class Builder:
    """StringBuilder."""

    def __init__(self) -> None:
        self._text = ""

    def Append(self, more: Any) -> Builder:
        self._text += text(more)
        return self

    def ToString(self) -> str:
        return self._text


class Noise:
    """Random: other bytes than .NET's, and the same in each run."""

    def __init__(self, seed: int) -> None:
        import random

        self._random = random.Random(seed)

    def NextBytes(self, into: list[int]) -> None:
        into[:] = self._random.randbytes(len(into))


def text(value: Any) -> str:
    return "" if value is None else str(value)


def _ascii(value: str) -> list[int]:
    return [byte if byte < 128 else 63 for byte in (ord(c) if ord(c) < 128 else 63 for c in value)]


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    # What is compared with null is false.
    "<": lambda a, b: a is not None and a < b,
    ">": lambda a, b: a is not None and a > b,
    "<=": lambda a, b: a is not None and a <= b,
    ">=": lambda a, b: a is not None and a >= b,
}
_CONSTANTS: dict[str, Any] = {"null": None, "true": True, "false": False}

_STRING: dict[str, Callable[..., Any]] = {
    "Contains": lambda s, what, how=None: (what.lower() in s.lower()) if how == "IgnoreCase" else what in s,
    "StartsWith": lambda s, what, how=None: s.startswith(what),
    "EndsWith": lambda s, what, how=None: s.endswith(what),
    "Any": lambda s, test: any(test(c) for c in s),
    "All": lambda s, test: all(test(c) for c in s),
    "Trim": lambda s, *what: s.strip("".join(what) or None),
    "TrimEnd": lambda s, *what: s.rstrip("".join(what) or None),
    "Equals": lambda s, what, how=None: s.lower() == what.lower() if how == "IgnoreCase" else s == what,
    "ToString": lambda s, *_: s,
    "Replace": lambda s, a, b: s.replace(a, b),
}


def _copy(source: list[int], into: list[int], at: int) -> None:
    into[at : at + len(source)] = source


_BYTES: dict[str, Callable[..., Any]] = {
    "CopyTo": _copy,
    "Concat": lambda a, b: a + b,
    "ToArray": lambda a: a,
    "Select": lambda a, f: [f(one) for one in a],
    "Any": lambda a, f: any(f(one) for one in a),
    "All": lambda a, f: all(f(one) for one in a),
}


def _member(owner: Expression, name: str, arguments: list[Expression] | None, optional: bool) -> Expression:
    def run(scope: Scope) -> Any:
        value = owner(scope)
        if value is None and optional:
            return None
        given = [argument(scope) for argument in arguments or []]
        if isinstance(value, str) and name in _STRING:
            return _STRING[name](value, *given)
        if isinstance(value, (str, list)) and name == "Length" or isinstance(value, list) and name == "Count":
            return len(value)
        if isinstance(value, list) and name in _BYTES:
            return _BYTES[name](value, *given)
        if isinstance(value, int) and name == "ToString":
            return format(value, given[0]) if given else str(value)
        if isinstance(value, dict):
            if name == "ContainsKey":
                return given[0].lower() in value
            if name == "TryGetValue":
                given[1](value.get(given[0].lower()))
                return given[0].lower() in value
            if name not in value:
                raise Unknown(name)
            found = value[name]
        elif hasattr(value, name):
            found = getattr(value, name)
        else:
            raise Unknown(f"{name} of {type(value).__name__}")
        return found(*given) if arguments is not None else found

    return run
