import SwiftUI
import Tigress

/// One screen for each stage of a transfer.
struct RootView: View {
    @ObservedObject var wallet: SampleWallet
    @ObservedObject var model: ReceiveModel

    var body: some View {
        NavigationStack {
            screen
                .padding()
                .frame(maxWidth: .infinity, maxHeight: .infinity)
                .navigationTitle("Sample wallet")
        }
    }

    @ViewBuilder private var screen: some View {
        switch model.stage {
        case .start: StartView(pocket: wallet.pocket, open: model.open)
        case .connecting: WaitingView(text: "Reading the invitation…", cancel: model.reset)
        case .confirm(let offer): ConfirmView(offer: offer, accept: model.confirm, decline: model.decline)
        case .confirmRelay(let host): RelayView(host: host, accept: model.trustRelay, decline: model.reset)
        case .pin(let triesLeft): PinView(triesLeft: triesLeft, submit: model.submit, decline: model.decline)
        case .progress(let progress): WaitingView(text: progress.words, cancel: model.decline)
        case .received(let format): ReceivedView(format: format, done: model.reset)
        case .failed(let failure): FailureView(failure: failure, retry: model.retry, done: model.reset)
        }
    }
}

extension ReceiveModel.Progress {
    var words: LocalizedStringKey {
        switch self {
        case .waitingForSender: "Waiting for the other phone. You can close the app: it goes on later."
        case .established: "Connected. Receiving…"
        case .unreachable: "No connection. It goes on as soon as there is one."
        }
    }
}

/// What the wallet has, and the ways to open an invitation.
struct StartView: View {
    @ObservedObject var pocket: Pocket
    let open: @MainActor (Data) -> Void
    @State private var isScanning = false

    var body: some View {
        VStack(spacing: 24) {
            if pocket.formats.isEmpty {
                Label("Nothing in it yet", systemImage: "wallet.pass")
                    .foregroundStyle(.secondary)
            } else {
                List(pocket.formats, id: \.self) { format in
                    Label(format, systemImage: "wallet.pass.fill")
                }
                .listStyle(.plain)
            }
            Text("Open a link that you were sent, or scan a code.")
                .multilineTextAlignment(.center)
            Button("Scan a code", systemImage: "qrcode.viewfinder") { isScanning = true }
                .buttonStyle(.borderedProminent)
                .accessibilityHint("Opens the camera to read an invitation")
            PasteButton(payloadType: String.self) { texts in
                guard let text = texts.first else { return }
                Task { @MainActor in open(Data(text.utf8)) }
            }
            .accessibilityLabel("Paste a link")
        }
        .sheet(isPresented: $isScanning) {
            ScannerSheet { text in
                isScanning = false
                open(Data(text.utf8))
            }
        }
    }
}

/// The sender's words are marked as such.
struct ConfirmView: View {
    let offer: ReceiveModel.Offer
    let accept: @MainActor () -> Void
    let decline: @MainActor () -> Void

    var body: some View {
        VStack(spacing: 16) {
            Text("Somebody wants to give you this. They say:")
            VStack(spacing: 8) {
                Text(verbatim: offer.title.isEmpty ? "–" : offer.title).font(.title2)
                Text(verbatim: offer.text)
            }
            .frame(maxWidth: .infinity)
            .padding()
            .background(.quaternary, in: RoundedRectangle(cornerRadius: 12))
            .accessibilityElement(children: .combine)
            .accessibilityLabel(Text("The sender says: \(offer.title). \(offer.text)"))
            if offer.isAltered {
                Text("What they say was changed on the way, and is not shown.")
            }
            if let expiresAt = offer.expiresAt {
                Text("Until \(expiresAt, format: .dateTime.day().month().hour().minute())")
                    .foregroundStyle(.secondary)
            }
            Choice(yes: "Accept", no: "Decline", accept: accept, decline: decline)
        }
        .multilineTextAlignment(.center)
    }
}

/// The invitation leads to a relay that this app does not know.
struct RelayView: View {
    let host: String
    let accept: @MainActor () -> Void
    let decline: @MainActor () -> Void

