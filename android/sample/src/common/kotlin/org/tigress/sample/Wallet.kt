package org.tigress.sample

import java.io.ByteArrayInputStream
import java.io.ByteArrayOutputStream
import java.io.DataInputStream
import java.io.DataOutputStream
import java.io.File
import java.io.IOException
import java.util.Properties
import org.tigress.Credential
import org.tigress.TransferId

/** What the model needs of the phone. The functions may block, and fail with [IOException]. */
interface Wallet {
    /** What can be given. */
    fun owned(): List<Owned>

    /** The transfers whose credential is here. */
    fun kept(): Set<TransferId>

    /** Keeps what came. Twice the same keeps one: after a kill it comes again. */
    fun keep(transfer: TransferId, received: Owned)

    /** Where the user was, as [save] got it; empty at first. */
    fun saved(): Map<String, String>

    /** Keeps where the user is. It may hold the link of an invitation that was not taken yet, as secret as a credential. */
    fun save(place: Map<String, String>)
}

/** A credential with a name for people, and whether its sender lets it be passed on. */
data class Owned(val name: String, val credential: Credential, val mayBePassedOn: Boolean = true)

/** The sample's own: files in [folder]. A real wallet hands a credential to whatever provisions it. */
class FolderWallet(private val folder: File) : Wallet {
    private val place get() = File(folder, "place")

    override fun owned(): List<Owned> {
        val house = Credential("org.example.key", "a key to the house".encodeToByteArray(), "text/plain")
        return listOf(Owned("Key to the house", house)) + files().sortedBy { it.lastModified() }.map { read(it.readBytes()) }
    }

    override fun kept(): Set<TransferId> = files().map { TransferId(it.name.removeSuffix(END)) }.toSet()

    override fun keep(transfer: TransferId, received: Owned): Unit = write(File(folder, "$transfer$END"), bytes(received))

    override fun saved(): Map<String, String> {
        if (!place.exists()) return emptyMap()
        val read = Properties().apply { place.inputStream().use(::load) }
        return read.stringPropertyNames().associateWith(read::getProperty)
    }

    override fun save(place: Map<String, String>) {
        val bytes = ByteArrayOutputStream()
        Properties().apply { putAll(place) }.store(bytes, null)
        write(this.place, bytes.toByteArray())
    }

    private fun files(): List<File> = folder.listFiles { file -> file.name.endsWith(END) }.orEmpty().toList()

    /** As it was or whole, whatever happens. */
    private fun write(file: File, bytes: ByteArray) {
        if (!folder.isDirectory && !folder.mkdirs()) throw IOException("no folder")
        val fresh = File.createTempFile("new", null, folder)
        fresh.outputStream().use {
            it.write(bytes)
            it.fd.sync()
        }
        if (!fresh.renameTo(file)) throw IOException("it can't be put in its place")
    }

    private fun bytes(owned: Owned): ByteArray {
        val bytes = ByteArrayOutputStream()
        DataOutputStream(bytes).use {
            for (text in listOf(owned.name, owned.credential.format, owned.credential.mediaType.orEmpty())) it.writeUTF(text)
            it.writeBoolean(owned.mayBePassedOn)
            it.write(owned.credential.content)
        }
        return bytes.toByteArray()
    }

    private fun read(bytes: ByteArray): Owned = DataInputStream(ByteArrayInputStream(bytes)).use {
        val (name, format, mediaType) = List(3) { _ -> it.readUTF() }
        val mayBePassedOn = it.readBoolean()
        Owned(name, Credential(format, it.readBytes(), mediaType.ifEmpty { null }), mayBePassedOn)
    }

    private companion object {
        const val END = ".credential"
    }
}
