import Testing

/// The real binary, real signals, real sockets. One test at a time: they measure, and they fill the machine.
@Suite("The service as a process", .serialized)
enum ProcessTests {}
