// Reads a module's symbol graph from standard input and prints its public surface, a line for each declaration, sorted. Fails
// if a declaration is not documented. For scripts/swift-api.

import Foundation

struct Graph: Decodable {
    struct Symbol: Decodable {
        struct Identifier: Decodable { let precise: String }
        struct Fragment: Decodable { let spelling: String }
        struct Kind: Decodable { let identifier: String }
        struct Present: Decodable {}

        let kind: Kind
        let identifier: Identifier
        let pathComponents: [String]
        let declarationFragments: [Fragment]?
        let docComment: Present?
        /// Missing for what the compiler made by itself.
        let location: Present?

        var path: String { pathComponents.joined(separator: ".") }

        var declaration: String {
            let text = (declarationFragments ?? []).map(\.spelling).joined()
            return text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        }
    }

    struct Relationship: Decodable {
        let kind: String
        let source: String
        let target: String
        let targetFallback: String?
    }

    let symbols: [Symbol]
    let relationships: [Relationship]
}

let graph = try JSONDecoder().decode(Graph.self, from: FileHandle.standardInput.readDataToEndOfFile())
let symbols = Dictionary(graph.symbols.map { ($0.identifier.precise, $0) }) { first, _ in first }

var lines = graph.symbols
    .filter { $0.location != nil }
    .map { "\($0.path): \($0.declaration)" }
for relationship in graph.relationships where relationship.kind == "conformsTo" {
    guard let source = symbols[relationship.source] else { continue }
    let target = symbols[relationship.target]?.path ?? relationship.targetFallback ?? relationship.target
    // Which of the standard modules it is in differs between Swift's versions.
    let name = target.split(separator: ".").last ?? ""
    if name != "Copyable" { lines.append("\(source.path): conforms to \(name)") }
}
print(Set(lines).sorted().joined(separator: "\n"))

let undocumented = graph.symbols.filter { $0.location != nil && $0.docComment == nil }.map(\.path)
if !undocumented.isEmpty {
    let text = "without documentation: \(undocumented.sorted().joined(separator: ", "))\n"
    FileHandle.standardError.write(Data(text.utf8))
    exit(1)
}
