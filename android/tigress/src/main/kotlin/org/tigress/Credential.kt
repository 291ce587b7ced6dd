package org.tigress

/**
 * What one side hands to the other: provisioning information, or an additional message. Printed, it shows its size alone.
 *
 * @property format What [content] is, such as `digitalwallet.carkey.ccc` or the app's own name: 1 to 255 ASCII characters. For
 *   formats that begin with `digitalwallet.` the content is a JSON object.
 * @property content The bytes, at most [MAX_CONTENT].
 * @property mediaType The media type of [content], if there is one; at most 255 ASCII characters.
 */
public data class Credential
@JvmOverloads
constructor(val format: String, val content: ByteArray, val mediaType: String? = null) {
    override fun equals(other: Any?): Boolean =
        other is Credential &&
            format == other.format && content.contentEquals(other.content) && mediaType == other.mediaType

    override fun hashCode(): Int = 31 * (31 * format.hashCode() + content.contentHashCode()) + mediaType.hashCode()

    /** The size; never the content. */
    override fun toString(): String = "Credential(${content.size} bytes)"

    /** Its limit. */
    public companion object {
        /** Most bytes of a credential's content, 256 KiB. */
        public const val MAX_CONTENT: Int = 256 * 1024
    }
}
