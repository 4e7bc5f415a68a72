import Testing

@testable import Prefork

@Suite("Processor budget")
struct ProcessorBudgetTests {
    struct System: CustomTestStringConvertible {
        var testDescription: String
        var affinity = 8
        var membership = "0::/\n"
        var files: [String: String]
        var processors: Double
        var memory: Int?
        var tasks: Int?
        var workers: Int
    }

    @Test(
        "the budget is the smallest limit on the way up",
        arguments: [
            System(
                testDescription: "no control group",
                membership: "",
                files: [:],
                processors: 8,
                workers: 8
            ),
            System(
                testDescription: "affinity alone",
                affinity: 2,
                files: ["/sys/fs/cgroup/cgroup.controllers": "cpu", "/sys/fs/cgroup/cpu.max": "max 100000\n"],
                processors: 2,
                workers: 2
            ),
            System(
                testDescription: "a container with one and a half processors and half a gigabyte",
                files: [
                    "/sys/fs/cgroup/cgroup.controllers": "cpu memory",
                    "/sys/fs/cgroup/cpu.max": "150000 100000\n",
                    "/sys/fs/cgroup/memory.max": "536870912\n",
                ],
                processors: 1.5,
                memory: 512 << 20,
                workers: 2
            ),
            System(
                testDescription: "the slice above is smaller than the service",
                membership: "0::/panal.slice/panal.service\n",
                files: [
                    "/sys/fs/cgroup/cgroup.controllers": "cpu memory",
                    "/sys/fs/cgroup/panal.slice/panal.service/cpu.max": "400000 100000\n",
                    "/sys/fs/cgroup/panal.slice/cpu.max": "50000 100000\n",
                    "/sys/fs/cgroup/panal.slice/panal.service/memory.max": "max\n",
                    "/sys/fs/cgroup/panal.slice/memory.max": "33554432\n",
                    "/sys/fs/cgroup/panal.slice/panal.service/pids.max": "512\n",
                    "/sys/fs/cgroup/panal.slice/pids.max": "max\n",
                ],
                processors: 0.5,
                memory: 32 << 20,
                tasks: 512,
                workers: 2
            ),
            System(
                testDescription: "the host's path, seen from inside a container",
                membership: "0::/docker/0123\n",
                files: ["/sys/fs/cgroup/cgroup.controllers": "cpu", "/sys/fs/cgroup/cpu.max": "100000 100000\n"],
                processors: 1,
                workers: 2
            ),
            System(
                testDescription: "version 1",
                membership: "4:memory:/box\n3:cpuset:/\n2:cpu,cpuacct:/box\n0::/\n",
                files: [
                    "/sys/fs/cgroup/cpu/box/cpu.cfs_quota_us": "200000\n",
                    "/sys/fs/cgroup/cpu/box/cpu.cfs_period_us": "100000\n",
                    "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                    "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
                    "/sys/fs/cgroup/memory/box/memory.limit_in_bytes": "268435456\n",
                    "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
                ],
                processors: 2,
                memory: 256 << 20,
                workers: 2
            ),
            System(
                testDescription: "nonsense is no limit",
                files: [
                    "/sys/fs/cgroup/cgroup.controllers": "", "/sys/fs/cgroup/cpu.max": "many\n",
                    "/sys/fs/cgroup/memory.max": "\n",
                ],
                processors: 8,
                workers: 8
            ),
            System(
                testDescription: "a begun processor counts, and memory may allow fewer",
                files: [
                    "/sys/fs/cgroup/cgroup.controllers": "cpu memory",
                    "/sys/fs/cgroup/cpu.max": "350000 100000\n",
                    "/sys/fs/cgroup/memory.max": "50331648\n",
                ],
                processors: 3.5,
                memory: 48 << 20,
                workers: 3
            ),
            System(
                testDescription: "a very small container",
                files: ["/sys/fs/cgroup/cgroup.controllers": "memory", "/sys/fs/cgroup/memory.max": "8388608\n"],
                processors: 8,
                memory: 8 << 20,
                workers: 1
            ),
            System(
                testDescription: "a very large machine",
                affinity: 1024,
                files: [:],
                processors: 1024,
                workers: Scoreboard.largestPool
            ),
        ]
    )
    func budget(system: System) {
        let paths = system.files.keys
        let group = ControlGroup(membership: system.membership) { path in
            paths.contains { $0 == path || $0.hasPrefix(path + "/") }
        }
        let budget = ProcessorBudget(affinity: system.affinity, group: group) { system.files[$0] }
        #expect(budget.processors == system.processors)
        #expect(budget.memory == system.memory)
        #expect(budget.tasks == system.tasks)
        #expect(budget.workers == system.workers)
    }

    @Test("this machine has a budget")
    func current() {
        #expect(ProcessorBudget.current.processors > 0)
        #expect(ProcessorBudget.current.workers >= 1)
    }
}
