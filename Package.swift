// swift-tools-version: 6.0
import Foundation
import PackageDescription

// Where a release has its library for Apple's systems; scripts/xcframework writes both lines. Empty: the one that was built
// here by the same script.
let releaseURL = ""
let releaseChecksum = ""

// TIGRESS_APPLE shows on other systems what Apple's see: `TIGRESS_APPLE=1 scripts/swift package dump-package`.
#if os(macOS)
    let apple = true
#else
    let apple = Context.environment["TIGRESS_APPLE"] != nil
#endif

/// The Rust library as a C module: elsewhere the host's own, found by `-Xlinker -L`.
let library: Target =
    if !apple {
        .systemLibrary(name: "TigressFFI", path: "ios/Sources/TigressFFI")
    } else if releaseURL.isEmpty {
        .binaryTarget(name: "TigressFFI", path: "target/xcframework/TigressFFI.xcframework")
    } else {
        .binaryTarget(name: "TigressFFI", url: releaseURL, checksum: releaseChecksum)
    }

/// What scripts/pairs runs against the other languages, and what scripts/bench measures; no app needs them.
let programs: [Target] =
    apple
    ? []
    : [
        .executableTarget(name: "tigress-peer", dependencies: ["Tigress"], path: "ios/Peer"),
        .executableTarget(name: "tigress-wake", dependencies: ["Tigress"], path: "ios/Wake"),
    ]

let package = Package(
    name: "Tigress",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [.library(name: "Tigress", targets: ["Tigress"])],
    targets: [
        library,
        // What UniFFI generates is not made for Swift 6's mode.
        .target(
            name: "TigressGenerated", dependencies: ["TigressFFI"], path: "bindings/generated/swift",
            exclude: ["TigressFFI.h"], swiftSettings: [.swiftLanguageMode(.v5)]),
        .target(
            name: "Tigress", dependencies: ["TigressGenerated"], path: "ios/Sources/Tigress",
            exclude: apple ? [] : ["PrivacyInfo.xcprivacy"],
            resources: apple ? [.copy("PrivacyInfo.xcprivacy")] : []),
        // The sample wallet's logic, without its views, so that it is tested everywhere.
        .target(name: "SampleModel", dependencies: ["Tigress"], path: "ios/Sample/Model"),
        .testTarget(name: "TigressTests", dependencies: ["Tigress", "SampleModel"], path: "ios/Tests"),
    ] + programs
)
