import Glibc

/// A thread of this process (pthreads(7)).
public struct Thread: Sendable {
    private let handle: pthread_t

    private init(_ handle: pthread_t) { self.handle = handle }

    /// The thread that asks.
    public static var current: Thread { Thread(pthread_self()) }

    /// Starts one that runs a function and ends with it. Somebody has to ``join()`` or ``detach()`` it, unless the process ends first.
    /// - Throws: When the system has no room for another.
    public static func start(_ body: @escaping @Sendable () -> Void) throws(SystemError) -> Thread {
        let job = unsafe Unmanaged.passRetained(Job(body))
        var handle = pthread_t()
        let code = unsafe pthread_create(
            &handle,
            nil,
            { argument in
                if let argument = unsafe argument {
                    unsafe Unmanaged<Job>.fromOpaque(argument).takeRetainedValue().body()
                }
                return nil
            },
            job.toOpaque()
        )
        guard code == 0 else {
            unsafe job.release()
            throw SystemError("pthread_create", code: code)
        }
        return Thread(handle)
    }

    /// Waits until it has ended.
    public func join() { _ = pthread_join(handle, nil) }

    /// Lets it end alone: nobody joins it.
    public func detach() { _ = pthread_detach(handle) }

    /// The number by which the C library knows it, to be kept where only numbers can be. 0 is none.
    public var number: UInt64 { UInt64(handle) }

    /// A thread that is known by its number and has not ended.
    public init(number: UInt64) { handle = pthread_t(number) }

    private final class Job: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}
