"""A lock that somebody else holds is waited for by writers, and by nobody else."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing

from crowd import Ask, Replies
from scenario import Scenario
from trial import Trial

WRITERS = 20
READERS = 10
#: Seconds within which 99 of 100 reads are answered, and all.
LIMIT = 0.02
LONGEST = 0.1
WRITE = Ask("/notes", "POST", '{"name":"drill-{n}"}')
READ = Ask("/notes/none")
LIVE = Ask("/livez")


class ForeignLock(Scenario):
    """Another process holds SQLite's write lock while many clients write: reads must not notice."""

    name = "foreign-lock"
    title = f"another process locks the database for 8 s, {WRITERS} clients write"
    promise = f"reads: 99 of 100 within {LIMIT * 1000:.0f} ms, none over {LONGEST * 1000:.0f} ms, keep-alive or not"
    workers = 2
    on_fixture = True

    def run(self, trial: Trial) -> None:
        crowds = [trial.crowd(WRITERS, WRITE, pause=0.02)]
        crowds += [trial.crowd(READERS, READ, LIVE, pause=0.05, one_shot=one_shot) for one_shot in (False, True)]
        seconds = trial.pick(8, 3)
        trial.pause(1)
        with closing(sqlite3.connect(trial.stage.database, timeout=10, isolation_level=None)) as lock:
            lock.execute("BEGIN IMMEDIATE")
            began = time.monotonic()
            trial.did(f"the database is locked for {seconds} s")
            trial.pause(seconds)
            ended = time.monotonic()
            lock.execute("ROLLBACK")
        trial.did("the lock is gone")
        trial.pause(1)
        writes, keep_alive, one_shot = (trial.dismiss(crowd) for crowd in crowds)
        self._judge_reads(trial, "on kept connections", keep_alive.between(began, ended))
        self._judge_reads(trial, "on new connections", one_shot.between(began, ended))
        honest = [reply for reply in writes.all if reply.status == 201 or reply.status == 503 and reply.retry_after]
        wrong = len(writes) - len(honest)
        trial.check(wrong == 0, f"each write is answered by 201, or by 503 with Retry-After ({wrong} are not)")
        before, after = (writes.with_status(201).where(test) for test in (
            lambda reply: reply.sent_at < began, lambda reply: reply.sent_at + reply.seconds > ended,
        ))  # fmt: skip
        has_both = len(before) > 0 and len(after) > 0
        trial.check(has_both, f"there are writes before and after ({len(before)}, {len(after)})")
        refused = writes.with_status(503)
        trial.note(f"writes refused meanwhile: {refused.waits}")

    def _judge_reads(self, trial: Trial, which: str, reads: Replies) -> None:
        for target, status in ((READ.target, 404), (LIVE.target, 200)):
            asked = reads.of(target)
            right = asked.with_status(status)
            what = f"GET {target} {which}"
            wrong = len(asked) - len(right)
            trial.check(len(asked) > 0 and wrong == 0, f"{what}: each answer is right ({wrong} are not)")
            p99, longest = asked.percentile(99), asked.longest
            trial.check(p99 <= LIMIT and longest <= LONGEST, f"{what}: within the limits ({asked.waits})")
