import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("The tools of these tests")
    struct ToolTests {
        private static let isInCI = getenv("CI") != nil

        @Test(
            "in CI none is missing: there a skipped test would pass for one that has passed",
            .enabled(if: isInCI, "only where CI is set; elsewhere the tests that need a tool are skipped by its name"),
            arguments: Tool.allCases
        )
        func isThere(_ tool: Tool) {
            // Whether CI is root is its own choice, and a skip that says so is honest.
            if tool.isForRoot && geteuid() != 0 { return }
            #expect(tool.obstacle == nil)
        }
    }
}
