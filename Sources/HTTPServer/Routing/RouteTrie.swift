import HTTPTypes

/// The routes as a tree of path segments in two flat arrays, so that a match touches little memory and allocates none.
struct RouteTrie: Sendable {
    private struct Node: Sendable {
        /// The literal segment, in `labels`; unused for parameters.
        var label: Range<Int>
        var firstChild = -1
        var nextSibling = -1
        var parameterChild = -1
        /// The route for each method, by ``RequestMethod``.
        var routes = InlineArray<7, Int16>(repeating: -1)
        var allowed: AllowedMethods = []
    }

    /// What a path and a method lead to.
    enum Verdict: Sendable, Equatable {
        case route(Int)
        case options(AllowedMethods)
        case methodNotAllowed(AllowedMethods)
        case notFound
    }

    private var nodes: [Node] = [Node(label: 0..<0)]
    private var labels: [UInt8] = []
    private var allAllowed: AllowedMethods = []

    init(_ routes: [Route]) {
        for (index, route) in routes.enumerated() {
            var node = 0
            for segment in route.segments { node = child(of: node, for: segment) }
            nodes[node].routes[Int(route.requestMethod.rawValue)] = Int16(index)
            nodes[node].allowed.insert(route.requestMethod)
            allAllowed.formUnion(nodes[node].allowed)
        }
    }

    private mutating func child(of parent: Int, for segment: Route.Segment) -> Int {
        switch segment {
        case .parameter:
            if nodes[parent].parameterChild < 0 {
                nodes[parent].parameterChild = nodes.count
                nodes.append(Node(label: 0..<0))
            }
            return nodes[parent].parameterChild
        case .literal(let text):
            var child = nodes[parent].firstChild
            while child >= 0 {
                if labels[nodes[child].label].elementsEqual(text.utf8) { return child }
                child = nodes[child].nextSibling
            }
            let start = labels.count
            labels.append(contentsOf: text.utf8)
            var node = Node(label: start..<labels.count)
            node.nextSibling = nodes[parent].firstChild
            nodes[parent].firstChild = nodes.count
            nodes.append(node)
            return nodes.count - 1
        }
    }

    /// Finds the route of a decoded path.
    /// - Parameters:
    ///   - path: Begins with `/`.
    ///   - method: The method.
    ///   - match: Gets the parameters' places.
    func match(_ path: Span<UInt8>, _ method: RequestMethod, into match: inout PathMatch) -> Verdict {
        match.valueCount = 0
        // After the first slash the first segment begins; the root has none.
        let start = path.count == 1 ? 2 : 1
        let node = Self.descend(0, of: nodes.span, labels.span, path, from: start, into: &match)
        guard node >= 0 else { return .notFound }
        let allowed = nodes[node].allowed
        guard method.isRoutable else { return .methodNotAllowed(allowed) }
        var route = nodes[node].routes[Int(method.rawValue)]
        if route < 0, method == .head { route = nodes[node].routes[Int(RequestMethod.get.rawValue)] }
        if route >= 0 { return .route(Int(route)) }
        return method == .options ? .options(allowed) : .methodNotAllowed(allowed)
    }

    /// What `OPTIONS *` is answered.
    var serverOptions: Verdict { .options(allAllowed) }

    /// - Returns: The node that the rest of the path leads to; -1 for none.
    private static func descend(
        _ node: Int,
        of nodes: Span<Node>,
        _ labels: Span<UInt8>,
        _ path: Span<UInt8>,
        from start: Int,
        into match: inout PathMatch
    ) -> Int {
        guard start <= path.count else { return nodes[node].allowed.isEmpty ? -1 : node }
        var end = start
        while end < path.count, path[end] != UInt8(ascii: "/") { end += 1 }
        guard end > start else { return -1 }

        var child = nodes[node].firstChild
        while child >= 0 {
            let label = nodes[child].label
            if label.count == end - start, isEqual(labels, label.lowerBound, path, start..<end) {
                let found = descend(child, of: nodes, labels, path, from: end + 1, into: &match)
                if found >= 0 { return found }
                break
            }
            child = nodes[child].nextSibling
        }
        let parameter = nodes[node].parameterChild
        guard parameter >= 0 else { return -1 }
        let count = match.valueCount
        match.values[count] = ByteRange(start..<end)
        match.valueCount = count + 1
        let found = descend(parameter, of: nodes, labels, path, from: end + 1, into: &match)
        if found < 0 { match.valueCount = count }
        return found
    }

    @inline(__always)
    private static func isEqual(
        _ labels: Span<UInt8>,
        _ labelStart: Int,
        _ path: Span<UInt8>,
        _ segment: Range<Int>
    ) -> Bool {
        var label = labelStart
        for position in segment {
            guard labels[label] == path[position] else { return false }
            label &+= 1
        }
        return true
    }
}

/// The methods a path answers.
struct AllowedMethods: OptionSet, Sendable {
    let rawValue: UInt8

    mutating func insert(_ method: RequestMethod) {
        formUnion(AllowedMethods(rawValue: 1 << method.rawValue))
        if method == .get { insert(.head) }
    }

    /// The value of an `Allow` field (RFC 9110 section 10.2.1). OPTIONS is always answered.
    var fieldValue: String {
        RequestMethod.allCases.filter { $0 == .options || $0.isRoutable && rawValue >> $0.rawValue & 1 == 1 }
            .map { $0.value.rawValue }.joined(separator: ", ")
    }
}
