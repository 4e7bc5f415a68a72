import Glibc
import Linux

extension Listener {
    /// What would keep a service of this user from listening on an address; `nil` when nothing does.
    ///
    /// Nobody can connect meanwhile, and nothing is left behind: a TCP socket is bound and does not listen, and of a unix socket
    /// only the place is looked at.
    public static func obstacle(to address: ListenAddress) -> ListenerError? {
        do throws(ListenerError) {
            switch address {
            case .tcp(let host, let port): try TCPSocket.tryToBind(host: host, port: port)
            case .unix(let path): try UnixSocket.inspect(path: path)
            }
            return nil
        } catch {
            return error
        }
    }
}
