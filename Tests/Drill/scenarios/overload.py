"""Ten times as many requests as the service can answer."""

from __future__ import annotations

import time
from typing import ClassVar

from crowd import Ask, Replies
from scenario import Scenario
from trial import Trial

HANDLER = 0.02
WORKERS = 2
THREADS = 4
#: Requests a second that workers and threads allow.
CAPACITY = WORKERS * THREADS / HANDLER
SLOW = Ask(f"/sleep/{HANDLER * 1000:.0f}")
#: Clients of the flood, which pause so long: ten times the capacity, as long as answers come at once.
CLIENTS = 600
PAUSE = CLIENTS / (10 * CAPACITY)
#: Seconds until a refusal; the part of the peak that must be left; clients that ask whether it lives.
LIMIT = 0.05
PART = 0.9
PROBES = 4


class Overload(Scenario):
    """A flood of short requests that wait: what can be answered is, the rest learns at once that it is not."""

    name = "overload"
    title = "ten times as many requests as it can answer"
    promise = f"goodput ≥ {PART * 100:.0f} % of the peak, refusals within {LIMIT * 1000:.0f} ms, probes never refused"
    workers = WORKERS
    settings: ClassVar[dict[str, str]] = {"WEB_THREADS": f"{THREADS}"}
    on_fixture = True

    def run(self, trial: Trial) -> None:
        seconds = trial.pick(8, 3)
        trial.did(f"{WORKERS * THREADS} clients: as many as can be answered")
        crowd = trial.crowd(WORKERS * THREADS, SLOW)
        began = time.monotonic() + 0.5
        trial.pause(seconds / 2 + 0.5)
        peak = _rate(trial.dismiss(crowd), began, began + seconds / 2)
        trial.note(f"peak {peak:.0f}/s, which is {peak / CAPACITY * 100:.0f} % of the ideal {CAPACITY:.0f}/s")

        trial.did(f"{CLIENTS} clients, some {10 * CAPACITY:.0f} requests a second")
        probes = trial.crowd(PROBES, Ask("/livez"), Ask("/readyz"), pause=0.05, one_shot=True)
        flood = [trial.crowd(CLIENTS // 2, SLOW, pause=PAUSE) for _ in range(2)]
        began = time.monotonic() + 1
        trial.pause(seconds + 1)
        ended = began + seconds
        probed = trial.dismiss(probes)
        replies = trial.dismiss(*flood)
        during = replies.between(began, ended)
        goodput, refused = _rate(replies, began, ended), during.with_status(503)
        offered = len(during) / seconds
        trial.note(f"offered {offered:.0f}/s, goodput {goodput:.0f}/s; answered: {during.with_status(204).waits}")
        part = goodput / max(peak, 1)
        trial.check(part >= PART, f"goodput is at least {PART * 100:.0f} % of the peak ({part * 100:.0f} %)")
        trial.check(len(refused) > 0, f"what is too much is refused ({len(refused)} × 503)")
        honest = sum(reply.retry_after.isdigit() for reply in refused.all)
        trial.check(honest == len(refused), f"each refusal has a Retry-After ({len(refused) - honest} have not)")
        late = sum(reply.wait > LIMIT for reply in refused.all)
        trial.check(late == 0, f"each refusal within {LIMIT * 1000:.0f} ms ({late} were later; {refused.waits})")
        other = len(replies) - len(replies.with_status(204, 503))
        trial.check(other == 0, f"nothing else is answered ({other} are)")
        bad = len(probed) - len(probed.with_status(200))
        trial.check(len(probed) > 0 and bad == 0, f"/livez and /readyz always say 200 ({bad} did not; {probed.waits})")


def _rate(replies: Replies, began: float, ended: float) -> float:
    """Right answers a second that came between two moments."""
    answers = replies.with_status(204).where(lambda reply: began <= reply.sent_at + reply.seconds < ended)
    return len(answers) / (ended - began)
