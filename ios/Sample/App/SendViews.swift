import CoreTransferable
import SwiftUI
import Tigress
import UniformTypeIdentifiers

/// What is to be given, and how it is told.
struct SendView: View {
    @State private var draft: Draft
    private let names: [String]
    private let trouble: Trouble?
    private let edit: @MainActor (Draft) -> Void

    /// The fields' own draft: a model's answer would come a moment late for fast fingers.
    init(draft: Draft, names: [String], trouble: Trouble?, edit: @escaping @MainActor (Draft) -> Void) {
        _draft = State(initialValue: draft)
        self.names = names
        self.trouble = trouble
        self.edit = edit
    }

    var body: some View {
        Group {
            if let trouble { Problem(text: Words.trouble(trouble)) }
            Picker("What", selection: $draft.name) {
                ForEach(names, id: \.self) { Text(verbatim: $0) }
            }
            TextField("Title", text: $draft.title).textFieldStyle(.roundedBorder)
            TextField("Note", text: $draft.note, axis: .vertical).textFieldStyle(.roundedBorder)
            TextField("Your name", text: $draft.sender)
                .textContentType(.name)
                .textFieldStyle(.roundedBorder)
            Toggle("They may pass it on", isOn: $draft.mayBePassedOn)
            Toggle("Ask for a PIN", isOn: $draft.pin)
            Text("Whoever gets the link can take it. With a PIN they also need what you tell them another way.")
        }
        .onChange(of: draft) { edit($0) }
    }
}

/// The link leaves by the share sheet, as a file, or from screen to camera; the PIN by another way.
struct ShareView: View {
    let item: Item
    let sharing: Sharing?
    let trouble: Trouble?

    var body: some View {
        Text(verbatim: Words.title(item)).font(.title2)
        Text(verbatim: Words.way(item)).font(.footnote).foregroundStyle(.secondary)
        if let trouble { Problem(text: Words.trouble(trouble)) }
        if let sharing {
            if let pin = sharing.pin {
                Text("Tell the PIN by another way than the link, such as a call:")
                Text(verbatim: pin)
                    .font(.largeTitle.monospacedDigit())
                    .accessibilityLabel("PIN \(Words.spoken(pin: pin))")
            }
            if let picture = sharing.code.image() {
                Image(decorative: picture, scale: 1)
                    .interpolation(.none)
                    .resizable()
                    .scaledToFit()
                    .frame(maxWidth: 320)
                    .accessibilityElement()
                    .accessibilityAddTraits(.isImage)
                    .accessibilityLabel("QR code of the invitation, for the other phone's camera")
            }
        } else {
            Text("Whoever sees the invitation can take the credential.")
        }
    }
}

/// By the camera, or pasted.
struct ScanView: View {
    let open: @MainActor (Data) -> Void

    var body: some View {
        Text("Scan the other phone's QR code, or paste the message that has the link.")
        CodeScanner { open(Data($0.utf8)) }
            .frame(maxWidth: .infinity, minHeight: 240)
            .clipShape(RoundedRectangle(cornerRadius: 12))
        PasteButton(payloadType: String.self) { texts in
            guard let text = texts.first else { return }
            Task { @MainActor in open(Data(text.utf8)) }
        }
        .accessibilityLabel("Paste the link")
    }
}

/// An invitation as a `.tigress` file, for the share sheet.
struct InvitationFile: Transferable {
    let contents: Data

    static var transferRepresentation: some TransferRepresentation {
        DataRepresentation(exportedContentType: UTType(importedAs: "org.tigress.invitation")) { $0.contents }
    }
}
