"""The figures as pictures, drawn by hand as SVG: CPU per request, a group of bars for each workload; and how much of the
ideal rate handlers reach that wait, a group for each number of workers and threads."""

from __future__ import annotations

from html import escape
from statistics import median

from report import Machine, Sample, of, servers_in
from servers import OURS, OURS_WAITING
from waiting import SHAPES, WaitingSample, shares
from workloads import WAIT_MILLISECONDS, WORKLOADS

WIDTH = 860
LEFT = 190
RIGHT = 130
BAR = 18
GAP = 5
GROUP_HEAD = 44

STYLE = """
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600; font-size: 15px }
.note { fill: #57606a; font-size: 11px }
.bar { fill: #8c959f }
.ours { fill: #d4920b }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .note { fill: #9198a1 } .bar { fill: #6e7681 } }
"""


def draw(samples: list[Sample], machine: Machine) -> str:
    """CPU per request of every server under every workload that was measured, cheapest first."""
    parts: list[str] = []
    y = 34
    for workload in WORKLOADS:
        rows = sorted(_rows(samples, workload.name))
        if not rows:
            continue
        parts.append(f'<text class="title" x="16" y="{y}">{escape(workload.title)}</text>')
        parts.append(f'<text class="note" x="16" y="{y + 16}">CPU µs per request (user + system, all processes)</text>')
        y += GROUP_HEAD - 16
        largest = max(cpu for cpu, *_ in rows)
        for cpu, server, title, rate in rows:
            parts.append(_bar(y, cpu / largest, f"{cpu:.1f}", f"{rate:,.0f}/s", title, server == OURS))
            y += BAR + GAP
        y += GROUP_HEAD - 10
    return _picture(parts, y, machine)


def draw_waiting(samples: list[WaitingSample], machine: Machine) -> str:
    """The share of the ideal rate of every server by workers × threads, for both kinds of clients."""
    parts: list[str] = []
    found, titles = shares(samples), {sample.server: sample.title for sample in samples}
    y = 34
    for workers, threads in SHAPES:
        clients = workers * threads
        for kind, note in (("keep-alive", "keep their connections"), ("one-shot", "connect for each request")):
            shape = f"{workers}×{threads}"
            rows = [(server, found[server, shape, kind]) for server in titles if (server, shape, kind) in found]
            if not rows:
                continue
            title = f"{_count(workers, 'worker')} × {_count(threads, 'thread')}"
            parts.append(f'<text class="title" x="16" y="{y}">{title}</text>')
            note = f"{clients} clients that {note}; a handler waits {WAIT_MILLISECONDS} ms; % of the ideal rate"
            parts.append(f'<text class="note" x="16" y="{y + 16}">{note}</text>')
            y += GROUP_HEAD - 16
            for server, share in rows:
                rate = f"{share * clients * 1000 / WAIT_MILLISECONDS:.1f}/s"
                parts.append(_bar(y, share, f"{share * 100:.1f} %", rate, titles[server], server == OURS_WAITING))
                y += BAR + GAP
            y += GROUP_HEAD - 10
    return _picture(parts, y, machine)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def _picture(parts: list[str], y: int, machine: Machine) -> str:
    parts.append(f'<text class="note" x="16" y="{y}">{escape(f"{machine.processor}, one core per server")}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 16}" width="{WIDTH}" height="{y + 16}">\n'
        f"<style>{STYLE}</style>\n" + "\n".join(parts) + "\n</svg>\n"
    )


def _rows(samples: list[Sample], workload: str) -> list[tuple[float, str, str, float]]:
    rows = []
    for server in servers_in(samples, workload):
        mine = of(samples, workload, server)
        cpu, rate = (median(values) for values in zip(*((s.cpu_micros, s.requests_per_second) for s in mine)))
        rows.append((cpu, server, mine[0].title, rate))
    return rows


def _bar(y: int, share: float, value: str, note: str, title: str, is_ours: bool) -> str:
    width = max(1.0, share * (WIDTH - LEFT - RIGHT))
    middle = y + BAR - 5
    return (
        f'<text x="{LEFT - 8}" y="{middle}" text-anchor="end">{escape(title)}</text>'
        f'<rect class="{"ours" if is_ours else "bar"}" x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR}" rx="2"/>'
        f'<text x="{LEFT + width + 6:.1f}" y="{middle}">{value} '
        f'<tspan class="note">{note}</tspan></text>'
    )
