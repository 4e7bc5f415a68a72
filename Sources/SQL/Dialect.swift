/// The databases whose SQL differs.
enum Dialect: Sendable {
    case sqlite
    case postgreSQL
}
