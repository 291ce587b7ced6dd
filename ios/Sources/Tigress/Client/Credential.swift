import Foundation

/// What one side hands to the other: provisioning information, or an additional message.
public struct Credential: Sendable, Hashable {
    /// Most bytes of ``content``, 256 KiB.
    public static let maxContent = 256 * 1024

    /// What ``content`` is, such as `digitalwallet.carkey.ccc` or the app's own name: 1 to 255 ASCII characters. For formats
    /// that begin with `digitalwallet.` the content is a JSON object.
    public var format: String
    /// The bytes, at most ``maxContent``.
    public var content: Data
    /// The media type of ``content``, if there is one; at most 255 ASCII characters.
    public var mediaType: String?

    /// A credential.
    public init(format: String, content: Data, mediaType: String? = nil) {
        self.format = format
        self.content = content
        self.mediaType = mediaType
    }
}

extension Credential: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The format and the size; never the content.
    public var description: String { "Credential(\(format), \(content.count) bytes)" }
    /// The same.
    public var debugDescription: String { description }
    /// Without the content.
    public var customMirror: Mirror { Mirror(self, children: ["format": format, "bytes": content.count]) }
}
