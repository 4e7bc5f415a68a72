"""What comes out: samples, their medians, tables, and the same as JSON."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Callable

from footprint import Figure
from load import LoadResult
from partners import AT_LEAST, PARTNERS, PartnersSample, shares as partner_shares
from servers import OURS, OURS_WAITING, Server, ours as ours_in
from waiting import SHAPES, WaitingSample, shares
from workloads import WAITING, WORKLOADS, Workload


@dataclass(frozen=True)
class Machine:
    """Where it was measured, and with which servers."""

    processor: str
    cores: int
    kernel: str
    versions: dict[str, str]

    @staticmethod
    def read(servers: list[Server]) -> Machine:
        info = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.partition(":")[2].strip() for line in info if line.startswith("model name")), "")
        return Machine(
            processor=model or platform.machine(),
            cores=len(os.sched_getaffinity(0)),
            kernel=platform.release(),
            versions={server.name: server.version() for server in servers},
        )

    def line(self) -> str:
        versions = ", ".join(f"{name} {version}".strip() for name, version in self.versions.items())
        return f"{self.processor}, {self.cores} cores, Linux {self.kernel}; {versions}"


@dataclass(frozen=True)
class Sample:
    """One server under one workload in one round."""

    workload: str
    server: str
    title: str
    round: int
    requests: int
    requests_per_second: float
    cpu_micros: float
    """User and system time of the whole process tree per answered request, in microseconds."""
    p50: float
    """Latencies are milliseconds."""
    p99: float
    p999: float
    pss_megabytes: float
    errors: dict[str, int]

    @staticmethod
    def of(
        workload: Workload, server: Server, number: int, result: LoadResult, cpu: float, pss: int, errors: dict[str, int]
    ) -> Sample:
        return Sample(
            workload=workload.name,
            server=server.name,
            title=server.title,
            round=number,
            requests=result.requests,
            requests_per_second=result.requests / result.seconds if result.seconds else 0,
            cpu_micros=cpu * 1e6 / result.requests if result.requests else float("inf"),
            p50=result.p50,
            p99=result.p99,
            p999=result.p999,
            pss_megabytes=pss / 2**20,
            errors={kind: count for kind, count in errors.items() if count},
        )

    @property
    def error_count(self) -> int:
        return sum(self.errors.values())

    def line(self) -> str:
        marks = "".join(f", {count} {kind} ERRORS" for kind, count in self.errors.items())
        return f"{self.title}: {self.requests_per_second:.0f}/s, {self.cpu_micros:.1f} µs CPU{marks}"


def of(samples: list[Sample], workload: str, server: str) -> list[Sample]:
    """The samples of one server under one workload."""
    return [sample for sample in samples if sample.workload == workload and sample.server == server]


def servers_in(samples: list[Sample], workload: str) -> list[str]:
    """The servers that took part, in the order of the list of servers."""
    return list(dict.fromkeys(sample.server for sample in sorted(samples, key=lambda sample: sample.round)
                              if sample.workload == workload))


def ratio(
    samples: list[Sample], workload: str, server: str, figure: Callable[[Sample], float] = lambda s: s.cpu_micros
) -> float | None:
    """Ours over a server's: the median of the ratios of the rounds, so that a slow minute of the machine cancels out."""
    theirs = {sample.round: figure(sample) for sample in of(samples, workload, server)}
    ratios = [
        figure(sample) / theirs[sample.round]
        for sample in of(samples, workload, ours_in(workload))
        if theirs.get(sample.round)
    ]
    return median(ratios) if ratios else None


def _inverse(value: float | None) -> float | None:
    return 1 / value if value else None


def table(workload: Workload, samples: list[Sample]) -> str:
    """The medians of a workload, the cheapest server first, with ratios to ours."""
    rows = []
    for server in servers_in(samples, workload.name):
        mine = of(samples, workload.name, server)
        errors = sum(sample.error_count for sample in mine)
        cpu = median(s.cpu_micros for s in mine)
        rows.append((cpu, [
            mine[0].title,
            f"{median(s.requests_per_second for s in mine):,.0f}",
            f"{cpu:.1f}",
            f"{median(s.p50 for s in mine):.2f}",
            f"{median(s.p99 for s in mine):.2f}",
            f"{median(s.p999 for s in mine):.2f}",
            f"{median(s.pss_megabytes for s in mine):.1f}",
            f"{errors} !" if errors else "0",
            _times(ratio(samples, workload.name, server)),
            _times(ratio(samples, workload.name, server, lambda s: s.requests_per_second)),
        ]))
    head = ["server", "requests/s", "CPU µs/req", "p50 ms", "p99 ms", "p99.9 ms", "PSS MB", "errors",
            "ours÷its CPU", "ours÷its req/s"]
    return f"\n{workload.title} ({workload.name})\n" + _columns(head, [row for _, row in sorted(rows)])


def footprint_table(figures: list[Figure]) -> str:
    """The memory and start-up figures."""
    rows = [[figure.title, figure.what, _plain(figure.value), figure.unit] for figure in figures]
    return "\nFootprint\n" + _columns(["server", "figure", "median", ""], rows)


