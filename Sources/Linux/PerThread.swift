import Glibc

/// A value that every thread makes for itself on first use and that ends with the thread: a database connection, an
/// encoder. Because no thread ever sees another's value, the value need not be `Sendable` and takes no lock.
public final class PerThread<Value>: Sendable {
    private let key: pthread_key_t
    private let make: @Sendable () -> Value

    /// - Parameter make: Makes the calling thread's value.
    public init(_ make: @escaping @Sendable () -> Value) {
        self.make = make
        var key = pthread_key_t()
        let failure = unsafe pthread_key_create(&key) { box in
            if let box = unsafe box { unsafe Unmanaged<AnyObject>.fromOpaque(box).release() }
        }
        // EAGAIN: more than PTHREAD_KEYS_MAX (1024) values of this kind in one process (pthread_key_create(3)).
        precondition(failure == 0, "no thread-specific key is left: make one PerThread a process, not one for each use")
        self.key = key
    }

    /// Only the calling thread's value is released with the key; let a `PerThread` live as long as the process.
    deinit {
        if let box = unsafe pthread_getspecific(key) { unsafe Unmanaged<AnyObject>.fromOpaque(box).release() }
        pthread_key_delete(key)
    }

    /// The calling thread's value.
    public var current: Value {
        if let box = unsafe pthread_getspecific(key) {
            return unsafe Unmanaged<Box>.fromOpaque(box).takeUnretainedValue().value
        }
        let box = Box(make())
        unsafe pthread_setspecific(key, Unmanaged.passRetained(box).toOpaque())
        return box.value
    }

    private final class Box {
        let value: Value

        init(_ value: Value) {
            self.value = value
        }
    }
}
