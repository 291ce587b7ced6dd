import SwiftUI
import Tigress

/// One page for each screen of the model.
struct RootView: View {
    @ObservedObject var model: WalletModel

    var body: some View {
        let screen = model.screen
        Page(heading: Words.heading(screen)) {
            switch screen {
            case .list(let items, let trouble): ListView(items: items, trouble: trouble, look: model.look)
            case .offer(let item, let offer): OfferView(item: item, offer: offer)
            case .pin(let item, let triesLeft): PINView(item: item, triesLeft: triesLeft, model: model)
            case .working(let item, let isUnreachable): WorkingView(item: item, isUnreachable: isUnreachable)
            case .done(let item): DoneView(item: item)
            case .failed(let item, let trouble): FailedView(item: item, trouble: trouble)
            case .send(let draft, let names, let trouble):
                SendView(draft: draft, names: names, trouble: trouble, edit: model.edit)
            case .share(let item, let sharing, let trouble):
                ShareView(item: item, sharing: sharing, trouble: trouble)
            case .scan: ScanView(open: { model.open($0) })
            }
        } buttons: {
            Buttons(screen: screen, model: model)
        }
        // Another kind of screen, or another transfer, begins anew: at its heading, with empty fields.
        .id(screen.identity)
    }
}

/// What each screen offers to do, always in reach.
private struct Buttons: View {
    let screen: Screen
    let model: WalletModel

    var body: some View {
        switch screen {
        case .list(_, let trouble):
            if trouble != nil { Other("Try again", action: model.retry) }
            Main("Give something", action: model.send)
            Other("Open an invitation", action: model.scan)
        case .offer:
            Main("Take it", action: model.take)
            Other("Decline", action: model.decline)
            Other("Decide later", action: model.back)
        case .pin, .scan, .working: Other("To the list", action: model.back)
        case .done:
            Main("To the list", action: model.back)
            Other("Take it off the list", action: model.forget)
        case .failed(let item, let trouble):
            if trouble.failure == .untrustedRelay {
                Main("Go on", action: model.trust)
            } else if trouble.mayPass {
                Main("Try again", action: model.retry)
            }
            Other("To the list", action: model.back)
            if item != nil && !trouble.mayPass { Other("Take it off the list", action: model.forget) }
        case .send(let draft, let names, _):
            Main("Make the invitation", action: model.share).disabled(!names.contains(draft.name))
            Other("To the list", action: model.back)
        case .share(_, let sharing, _):
            if let sharing {
                ShareLink("Share the link", item: sharing.link).buttonStyle(.borderedProminent)
                ShareLink(
                    item: InvitationFile(contents: sharing.file), preview: SharePreview("Invitation")
                ) {
                    Text("Share as a file")
                }
                .buttonStyle(.bordered)
            } else {
                Main("Show the invitation", action: model.show)
            }
            Other("To the list", action: model.back)
            Other("Take it back", role: .destructive, action: model.takeBack)
        }
    }
}

extension Screen {
    /// The kind of screen, and the transfer that it is about.
    fileprivate var identity: String {
        switch self {
        case .list: "list"
        case .offer(let item, _): "offer \(item.id)"
        case .pin(let item, _): "pin \(item.id)"
        case .working(let item, _): "working \(item.map { "\($0.id)" } ?? "")"
        case .done(let item): "done \(item.id)"
        case .failed(let item, _): "failed \(item.map { "\($0.id)" } ?? "")"
        case .send(let draft, _, _): "send \(draft.key)"
        case .share(let item, _, _): "share \(item.id)"
        case .scan: "scan"
        }
    }
}
