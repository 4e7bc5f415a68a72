import HTTPServer
import Panal

/// What `API_KEYS` says of a key.
func apiKeyEntry(_ key: String, name: String = "tester", scopes: Set<Scope> = [.read, .write]) -> String {
    guard let key = APIKey(key, name: name, scopes: scopes) else { preconditionFailure("\(key) is no key of \(name)") }
    return key.entry
}
