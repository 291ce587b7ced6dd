package org.tigress

import android.os.Build
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyProperties
import java.io.File
import java.io.FileOutputStream
import java.io.IOException
import java.io.RandomAccessFile
import java.security.GeneralSecurityException
import java.security.KeyStore
import java.security.ProviderException
import java.security.SecureRandom
import javax.crypto.Cipher
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec

/**
 * The key of a store: 32 random bytes, in a file that is sealed (AES-256-GCM) under a key that never leaves AndroidKeyStore.
 *
 * The file: a byte 1, the length of the nonce, the nonce, the sealed key.
 */
internal class StoreKey(private val folder: File, private val alias: String) {
    private val file = File(folder, "key")

    /** Hands the key of what is in [records] to [open], and wipes it; makes it on first use, but never beside records. */
    fun use(records: File, open: (ByteArray) -> Unit) {
        val key = translating {
            locked {
                when {
                    file.exists() -> unseal(file.readBytes())
                    records.list().orEmpty().any { it.endsWith(RECORD) } -> throw lost()
                    else -> make()
                }
            }
        }
        try {
            open(key)
        } finally {
            key.fill(0)
        }
    }

    fun erase(): Unit = translating { keyStore().deleteEntry(alias) }

    private fun make(): ByteArray {
        val key = ByteArray(KEY_BYTES).also { SecureRandom().nextBytes(it) }
        val cipher = Cipher.getInstance(CIPHER)
        cipher.init(Cipher.ENCRYPT_MODE, protector() ?: makeProtector())
        cipher.updateAAD(PURPOSE)
        val sealed = cipher.doFinal(key)
        writeDurably(byteArrayOf(FORM, cipher.iv.size.toByte()) + cipher.iv + sealed)
        return key
    }

    private fun unseal(sealed: ByteArray): ByteArray {
        val nonceEnd = 2 + (sealed.getOrNull(1)?.toInt() ?: 0)
        if (sealed.getOrNull(0) != FORM || nonceEnd !in 2..sealed.size) throw failed("the key's file is damaged")
        val protector = protector() ?: throw lost()
        val cipher = Cipher.getInstance(CIPHER)
        try {
            cipher.init(Cipher.DECRYPT_MODE, protector, GCMParameterSpec(TAG_BITS, sealed, 2, nonceEnd - 2))
            cipher.updateAAD(PURPOSE)
            return cipher.doFinal(sealed, nonceEnd, sealed.size - nonceEnd)
        } catch (_: GeneralSecurityException) {
            throw lost()
        }
    }

    private fun keyStore(): KeyStore = KeyStore.getInstance(PROVIDER).apply { load(null) }

    private fun protector(): SecretKey? = keyStore().getKey(alias, null) as SecretKey?

    /** In the chip of its own that some devices have for keys (StrongBox), else in the processor's protected part. */
    private fun makeProtector(): SecretKey {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.P) return makeProtector { this }
        return try {
            makeProtector { setIsStrongBoxBacked(true) }
        } catch (_: ProviderException) {
            // There is none, or it is full or does not answer: the key is not worth less elsewhere than none.
            makeProtector { this }
        }
    }

    /** Usable while the device is locked, too: transfers go on in the background. */
    private fun makeProtector(place: KeyGenParameterSpec.Builder.() -> KeyGenParameterSpec.Builder): SecretKey {
        val spec =
            KeyGenParameterSpec.Builder(alias, KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT)
                .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
                .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
                .setKeySize(KEY_BYTES * 8)
                .place()
                .build()
        return KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, PROVIDER).apply { init(spec) }.generateKey()
    }

    /** One thread of one process at a time: two must not make two keys. */
    private fun <T> locked(action: () -> T): T =
        synchronized(IN_PROCESS) {
            folder.mkdirs()
            RandomAccessFile(File(folder, "key.lock"), "rw").use { lock -> lock.channel.lock().use { action() } }
        }

    private fun writeDurably(bytes: ByteArray) {
        val fresh = File(folder, "key.new")
        FileOutputStream(fresh).use {
            it.write(bytes)
            it.fd.sync()
        }
        if (!fresh.renameTo(file)) throw failed("the key's file can't be written")
    }

    private fun <T> translating(action: () -> T): T =
        try {
            action()
        } catch (_: IOException) {
            throw failed("the key's file can't be read or written")
        } catch (_: GeneralSecurityException) {
            throw failed("AndroidKeyStore does not work")
        } catch (_: ProviderException) {
            throw failed("AndroidKeyStore does not work")
        }

    private fun lost() = failed("the key of the store is lost")

    private fun failed(reason: String) = StoreException.Failed(reason)

    private companion object {
        const val PROVIDER = "AndroidKeyStore"
        const val CIPHER = "AES/GCM/NoPadding"
        const val KEY_BYTES = 32
        const val TAG_BITS = 128
        const val FORM: Byte = 1

        /** How the library's files of records end. */
        const val RECORD = ".record"
        val PURPOSE = "tigress v1 store key".encodeToByteArray()
        val IN_PROCESS = Any()
    }
}
