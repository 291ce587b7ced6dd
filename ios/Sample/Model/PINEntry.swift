/// What the user has typed as the PIN: its digits in ASCII, or what is wrong with it.
struct PINEntry: Equatable, CustomStringConvertible {
    /// Why it can't be sent yet.
    enum Problem { case empty, notDigits, tooShort, tooLong }

    /// Empty where it has others than digits.
    let digits: String
    let problem: Problem?

    /// Reads the digits of any script, as keyboards give them; what people put between digits is dropped.
    init(_ typed: String) {
        let scalars = typed.unicodeScalars.filter { !Self.isBetween($0) }
        let values = scalars.map { $0.properties.generalCategory == .decimalNumber ? $0.properties.numericValue : nil }
        let digits = values.compactMap { $0.map { String(Int($0)) } }.joined()
        problem =
            if scalars.isEmpty {
                .empty
            } else if digits.count < scalars.count {
                .notDigits
            } else if digits.count < 6 {
                .tooShort
            } else if digits.count > 12 {
                .tooLong
            } else {
                nil
            }
        self.digits = problem == .notDigits ? "" : digits
    }

    private static func isBetween(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || [.dashPunctuation, .format].contains(scalar.properties.generalCategory)
    }

    /// Never the digits.
    var description: String { "PINEntry(\(problem.map { "\($0)" } ?? "good"))" }
}
