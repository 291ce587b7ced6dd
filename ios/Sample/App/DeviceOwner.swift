import LocalAuthentication
import Tigress

/// Asks by Face ID, Touch ID or the passcode before an invitation leaves the phone, and before it is shown again.
struct DeviceOwner: UserApproval {
    func approve(_ request: ShareRequest) async throws -> Bool {
        let reason = request.again ? "Show the invitation again" : "Share “\(request.title)”"
        return try await LAContext().evaluatePolicy(.deviceOwnerAuthentication, localizedReason: reason)
    }
}
