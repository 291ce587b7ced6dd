import SwiftUI
import VisionKit

/// Reads one QR code with the camera; says so where it can't.
struct CodeScanner: View {
    let found: @MainActor (String) -> Void

    var body: some View {
        if DataScannerViewController.isSupported, DataScannerViewController.isAvailable {
            Camera(found: found)
                .accessibilityLabel("Camera. Point it at the code.")
        } else {
            Label("The camera can't be used. Allow it in Settings, or paste the link.", systemImage: "camera.fill")
        }
    }
}

private struct Camera: UIViewControllerRepresentable {
    let found: @MainActor (String) -> Void

    func makeCoordinator() -> Coordinator { Coordinator(found: found) }

    func makeUIViewController(context: Context) -> DataScannerViewController {
        let scanner = DataScannerViewController(recognizedDataTypes: [.barcode(symbologies: [.qr])])
        scanner.delegate = context.coordinator
        try? scanner.startScanning()
        return scanner
    }

    func updateUIViewController(_: DataScannerViewController, context _: Context) {}

    static func dismantleUIViewController(_ scanner: DataScannerViewController, coordinator _: Coordinator) {
        scanner.stopScanning()
    }

    @MainActor
    final class Coordinator: NSObject, DataScannerViewControllerDelegate {
        private let found: @MainActor (String) -> Void
        private var isDone = false

        init(found: @escaping @MainActor (String) -> Void) {
            self.found = found
        }

        func dataScanner(_: DataScannerViewController, didAdd items: [RecognizedItem], allItems _: [RecognizedItem]) {
            for case .barcode(let code) in items {
                guard !isDone, let text = code.payloadStringValue else { continue }
                isDone = true
                found(text)
            }
        }
    }
}
