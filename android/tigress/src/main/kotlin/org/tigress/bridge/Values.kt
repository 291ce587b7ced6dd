package org.tigress.bridge

import org.tigress.AcceptOptions
import org.tigress.Authenticity
import org.tigress.Config
import org.tigress.Credential
import org.tigress.Cursor
import org.tigress.EndReason
import org.tigress.InvitationPreview
import org.tigress.InvitationRequest
import org.tigress.LogLevel
import org.tigress.NotificationToken
import org.tigress.Outcome
import org.tigress.PeerText
import org.tigress.TerminateReason
import org.tigress.TransferEvent
import org.tigress.TransferId
import org.tigress.TransferRole
import org.tigress.TransferState
import org.tigress.TransferSummary
import org.tigress.TransferUpdate
import org.tigress.Vertical
import org.tigress.generated.AcceptOptions as GeneratedOptions
import org.tigress.generated.Config as GeneratedConfig
import org.tigress.generated.Credential as GeneratedCredential
import org.tigress.generated.EndReason as GeneratedEndReason
import org.tigress.generated.InvitationPreview as GeneratedPreview
import org.tigress.generated.InvitationRequest as GeneratedInvitationRequest
import org.tigress.generated.LogLevel as GeneratedLevel
import org.tigress.generated.NotificationToken as GeneratedToken
import org.tigress.generated.Outcome as GeneratedOutcome
import org.tigress.generated.PeerText as GeneratedText
import org.tigress.generated.TerminateReason as GeneratedReason
import org.tigress.generated.TransferEvent as GeneratedEvent
import org.tigress.generated.TransferState as GeneratedState
import org.tigress.generated.TransferSummary as GeneratedSummary
import org.tigress.generated.TransferUpdate as GeneratedUpdate
import org.tigress.generated.Vertical as GeneratedVertical

// Enums are those of the generated code, name by name: ValuesTest holds them together.

internal fun Config.generated(): GeneratedConfig =
    GeneratedConfig(
        relay = relay,
        trustedRelays = trustedRelays,
        allowLoopbackHttp = allowLoopbackHttp,
        connectTimeout = connectTimeout,
        requestTimeout = requestTimeout,
        longPoll = longPoll,
        pollInterval = pollInterval,
        pollIntervalMax = pollIntervalMax,
        giveUpAfter = giveUpAfter,
        pinDigits = byte(pinDigits),
        pinTries = byte(pinTries),
    )

/** What is out of its range stays so, for the library to refuse. */
private fun byte(number: Int): UByte = number.coerceIn(0, UByte.MAX_VALUE.toInt()).toUByte()

internal fun InvitationRequest.generated(): GeneratedInvitationRequest =
    GeneratedInvitationRequest(
        title = title,
        description = description,
        sender = sender,
        format = format,
        mayBePassedOn = mayBePassedOn,
        previewTitle = previewTitle,
        previewDescription = previewDescription,
        previewImageUrl = previewImageUrl,
        vertical = GeneratedVertical.entries[vertical.ordinal],
        lifetime = lifetime,
        pin = pin,
        notificationToken = notificationToken?.generated(),
        deviceAttestation = deviceAttestation,
        credential = credential?.generated(),
        idempotencyKey = idempotencyKey,
    )

internal fun AcceptOptions.generated(): GeneratedOptions =
    GeneratedOptions(pin, notificationToken?.generated(), trust, confirmed)

internal fun NotificationToken.generated(): GeneratedToken = GeneratedToken(type, data)

internal fun Credential.generated(): GeneratedCredential = GeneratedCredential(format, content, mediaType)

private fun credential(credential: GeneratedCredential): Credential =
    Credential(credential.format, credential.content, credential.mediaType)

internal fun TerminateReason.generated(): GeneratedReason = GeneratedReason.entries[ordinal]

internal fun LogLevel.generated(): GeneratedLevel = GeneratedLevel.entries[ordinal]