    var body: some View {
        VStack(spacing: 16) {
            Image(systemName: "exclamationmark.shield").font(.largeTitle).accessibilityHidden(true)
            Text("This invitation goes through a service that this app does not know:")
            Text(verbatim: host).font(.body.monospaced())
            Text("Go on only if you expected that.")
            Choice(yes: "Go on", no: "Don't", accept: accept, decline: decline)
        }
        .multilineTextAlignment(.center)
    }
}

/// The sender tells the PIN by another way than the link.
struct PinView: View {
    let triesLeft: Int?
    let submit: @MainActor (String) -> Void
    let decline: @MainActor () -> Void
    @State private var pin = ""
    @FocusState private var isTyping: Bool

    var body: some View {
        VStack(spacing: 16) {
            Text("Type the PIN that the sender tells you.")
            TextField("PIN", text: $pin)
                .keyboardType(.numberPad)
                .textContentType(.oneTimeCode)
                .font(.title.monospacedDigit())
                .multilineTextAlignment(.center)
                .focused($isTyping)
                .accessibilityLabel("PIN, 6 to 12 digits")
            if let triesLeft {
                Label("That was not it. Tries left: \(triesLeft)", systemImage: "xmark.circle")
                    .foregroundStyle(.red)
            }
            Choice(yes: "OK", no: "Decline", accept: { submit(pin) }, decline: decline)
        }
        .onAppear { isTyping = true }
    }
}

/// Something goes on.
struct WaitingView: View {
    let text: LocalizedStringKey
    let cancel: @MainActor () -> Void

    var body: some View {
        VStack(spacing: 16) {
            ProgressView()
                .accessibilityHidden(true)
            Text(text)
                .multilineTextAlignment(.center)
                .accessibilityAddTraits(.updatesFrequently)
            Button("Cancel", role: .cancel, action: cancel)
        }
    }
}

/// It worked.
struct ReceivedView: View {
    let format: String
    let done: @MainActor () -> Void

    var body: some View {
        VStack(spacing: 16) {
            Image(systemName: "checkmark.circle.fill")
                .font(.system(size: 64))
                .foregroundStyle(.green)
                .accessibilityHidden(true)
            Text("It is in your wallet.").font(.title2)
            Text(verbatim: format).foregroundStyle(.secondary)
            Button("Done", action: done).buttonStyle(.borderedProminent)
        }
        .accessibilityElement(children: .contain)
    }
}

/// It did not work, and what the user can do.
struct FailureView: View {
    let failure: ReceiveModel.Failure
    let retry: @MainActor () -> Void
    let done: @MainActor () -> Void

    var body: some View {
        VStack(spacing: 16) {
            Image(systemName: "xmark.octagon").font(.largeTitle).accessibilityHidden(true)
            Text(words).multilineTextAlignment(.center)
            if failure.mayPass {
                Button("Try again", action: retry).buttonStyle(.borderedProminent)
            }
            Button("Close", action: done)
        }
    }

    private var words: LocalizedStringKey {
        switch failure {
        case .badInvitation: "That is no complete invitation. Ask for the whole link."
        case .over: "The invitation is no longer valid. Ask for a new one."
        case .claimedByAnother:
            "Another phone has used the invitation. Somebody else may have seen the link: ask for a new one, sent another way."
        case .ownInvitation: "You made this invitation yourself: send it to somebody else."
        case .wrongPIN: "The PIN was wrong too often. Ask for a new invitation."
        case .unreachable: "There is no connection."
        case .other(let code): "It did not work. (\(code))"
        }
    }
}

/// Two buttons, the second one gives up.
private struct Choice: View {
    let yes: LocalizedStringKey
    let no: LocalizedStringKey
    let accept: @MainActor () -> Void
    let decline: @MainActor () -> Void

    var body: some View {
        HStack(spacing: 16) {
            Button(no, role: .cancel, action: decline).buttonStyle(.bordered)
            Button(yes, action: accept).buttonStyle(.borderedProminent)
        }
    }
}
