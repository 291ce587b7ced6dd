import SwiftUI
import Tigress

/// What I gave, and what I was given.
struct ListView: View {
    let items: [Item]
    let trouble: Trouble?
    let look: @MainActor (TransferID) -> Void

    var body: some View {
        if let trouble { Problem(text: Words.trouble(trouble)) }
        if items.isEmpty {
            Text("Nothing given or received yet. Open an invitation's link, file or QR code, and it appears here.")
        }
        ForEach(items) { item in
            Button {
                look(item.id)
            } label: {
                VStack(alignment: .leading, spacing: 4) {
                    Text(verbatim: Words.title(item)).font(.headline)
                    Text(verbatim: "\(Words.role(item)) · \(Words.stage(item))")
                    Text(verbatim: Words.way(item)).font(.footnote).foregroundStyle(.secondary)
                }
                .frame(maxWidth: .infinity, alignment: .leading)
                .contentShape(Rectangle())
            }
            .buttonStyle(.plain)
            // One stop for VoiceOver, and one button.
            .accessibilityElement(children: .combine)
            .accessibilityAddTraits(.isButton)
            Divider()
        }
    }
}

/// The user decides; nothing was answered yet. The sender's words are marked as such.
struct OfferView: View {
    let item: Item
    let offer: Offer

    var body: some View {
        VStack(alignment: .leading, spacing: 8) {
            Text("The sender says:").font(.footnote).foregroundStyle(.secondary)
            Text(verbatim: Words.title(item)).font(.title2)
            if !offer.note.isEmpty { Text(verbatim: offer.note) }
            if !offer.isAltered {
                if let sender = Words.sender(offer) { Text(verbatim: sender) }
                Text(verbatim: Words.terms(offer))
            }
        }
        .frame(maxWidth: .infinity, alignment: .leading)
        .padding()
        .background(.quaternary, in: RoundedRectangle(cornerRadius: 12))
        .accessibilityElement(children: .combine)
        if offer.isAltered {
            Problem(text: "What the sender says of it was changed on the way, and is not shown.")
        } else {
            Text("These are the sender's words. Take it only if you know who sent it.")
        }
        Text(verbatim: Words.way(item)).font(.footnote).foregroundStyle(.secondary)
    }
}

/// What is typed is a secret: nothing keeps it but this.
struct PINView: View {
    let item: Item
    let triesLeft: Int?
    let model: WalletModel
    @State private var typed = ""
    @FocusState private var isTyping: Bool

    var body: some View {
        let problem = PINEntry(typed).problem
        Text(verbatim: Words.title(item)).font(.title2)
        if let triesLeft { Problem(text: Words.wrongPIN(triesLeft: triesLeft)) }
        TextField("PIN", text: $typed)
            .keyboardType(.numberPad)
            .textContentType(.oneTimeCode)
            .font(.title.monospacedDigit())
            .textFieldStyle(.roundedBorder)
            .focused($isTyping)
            .accessibilityLabel("PIN, 6 to 12 digits")
            .accessibilityHint(Words.pin(problem))
            .onAppear { isTyping = true }
            // Another try begins empty.
            .onChange(of: triesLeft) { _ in typed = "" }
        Text(verbatim: Words.pin(problem)).font(.footnote).foregroundStyle(.secondary)
        Main("Continue") { model.submit(pin: typed) }.disabled(problem != nil)
    }
}

/// Something goes on.
struct WorkingView: View {
    let item: Item?
    let isUnreachable: Bool

    var body: some View {
        if let item { Text(verbatim: Words.title(item)).font(.title2) }
        ProgressView().accessibilityLabel("Under way")
        Text(isUnreachable ? "No connection. The wallet tries again by itself." : "It goes on without you, too.")
            .accessibilityAddTraits(.updatesFrequently)
    }
}

/// It worked.
struct DoneView: View {
    let item: Item

    var body: some View {
        Label {
            Text(verbatim: Words.title(item)).font(.title2)
        } icon: {
            Image(systemName: "checkmark.circle.fill").foregroundStyle(.green).accessibilityHidden(true)
        }
        Text(verbatim: "\(Words.role(item)) · \(Words.stage(item))")
        Text(verbatim: Words.way(item)).font(.footnote).foregroundStyle(.secondary)
    }
}

/// It did not work, and what the user can do.
struct FailedView: View {
    let item: Item?
    let trouble: Trouble

    var body: some View {
        if let item { Text(verbatim: Words.title(item)).font(.title2) }
        Problem(text: Words.trouble(trouble))
    }
}
