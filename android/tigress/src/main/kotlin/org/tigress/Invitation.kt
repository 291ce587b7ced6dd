package org.tigress

import java.time.Instant
import kotlin.time.Duration
import kotlin.time.Duration.Companion.hours
import kotlin.time.toKotlinDuration
import org.tigress.bridge.generated
import org.tigress.generated.Invitation as GeneratedInvitation
import org.tigress.generated.qrCode as generatedQrCode
import org.tigress.generated.qrCodeSvg as generatedSvg

/** What kind of credential an invitation is for, as far as its link tells. */
public enum class Vertical {
    /** Any credential. */
    GENERAL,

    /** A key to a home. */
    HOME_KEY,

    /** A key to a car. */
    CAR_KEY,
}

/**
 * Where a push gateway can wake this device. Printed, it shows its type alone: the token addresses a device.
 *
 * @property type The gateway, such as `com.google.fcm`.
 * @property data Opaque to the relay.
 */
public data class NotificationToken(val type: String, val data: String) {
    override fun toString(): String = "NotificationToken($type)"
}

/**
 * What [TransferClient.createInvitation] is asked for. Printed, it shows nothing. From Java: [Builder].
 *
 * @property title What is offered. Only who has the invitation can read it, PIN or not: no relay, no preview. At most 4096
 *   bytes; where it is empty, [previewTitle] stands for it.
 * @property description The same, a sentence or a note; where it is empty, [previewDescription] stands for it.
 * @property sender What the sender calls itself, sealed like the title. At most 256 bytes.
 * @property format The format of what will be handed over, sealed like the title; that of [credential] if none is given.
 * @property mayBePassedOn Whether the receiver may pass on what it gets: the sender's word, which nothing enforces.
 * @property previewTitle Public: what the relay's preview page and messengers show to everybody. Empty: a neutral page.
 * @property previewDescription The same, a sentence.
 * @property previewImageUrl Public: an https image, which messengers show and load.
 * @property vertical What kind of credential it is, as far as the link tells.
 * @property lifetime How long the invitation lasts; 30 days at most.
 * @property pin Whether the receiver must type a PIN, which [Invitation.pin] then has, and which is told by another way.
 * @property notificationToken Where the relay's push gateway can wake this device.
 * @property deviceAttestation Opaque proof for relays that ask what device this is.
 * @property credential What is to be handed over, if it is there already: queued in the same store write as the invitation, so
 *   that no kill comes between.
 * @property idempotencyKey Names this request: the same key gives the same invitation, also after a kill. At most 255 bytes.
 */
