import Foundation
internal import TigressGenerated

extension TransferID {
    init(generated: TigressGenerated.TransferId) {
        guard let id = Self(generated) else {
            preconditionFailure("the library gives ids that are UUIDs")
        }
        self = id
    }

    var generated: TigressGenerated.TransferId { description }
}

extension Config {
    var generated: TigressGenerated.Config {
        TigressGenerated.Config(
            relay: relay?.absoluteString, trustedRelays: trustedRelays.map(\.absoluteString),
            allowLoopbackHttp: allowLoopbackHTTP, connectTimeout: connectTimeout, requestTimeout: requestTimeout,
            longPoll: longPoll, pollInterval: pollInterval, pollIntervalMax: pollIntervalMax, giveUpAfter: giveUpAfter,
            pinDigits: UInt8(clamping: pinDigits), pinTries: UInt8(clamping: pinTries))
    }
}

extension InvitationRequest {
    var generated: TigressGenerated.InvitationRequest {
        TigressGenerated.InvitationRequest(
            title: title, text: description, sender: sender, format: format, mayBePassedOn: mayBePassedOn,
            previewTitle: previewTitle, previewDescription: previewDescription,
            previewImageUrl: previewImageURL?.absoluteString, vertical: vertical.generated, lifetime: lifetime, pin: pin,
            notificationToken: notificationToken?.generated,
            deviceAttestation: deviceAttestation, credential: credential?.generated, idempotencyKey: idempotencyKey)
    }
}

extension AcceptOptions {
    var generated: TigressGenerated.AcceptOptions {
        TigressGenerated.AcceptOptions(
            pin: pin, notificationToken: notificationToken?.generated, trust: trust?.absoluteString,
            confirmed: confirmed)
    }
}

extension NotificationToken {
    var generated: TigressGenerated.NotificationToken {
        TigressGenerated.NotificationToken(tokenType: type, tokenData: data)
    }
}

extension Vertical {
    init(_ vertical: TigressGenerated.Vertical) {
        self =
            switch vertical {
            case .general: .general
            case .homeKey: .homeKey
            case .carKey: .carKey
            }
    }

    fileprivate var generated: TigressGenerated.Vertical {
        switch self {
        case .general: .general
        case .homeKey: .homeKey
        case .carKey: .carKey
        }
    }
}

extension InvitationPreview {
    init(_ preview: TigressGenerated.InvitationPreview) throws {
        guard let relay = URL(string: preview.relay), let mailbox = UUID(uuidString: preview.mailbox) else {
            preconditionFailure("the library gives origins that are URLs and mailboxes that are UUIDs")
        }
        self.relay = relay
        self.mailbox = mailbox
        vertical = Vertical(preview.vertical)
        pinRequired = preview.pinRequired
        title = preview.title.map(PeerText.init)
        description = preview.description.map(PeerText.init)
        sender = preview.sender.map(PeerText.init)
        format = preview.format
        imageURL = preview.imageUrl.flatMap(URL.init)
        expiresAt = preview.expiresAt
        token = preview.token
        mechanismOID = preview.mechanismOid
    }
}

extension PeerText {
    init(_ text: TigressGenerated.PeerText) {
        self.init(shown: text.shown, raw: text.raw)
    }
}

extension Credential {
    fileprivate init(_ credential: TigressGenerated.Credential) {
        self.init(format: credential.format, content: credential.content, mediaType: credential.mediaType)
    }

    var generated: TigressGenerated.Credential {
        TigressGenerated.Credential(format: format, content: content, mediaType: mediaType)
    }
}

extension TerminateReason {
    var generated: TigressGenerated.TerminateReason {
        switch self {
        case .done: .done
        case .declined: .declined
        case .cancelled: .cancelled
        }
    }
}

extension Outcome {
    init(_ outcome: TigressGenerated.Outcome) {
        self =
            switch outcome {
            case .completed: .completed
            case .declined: .declined
            case .cancelled: .cancelled
            case .expired: .expired
            case .unconfirmed: .unconfirmed
            case .unproven(let reason, let code): .unproven(EndReason(reason, code: code))
            case .failed(let reason, let code): .failed(EndReason(reason, code: code))
            }
    }
}

extension EndReason {
    fileprivate init(_ reason: TigressGenerated.EndReason, code: UInt64) {
        self =
            switch reason {
            case .declined: .declined
            case .cancelled: .cancelled
            case .pinTriesUsedUp: .pinTriesUsedUp
            case .undecodable: .undecodable
            case .stateLost: .stateLost
            case .tooLarge: .tooLarge
            case .internal: .internal
            case .other: .other(code: code)
            }
    }
}

extension TransferState {
    fileprivate init(_ state: TigressGenerated.TransferState) {
        self =
            switch state {
            case .invited: .invited
            case .offered: .offered
            case .establishing: .establishing
            case .pinRequired: .pinRequired
            case .established: .established
            case .closing: .closing
            case .closed(let outcome): .closed(Outcome(outcome))
            }
    }
}

extension TransferEvent {
    init(_ event: TigressGenerated.TransferEvent) {
        self =
            switch event {
            case .accepted: .accepted
            case .pinRequired: .pinRequired
            case .pinRejected(let triesLeft): .pinRejected(triesLeft: Int(triesLeft))
            case .established: .established
            case .credentialReceived(let credential, let index): .credentialReceived(Credential(credential), index: index)
            case .credentialDelivered(let index): .credentialDelivered(index: index)
            case .rejectedToken: .rejectedToken
            case .closed(let outcome): .closed(Outcome(outcome))
            case .unknown: .unknown
            }
    }
}

extension TransferUpdate {
    init(_ update: TigressGenerated.TransferUpdate) {
        self.init(
            state: TransferState(update.state), events: update.events.map(TransferEvent.init),
            cursor: Cursor(number: update.cursor))
    }
}

extension TransferSummary {
    init(_ summary: TigressGenerated.TransferSummary) {
        guard let relay = URL(string: summary.relay) else {
            preconditionFailure("the library gives origins that are URLs")
        }
        self.relay = relay
        vertical = Vertical(summary.vertical)
        id = TransferID(generated: summary.id)
        role =
            switch summary.role {
            case .sender: .sender
            case .receiver: .receiver
            }
        state = TransferState(summary.state)
        title = PeerText(summary.title)
        description = PeerText(summary.description)
        sender = PeerText(summary.sender)
        format = summary.format
        mayBePassedOn = summary.mayBePassedOn
        imageURL = summary.imageUrl.flatMap(URL.init)
        authenticity =
            switch summary.authenticity {
            case .authentic: .authentic
            case .unbound: .unbound
            case .altered: .altered
            }
        pinRequired = summary.pinRequired
        expiresAt = summary.expiresAt
        sent = summary.sent
        delivered = summary.delivered
        received = summary.received
    }
}