def waiting_table(samples: list[WaitingSample]) -> str:
    """The share of the ideal rate by workers × threads: medians of the rounds in percent; the slowest answer."""
    found = shares(samples)
    columns = [(f"{workers}×{threads}", kind) for workers, threads in SHAPES for kind in ("keep-alive", "one-shot")]
    rows = []
    for server in dict.fromkeys(sample.server for sample in samples):
        mine = [sample for sample in samples if sample.server == server]
        errors = sum(sample.errors for sample in mine)
        values = [found.get((server, shape, kind)) for shape, kind in columns]
        rows.append([mine[0].title, *("" if value is None else f"{value * 100:.1f}" for value in values),
                     f"{max(sample.slowest for sample in mine):,.0f}", f"{errors} !" if errors else "0"])
    head = ["server", *(shape if kind == "keep-alive" else kind for shape, kind in columns), "slowest ms", "errors"]
    return f"\n{WAITING.title}: % of the ideal rate by workers × threads\n" + _columns(head, rows)


@dataclass(frozen=True)
class Reach:
    """A figure that ours should reach: at most so much, or at least."""

    what: str
    limit: float
    measured: float | None
    unit: str = ""
    is_at_least: bool = False

    @property
    def is_reached(self) -> bool:
        """Whether it was; false where nothing was measured."""
        if self.measured is None:
            return False
        return self.measured >= self.limit if self.is_at_least else self.measured <= self.limit


def reaches(
    samples: list[Sample], waits: list[WaitingSample], asking: list[PartnersSample], figures: list[Figure]
) -> str:
    """What should be reached, against what was."""
    rows = []
    for reach in _reaches(samples, waits, asking, figures):
        if reach.measured is not None:
            sign, verdict = "≥" if reach.is_at_least else "≤", "reached" if reach.is_reached else "MISSED"
            rows.append([reach.what, f"{sign} {reach.limit:g} {reach.unit}", _plain(reach.measured), verdict])
    return "\nReach\n" + _columns(["figure", "reach", "measured", ""], rows) if rows else ""


def _reaches(
    samples: list[Sample], waits: list[WaitingSample], asking: list[PartnersSample], figures: list[Figure]
) -> list[Reach]:
    ours = of(samples, "room", OURS)
    peers = [ratio(samples, "room", server) for server in servers_in(samples, "room") if server != OURS]
    return [
        Reach("plaintext, CPU per request: ours ÷ nginx", 0.85, ratio(samples, "plaintext", "nginx")),
        Reach("plaintext: ours with 16 threads ÷ with one", 1.03, ratio(samples, "plaintext", "panal-1-thread")),
        *(Reach(f"{name}: CPU per request, with metrics ÷ without", 1.03, _inverse(ratio(samples, name, "panal-ops")))
          for name in ("telemetry", "telemetry-1", "telemetry-512")),
        Reach("plaintext, one connection: ours ÷ C loop", 1.35, ratio(samples, "plaintext-1", "c-loop")),
        Reach("plaintext, 32 connections: ours ÷ C loop", 1.2, ratio(samples, "plaintext", "c-loop")),
        Reach("with access logs on: ours ÷ nginx", 0.9, ratio(samples, "logged", "nginx")),
        Reach("plaintext, CPU per request: ours ÷ Go", 0.6, ratio(samples, "plaintext", "go")),
        Reach("room by id, CPU per request", 15, median(s.cpu_micros for s in ours) if ours else None, "µs"),
        Reach("a call to another service: ours ÷ Go", 1, ratio(samples, "call", "go")),
        Reach("room by id: ours ÷ cheapest peer", 0.4, max((peer for peer in peers if peer), default=None)),
    ] + [
        Reach(f"a handler that waits, {shape} {kind}: of the ideal rate", 95, share * 100, "%", is_at_least=True)
        for (server, shape, kind), share in shares(waits).items() if server == OURS_WAITING
    ] + [
        Reach(f"{PARTNERS} partners, {shape}: of the ideal rate", AT_LEAST, share * 100, "%", is_at_least=True)
        for shape, share in partner_shares(asking).items()
    ] + [Reach(figure.what, figure.at_most, figure.value, figure.unit)
         for figure in figures if figure.server in (OURS, OURS_WAITING) and figure.at_most is not None]


def document(
    machine: Machine,
    rounds: int,
    seconds: int,
    samples: list[Sample],
    waits: list[WaitingSample],
    asking: list[PartnersSample],
    figures: list[Figure],
) -> str:
    """Everything that was measured, as JSON: settings, every sample, ratios, handlers that wait, footprint."""
    ratios = {
        workload.name: {
            server: ratio(samples, workload.name, server)
            for server in servers_in(samples, workload.name) if server != ours_in(workload.name)
        }
        for workload in WORKLOADS
    }
    return json.dumps({
        "machine": asdict(machine),
        "rounds": rounds,
        "seconds_per_round": seconds,
        "samples": [asdict(sample) for sample in samples],
        "cpu_ratios_ours_to_theirs": {name: found for name, found in ratios.items() if found},
        "waiting": [asdict(wait) for wait in waits],
        "partners": [asdict(sample) for sample in asking],
        "footprint": [asdict(figure) for figure in figures],
        "reach": [asdict(reach) for reach in _reaches(samples, waits, asking, figures)],
    }, indent=2, ensure_ascii=False) + "\n"


def _times(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _plain(value: float) -> str:
    """Two decimals, and never minus nothing."""
    return f"{round(value, 2) + 0.0:.2f}"


def _columns(head: list[str], rows: list[list[str]]) -> str:
    """Plain text columns: words to the left, figures to the right."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    is_text = [not any(row[column][:1].isdigit() for row in rows) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if text else cell.rjust(width) for cell, width, text in zip(row, widths, is_text)
        ).rstrip()
        for row in [head, ["-" * width for width in widths], *rows]
    ) + "\n"