internal fun level(level: GeneratedLevel): LogLevel = LogLevel.entries[level.ordinal]

internal fun preview(preview: GeneratedPreview): InvitationPreview =
    InvitationPreview(
        relay = preview.relay,
        mailbox = preview.mailbox,
        vertical = Vertical.entries[preview.vertical.ordinal],
        pinRequired = preview.pinRequired,
        title = preview.title?.let(::text),
        description = preview.description?.let(::text),
        sender = preview.sender?.let(::text),
        format = preview.format,
        imageUrl = preview.imageUrl,
        expiresAt = preview.expiresAt,
        firstToken = preview.token,
        mechanism = preview.mechanismOid,
    )

private fun text(text: GeneratedText): PeerText = PeerText(text.shown, text.raw)

internal fun outcome(outcome: GeneratedOutcome): Outcome =
    when (outcome) {
        GeneratedOutcome.Completed -> Outcome.Completed
        GeneratedOutcome.Declined -> Outcome.Declined
        GeneratedOutcome.Cancelled -> Outcome.Cancelled
        GeneratedOutcome.Expired -> Outcome.Expired
        GeneratedOutcome.Unconfirmed -> Outcome.Unconfirmed
        is GeneratedOutcome.Unproven -> Outcome.Unproven(reason(outcome.reason), outcome.code.toLong())
        is GeneratedOutcome.Failed -> Outcome.Failed(reason(outcome.reason), outcome.code.toLong())
    }

private fun reason(reason: GeneratedEndReason): EndReason = EndReason.entries[reason.ordinal]

private fun state(state: GeneratedState): TransferState =
    when (state) {
        GeneratedState.Invited -> TransferState.Invited
        GeneratedState.Offered -> TransferState.Offered
        GeneratedState.Establishing -> TransferState.Establishing
        GeneratedState.PinRequired -> TransferState.PinRequired
        GeneratedState.Established -> TransferState.Established
        GeneratedState.Closing -> TransferState.Closing
        is GeneratedState.Closed -> TransferState.Closed(outcome(state.outcome))
    }

internal fun event(event: GeneratedEvent): TransferEvent =
    when (event) {
        GeneratedEvent.Accepted -> TransferEvent.Accepted
        GeneratedEvent.PinRequired -> TransferEvent.PinRequired
        is GeneratedEvent.PinRejected -> TransferEvent.PinRejected(event.triesLeft.toInt())
        GeneratedEvent.Established -> TransferEvent.Established
        is GeneratedEvent.CredentialReceived ->
            TransferEvent.CredentialReceived(credential(event.credential), event.index.toLong())
        is GeneratedEvent.CredentialDelivered -> TransferEvent.CredentialDelivered(event.index.toLong())
        GeneratedEvent.RejectedToken -> TransferEvent.RejectedToken
        is GeneratedEvent.Closed -> TransferEvent.Closed(outcome(event.outcome))
        GeneratedEvent.Unknown -> TransferEvent.Unknown
    }

internal fun update(update: GeneratedUpdate): TransferUpdate =
    TransferUpdate(state(update.state), update.events.map(::event), Cursor(update.cursor))

internal fun summary(summary: GeneratedSummary): TransferSummary =
    TransferSummary(
        id = TransferId(summary.id),
        role = TransferRole.entries[summary.role.ordinal],
        state = state(summary.state),
        vertical = Vertical.entries[summary.vertical.ordinal],
        relay = summary.relay,
        title = text(summary.title),
        description = text(summary.description),
        sender = text(summary.sender),
        format = summary.format,
        mayBePassedOn = summary.mayBePassedOn,
        imageUrl = summary.imageUrl,
        authenticity = Authenticity.entries[summary.authenticity.ordinal],
        pinRequired = summary.pinRequired,
        expiresAt = summary.expiresAt,
        sent = summary.sent.toLong(),
        delivered = summary.delivered.toLong(),
        received = summary.received.toLong(),
    )
