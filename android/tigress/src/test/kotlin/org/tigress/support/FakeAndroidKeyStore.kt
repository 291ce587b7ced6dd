package org.tigress.support

import java.io.InputStream
import java.io.OutputStream
import java.security.Key
import java.security.KeyStoreSpi
import java.security.Provider
import java.security.ProviderException
import java.security.SecureRandom
import java.security.Security
import java.security.cert.Certificate
import java.security.spec.AlgorithmParameterSpec
import java.util.Collections
import java.util.Date
import java.util.Enumeration
import javax.crypto.KeyGeneratorSpi
import javax.crypto.SecretKey
import javax.crypto.spec.SecretKeySpec

/** Stands for AndroidKeyStore where there is none: real AES keys, in memory. It says nothing of a phone's hardware. */
object FakeAndroidKeyStore : Provider("AndroidKeyStore", "1", "AES keys in memory, for tests") {
    /** The keys by alias. */
    val stored: MutableMap<String, SecretKey> = Collections.synchronizedMap(mutableMapOf())

    /** Whether the device has a chip of its own for keys. */
    @Volatile var hasStrongBox: Boolean = false

    /** The aliases of the keys in that chip. */
    val inStrongBox: MutableSet<String> = Collections.synchronizedSet(mutableSetOf())

    init {
        put("KeyStore.AndroidKeyStore", Keys::class.java.name)
        put("KeyGenerator.AES", Generator::class.java.name)
    }

    fun install() {
        stored.clear()
        inStrongBox.clear()
        hasStrongBox = false
        Security.removeProvider(name)
        Security.addProvider(this)
    }

    class Generator : KeyGeneratorSpi() {
        private lateinit var alias: String
        private var isForStrongBox = false

        override fun engineInit(params: AlgorithmParameterSpec, random: SecureRandom?) {
            fun of(getter: String) = params.javaClass.getMethod(getter).invoke(params)
            alias = of("getKeystoreAlias") as String
            isForStrongBox = of("isStrongBoxBacked") as Boolean
        }

        override fun engineInit(random: SecureRandom?) = throw UnsupportedOperationException()

        override fun engineInit(keysize: Int, random: SecureRandom?) = throw UnsupportedOperationException()

        override fun engineGenerateKey(): SecretKey {
            // Android's StrongBoxUnavailableException is one.
            if (isForStrongBox && !hasStrongBox) throw ProviderException("no StrongBox")
            if (isForStrongBox) inStrongBox += alias
            return SecretKeySpec(ByteArray(32).also { SecureRandom().nextBytes(it) }, "AES").also { stored[alias] = it }
        }
    }

    class Keys : KeyStoreSpi() {
        override fun engineGetKey(alias: String, password: CharArray?): Key? = stored[alias]

        override fun engineDeleteEntry(alias: String) {
            stored.remove(alias)
        }

        override fun engineContainsAlias(alias: String): Boolean = alias in stored

        override fun engineAliases(): Enumeration<String> = Collections.enumeration(stored.keys)

        override fun engineSize(): Int = stored.size

        override fun engineIsKeyEntry(alias: String): Boolean = alias in stored

        override fun engineIsCertificateEntry(alias: String): Boolean = false

        override fun engineLoad(stream: InputStream?, password: CharArray?) = Unit

        override fun engineStore(stream: OutputStream?, password: CharArray?) = Unit

        override fun engineGetCertificateChain(alias: String): Array<Certificate>? = null

        override fun engineGetCertificate(alias: String): Certificate? = null

        override fun engineGetCertificateAlias(cert: Certificate?): String? = null

        override fun engineGetCreationDate(alias: String): Date? = null

        override fun engineSetKeyEntry(alias: String, key: Key, password: CharArray?, chain: Array<Certificate>?) =
            throw UnsupportedOperationException()

        override fun engineSetKeyEntry(alias: String, key: ByteArray, chain: Array<Certificate>?) =
            throw UnsupportedOperationException()

        override fun engineSetCertificateEntry(alias: String, cert: Certificate) = throw UnsupportedOperationException()
    }
}
