"""All scenarios, in the order in which the drill plays them."""

from __future__ import annotations

from scenario import Scenario

from scenarios.balancer import Balancer
from scenarios.bodies import Bodies
from scenarios.descriptors import Descriptors
from scenarios.final_stop import FinalStop
from scenarios.foreign_lock import ForeignLock
from scenarios.full_disk import FullDisk
from scenarios.idle_rolls import IdleRolls
from scenarios.kill_supervisor import KillSupervisor
from scenarios.kill_workers import KillWorkers
from scenarios.locked import Locked
from scenarios.mixed import Mixed
from scenarios.overload import Overload
from scenarios.partners import Partners
from scenarios.read_only import ReadOnly
from scenarios.recycle import Recycle
from scenarios.resize_storm import ResizeStorm
from scenarios.roll_storm import RollStorm
from scenarios.spread import Spread
from scenarios.stalled_log import StalledLog
from scenarios.stop_supervisor import StopSupervisor
from scenarios.stop_worker import StopWorker
from scenarios.stuck import Stuck
from scenarios.stuck_handler import StuckHandler
from scenarios.term_storm import TermStorm
from scenarios.upgrade import Upgrade

ALL: tuple[type[Scenario], ...] = (
    KillWorkers,
    KillSupervisor,
    TermStorm,
    FinalStop,
    RollStorm,
    ResizeStorm,
    Recycle,
    Upgrade,
    IdleRolls,
    Balancer,
    StopWorker,
    StopSupervisor,
    StuckHandler,
    Stuck,
    Mixed,
    Overload,
    Spread,
    Locked,
    ForeignLock,
    FullDisk,
    ReadOnly,
    Descriptors,
    StalledLog,
    Bodies,
    Partners,
)
