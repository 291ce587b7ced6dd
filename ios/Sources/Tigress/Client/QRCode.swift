import Foundation
internal import TigressGenerated

#if canImport(CoreGraphics)
    import CoreGraphics
#endif

/// A QR code as the smallest bitmap, with its quiet zone. It holds the secret of its invitation.
public struct QRCode: Equatable, Sendable {
    /// Modules of one side.
    public let width: Int
    /// One byte for each module, row by row from the top: 0 is dark, 255 is light.
    public let pixels: Data

    /// A code, for an app's own tests.
    public init(width: Int, pixels: Data) {
        self.width = width
        self.pixels = pixels
    }

    init(_ generated: TigressGenerated.QrCode) {
        width = Int(generated.width)
        pixels = generated.pixels
    }

    #if canImport(CoreGraphics)
        /// A picture with one pixel for each module: enlarge it with `.interpolation(.none)`.
        public func image() -> CGImage? {
            CGDataProvider(data: pixels as CFData).flatMap {
                CGImage(
                    width: width, height: width, bitsPerComponent: 8, bitsPerPixel: 8, bytesPerRow: width,
                    space: CGColorSpaceCreateDeviceGray(), bitmapInfo: [], provider: $0, decode: nil,
                    shouldInterpolate: false, intent: .defaultIntent)
            }
        }
    #endif
}

extension QRCode: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Without its modules.
    public var description: String { "QRCode(\(width)x\(width))" }
    /// Without its modules.
    public var debugDescription: String { description }
    /// Without its modules.
    public var customMirror: Mirror { Mirror(self, children: ["width": width]) }
}