public data class InvitationRequest(
    val title: String = "",
    val description: String = "",
    val sender: String = "",
    val format: String? = null,
    val mayBePassedOn: Boolean = false,
    val previewTitle: String = "",
    val previewDescription: String = "",
    val previewImageUrl: String? = null,
    val vertical: Vertical = Vertical.GENERAL,
    val lifetime: Duration = 48.hours,
    val pin: Boolean = false,
    val notificationToken: NotificationToken? = null,
    val deviceAttestation: String? = null,
    val credential: Credential? = null,
    val idempotencyKey: String? = null,
) {
    override fun toString(): String = "InvitationRequest(..)"

    /** The same for Java: what is not set is as by default. */
    public class Builder {
        private var request = InvitationRequest()

        /** Sets [InvitationRequest.title]. */
        public fun title(title: String): Builder = set { copy(title = title) }

        /** Sets [InvitationRequest.description]. */
        public fun description(description: String): Builder = set { copy(description = description) }

        /** Sets [InvitationRequest.sender]. */
        public fun sender(name: String): Builder = set { copy(sender = name) }

        /** Sets [InvitationRequest.format]. */
        public fun format(format: String?): Builder = set { copy(format = format) }

        /** Sets [InvitationRequest.mayBePassedOn]. */
        public fun mayBePassedOn(may: Boolean): Builder = set { copy(mayBePassedOn = may) }

        /** Sets [InvitationRequest.previewTitle]. */
        public fun previewTitle(title: String): Builder = set { copy(previewTitle = title) }

        /** Sets [InvitationRequest.previewDescription]. */
        public fun previewDescription(text: String): Builder = set { copy(previewDescription = text) }

        /** Sets [InvitationRequest.previewImageUrl]. */
        public fun previewImageUrl(url: String?): Builder = set { copy(previewImageUrl = url) }

        /** Sets [InvitationRequest.vertical]. */
        public fun vertical(vertical: Vertical): Builder = set { copy(vertical = vertical) }

        /** Sets [InvitationRequest.lifetime]. */
        public fun lifetime(time: java.time.Duration): Builder = set { copy(lifetime = time.toKotlinDuration()) }

        /** Sets [InvitationRequest.pin]. */
        public fun pin(pin: Boolean): Builder = set { copy(pin = pin) }

        /** Sets [InvitationRequest.notificationToken]. */
        public fun notificationToken(token: NotificationToken?): Builder = set { copy(notificationToken = token) }

        /** Sets [InvitationRequest.deviceAttestation]. */
        public fun deviceAttestation(proof: String?): Builder = set { copy(deviceAttestation = proof) }

        /** Sets [InvitationRequest.credential]. */
        public fun credential(credential: Credential?): Builder = set { copy(credential = credential) }

        /** Sets [InvitationRequest.idempotencyKey]. */
        public fun idempotencyKey(key: String?): Builder = set { copy(idempotencyKey = key) }

        /** The request. */
        public fun build(): InvitationRequest = request

        private fun set(change: InvitationRequest.() -> InvitationRequest): Builder =
            apply { request = request.change() }
    }
}

/**
 * What the sender shares. Whoever has its link or file can take the credential: treat it like the credential itself. Printed, it
 * shows the transfer and the time, never the link.
 */
public class Invitation internal constructor(internal val generated: GeneratedInvitation) {
    /** The transfer that it begins. */
    @get:JvmName("getTransfer")
    public val transfer: TransferId = TransferId(generated.transfer())

    /** When it expires. */
    public val expiresAt: Instant = generated.expiresAt()

    /** The link, with the secret in its fragment. */
    public val shareUrl: String get() = generated.shareUrl()

    /** The same as a `.tigress` file, of the media type `application/vnd.tigress+json`. */
    public val file: ByteArray get() = generated.file()

    /** The PIN, if one was asked for: the user tells it by another way than the invitation's. */
    public val pin: String? get() = generated.pin()

    /** The link as a QR code: an SVG picture, one unit per module, with its quiet zone. */
    public fun qrCodeSvg(): String = generatedSvg(generated)

    /** The link as a QR code: its modules, for an app that draws it; on Android [toBitmap] does. */
    public fun qrCode(): QrCode = generatedQrCode(generated).let { QrCode(it.width, it.pixels) }

    override fun toString(): String = "Invitation($transfer, expires $expiresAt)"
}

/**
 * A QR code as the smallest bitmap, its quiet zone included: to be enlarged by whole numbers, without smoothing. It holds the
 * secret of its invitation.
 *
 * @property width Modules of one side.
 * @property pixels One byte for each module, row by row from the top: 0 is dark, 255 is light, as greyscale bitmaps have it.
 */
public class QrCode internal constructor(public val width: Int, public val pixels: ByteArray)

/**
 * What [TransferClient.acceptInvitation] may be told. Printed, it shows nothing.
 *
 * @property pin The PIN, if the user has typed it already; [TransferClient.providePin] gives it later.
 * @property notificationToken Where the relay's push gateway can wake this device.
 * @property trust A relay to trust for this invitation, after the user has been asked, such as `https://relay.example`; see
 *   `untrusted_relay`.
 * @property confirmed The app has asked its user already, before it could say what is offered: the sender is answered without
 *   [TransferClient.confirm].
 */
public data class AcceptOptions
@JvmOverloads
constructor(
    val pin: String? = null,
    val notificationToken: NotificationToken? = null,
    val trust: String? = null,
    val confirmed: Boolean = false,
) {
    override fun toString(): String = "AcceptOptions(..)"
}
