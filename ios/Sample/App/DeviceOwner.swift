import LocalAuthentication
import Tigress

/// Asks by Face ID, Touch ID or the passcode before an invitation leaves the phone, and before it is shown again.
struct DeviceOwner: UserApproval {
    func approve(_ request: ShareRequest) async throws -> Bool {
        let reason = Words.approval(title: request.title, again: request.again)
        return try await LAContext().evaluatePolicy(.deviceOwnerAuthentication, localizedReason: reason)
    }
}
