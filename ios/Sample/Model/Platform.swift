import Foundation

// What only Apple's systems have, so that the model also builds and is tested elsewhere.

#if canImport(Combine)
    import Combine

    extension WalletModel: ObservableObject {
        func willChange() { objectWillChange.send() }
    }
#else
    extension WalletModel {
        func willChange() {}
    }
#endif

extension URL {
    /// Files of other apps may be read only between these two calls.
    func startAccessing() -> Bool {
        #if canImport(Darwin)
            startAccessingSecurityScopedResource()
        #else
            false
        #endif
    }

    func stopAccessing() {
        #if canImport(Darwin)
            stopAccessingSecurityScopedResource()
        #endif
    }
}
