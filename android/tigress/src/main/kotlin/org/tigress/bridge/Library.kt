package org.tigress.bridge

import org.tigress.HttpRequest
import org.tigress.HttpResponse
import org.tigress.HttpTransport
import org.tigress.StoredRecord
import org.tigress.TransferStore
import org.tigress.generated.HttpTransport as GeneratedTransport
import org.tigress.generated.TransferStore as GeneratedStore
import org.tigress.generated.TransportException as GeneratedTransportException

/** A store that is the library's own: a client is given it as it is, and its records never come through the Java heap. */
internal class LibraryStore(val library: GeneratedStore) : TransferStore {
    override fun load(key: String): StoredRecord? = storing { library.load(key)?.let(::record) }

    override fun save(key: String, expected: String?, bytes: ByteArray): String =
        storing { library.save(key, expected, bytes) }

    override fun delete(key: String, expected: String): Unit = storing { library.delete(key, expected) }

    override fun list(): List<String> = storing { library.list() }
}

/** A transport that is the library's own: a client is given it as it is. */
internal class LibraryTransport(val library: GeneratedTransport) : HttpTransport {
    override suspend fun send(request: HttpRequest): HttpResponse =
        try {
            response(library.send(request.generated()))
        } catch (error: GeneratedTransportException) {
            throw transportException(error)
        }
}

/** What the library is given. */
internal fun TransferStore.library(): GeneratedStore = (this as? LibraryStore)?.library ?: foreign(this)

/** What the library is given. */
internal fun HttpTransport.library(): GeneratedTransport = (this as? LibraryTransport)?.library ?: foreign(this)
