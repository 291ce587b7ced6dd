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
        for case let settings as [String: String] in objects.values.map({ $0["buildSettings"] ?? "" }) {
            for key in ["INFOPLIST_FILE", "CODE_SIGN_ENTITLEMENTS"] {
                guard let file = settings[key] else { continue }
                #expect(FileManager.default.fileExists(atPath: projectFile("ios/Sample/\(file)").path))
            }
        }
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
