import Foundation
import Testing

/// What only Xcode reads, looked at here.
@Suite struct PackagingTests {
    @Test("The sample's project names nothing that it does not have, and its folders are there")
    func project() throws {
        let project = try plist("ios/Sample/SampleWallet.xcodeproj/project.pbxproj")
        let objects = try #require(project["objects"] as? [String: [String: Any]])
        let named = objects.values.flatMap { ids(in: Array($0.values)) } + ids(in: [project["rootObject"] ?? ""])
        #expect(named.count > 15)
        for id in named {
            #expect(objects[id] != nil, "\(id) is named and is not there")
        }
        for object in objects.values where object["isa"] as? String == "PBXFileSystemSynchronizedRootGroup" {
            let folder = try #require(object["path"] as? String)
            #expect(FileManager.default.fileExists(atPath: projectFile("ios/Sample/\(folder)").path))
        }
        for settings in objects.values.compactMap({ $0["buildSettings"] as? [String: String] }) {
            for key in ["INFOPLIST_FILE", "CODE_SIGN_ENTITLEMENTS"] {
                guard let file = settings[key] else { continue }
                #expect(FileManager.default.fileExists(atPath: projectFile("ios/Sample/\(file)").path))
            }
        }
    }

    @Test("The notification service is in the app, and each target compiles what it uses and shares the app's group")
    func notificationService() throws {
        let project = try plist("ios/Sample/SampleWallet.xcodeproj/project.pbxproj")
        let objects = try #require(project["objects"] as? [String: [String: Any]])
        func target(_ name: String) throws -> [String: Any] {
            try #require(objects.values.first { $0["isa"] as? String == "PBXNativeTarget" && $0["name"] as? String == name })
        }
        func folders(of target: [String: Any]) -> Set<String> {
            let groups = target["fileSystemSynchronizedGroups"] as? [String] ?? []
            return Set(groups.compactMap { objects[$0]?["path"] as? String })
        }
        let (app, service) = try (target("SampleWallet"), target("NotificationService"))
        #expect(folders(of: app) == ["App", "Model", "Shared"])
        #expect(folders(of: service) == ["NotificationService", "Model", "Shared"])
        // Built before the app, and put into it.
        let dependencies = (app["dependencies"] as? [String] ?? []).compactMap { objects[$0]?["target"] as? String }
        #expect(dependencies.compactMap { objects[$0]?["name"] as? String } == ["NotificationService"])
        let embedded = objects.values.filter { $0["isa"] as? String == "PBXCopyFilesBuildPhase" }
            .flatMap { $0["files"] as? [String] ?? [] }.map { objects[$0]?["fileRef"] as? String }
        #expect(embedded == [service["productReference"] as? String])

        // An extension's bundle ID begins with the app's; an app group that one has not is another store.
        let settings = objects.values.compactMap { $0["buildSettings"] as? [String: Any] }
        let bundles = Set(settings.compactMap { $0["PRODUCT_BUNDLE_IDENTIFIER"] as? String })
        #expect(bundles == ["org.tigress.sample", "org.tigress.sample.NotificationService"])
        let key = "com.apple.security.application-groups"
        let groups = try ["App/SampleWallet", "NotificationService/NotificationService"].map {
            try #require(plist("ios/Sample/\($0).entitlements")[key] as? [String])
        }
        #expect(groups[0] == groups[1] && groups[0].count == 1)
        let home = try String(contentsOf: projectFile("ios/Sample/Shared/Home.swift"), encoding: .utf8)
        #expect(home.contains("\"\(groups[0][0])\""))
        let info = try plist("ios/Sample/NotificationService/Info.plist")
        let point = (info["NSExtension"] as? [String: String])?["NSExtensionPointIdentifier"]
        #expect(point == "com.apple.usernotifications.service")
    }

    @Test("The sample is woken by push and by background refresh, under the names that it uses")
    func wakeUps() throws {
        let info = try plist("ios/Sample/App/Info.plist")
        #expect(info["UIBackgroundModes"] as? [String] == ["fetch", "remote-notification"])
        let names = try #require(info["BGTaskSchedulerPermittedIdentifiers"] as? [String])
        let app = try String(contentsOf: projectFile("ios/Sample/App/SampleWalletApp.swift"), encoding: .utf8)
        #expect(names.count == 1 && app.contains("\"\(names[0])\""))
        #expect(try plist("ios/Sample/App/SampleWallet.entitlements")["aps-environment"] != nil)
    }

    @Test("The sample opens share links and .tigress files")
    func sample() throws {
        let entitlements = try plist("ios/Sample/App/SampleWallet.entitlements")
        let domains = try #require(entitlements["com.apple.developer.associated-domains"] as? [String])
        #expect(domains.allSatisfy { $0.hasPrefix("applinks:") })

        let info = try plist("ios/Sample/App/Info.plist")
        let type = try #require((info["UTImportedTypeDeclarations"] as? [[String: Any]])?.first)
        let tags = try #require(type["UTTypeTagSpecification"] as? [String: [String]])
        #expect(tags["public.filename-extension"] == ["tigress"])
        #expect(tags["public.mime-type"] == ["application/vnd.tigress+json"])
        let document = try #require((info["CFBundleDocumentTypes"] as? [[String: Any]])?.first)
        let identifier = try #require(type["UTTypeIdentifier"] as? String)
        #expect(document["LSItemContentTypes"] as? [String] == [identifier])
        #expect(info["NSCameraUsageDescription"] != nil)
    }

    @Test("The privacy manifest: no tracking, nothing collected, a reason for each API that needs one")
    func privacy() throws {
        let manifest = try plist("ios/Sources/Tigress/PrivacyInfo.xcprivacy")
        #expect(manifest["NSPrivacyTracking"] as? Bool == false)
        #expect((manifest["NSPrivacyCollectedDataTypes"] as? [Any])?.isEmpty == true)
        let apis = try #require(manifest["NSPrivacyAccessedAPITypes"] as? [[String: Any]])
        #expect(apis.allSatisfy { ($0["NSPrivacyAccessedAPITypeReasons"] as? [String])?.isEmpty == false })
    }

    private func plist(_ path: String) throws -> [String: Any] {
        let data = try Data(contentsOf: projectFile(path))
        return try #require(PropertyListSerialization.propertyList(from: data, format: nil) as? [String: Any], "\(path)")
    }

    /// The project's ids among these values, in lists too.
    private func ids(in values: [Any]) -> [String] {
        let texts = values.flatMap { $0 as? [String] ?? [$0 as? String].compactMap { $0 } }
        return texts.filter { $0.wholeMatch(of: /A[0-9A-F]{23}/) != nil }
    }
}
