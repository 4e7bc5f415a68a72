/// What a person says of the surroundings that nothing on this host tells.
struct Expectations: Hashable {
    /// Instances of the service that share the database server.
    var instances = 1
    /// How long whoever stops the service waits before it kills.
    var grace: Duration?
    /// How long the balancer in front keeps idle connections.
    var balancer: Duration?
}
