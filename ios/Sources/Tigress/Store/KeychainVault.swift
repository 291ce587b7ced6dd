#if canImport(Security)
    import Foundation
    import Security

    /// A key in the Keychain: on this device only (in no backup, on no other device), from the first unlock after a start on.
    struct KeychainVault: KeyVault {
        private static let service = "org.tigress.store"

        let account: String
        let accessGroup: String?

        func load() throws -> Data? {
            var query = item
            query[kSecReturnData] = true
            query[kSecMatchLimit] = kSecMatchLimitOne
            var found: CFTypeRef?
            let status = SecItemCopyMatching(query as CFDictionary, &found)
            if status == errSecItemNotFound { return nil }
            try check(status)
            return found as? Data
        }

        func add(_ key: Data) throws -> Bool {
            var new = item
            new[kSecAttrAccessible] = kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly
            new[kSecValueData] = key
            let status = SecItemAdd(new as CFDictionary, nil)
            if status == errSecDuplicateItem { return false }
            try check(status)
            return true
        }

        func remove() throws {
            let status = SecItemDelete(item as CFDictionary)
            if status != errSecItemNotFound { try check(status) }
        }

        private var item: [CFString: Any] {
            var item: [CFString: Any] = [
                kSecClass: kSecClassGenericPassword,
                kSecAttrService: Self.service,
                kSecAttrAccount: account,
                kSecAttrSynchronizable: false,
                // On macOS too the Keychain that knows of devices and unlocks.
                kSecUseDataProtectionKeychain: true,
            ]
            item[kSecAttrAccessGroup] = accessGroup
            return item
        }

        private func check(_ status: OSStatus) throws {
            switch status {
            case errSecSuccess: break
            case errSecInteractionNotAllowed:
                throw StoreError.failed(reason: "the device has not been unlocked since it started")
            default: throw StoreError.failed(reason: "the Keychain refused (\(status))")
            }
        }
    }
#endif
