package org.tigress.bridge

import kotlinx.coroutines.CancellationException
import org.tigress.HttpHeader
import org.tigress.HttpMethod
import org.tigress.HttpRequest
import org.tigress.HttpResponse
import org.tigress.HttpTransport
import org.tigress.ShareRequest
import org.tigress.StoredRecord
import org.tigress.TransferId
import org.tigress.TransferStore
import org.tigress.TransportFailure
import org.tigress.UserApproval
import org.tigress.generated.ApprovalException as GeneratedApprovalException
import org.tigress.generated.HttpHeader as GeneratedHeader
import org.tigress.generated.HttpMethod as GeneratedMethod
import org.tigress.generated.HttpRequest as GeneratedRequest
import org.tigress.generated.HttpResponse as GeneratedResponse
import org.tigress.generated.HttpTransport as GeneratedTransport
import org.tigress.generated.ShareRequest as GeneratedShareRequest
import org.tigress.generated.StoredRecord as GeneratedRecord
import org.tigress.generated.TransferStore as GeneratedStore
import org.tigress.generated.TransportFailure as GeneratedFailure
import org.tigress.generated.UserApproval as GeneratedApproval

/** An app's store, for the library. */
internal fun foreign(store: TransferStore): GeneratedStore =
    object : GeneratedStore {
        override fun load(key: String): GeneratedRecord? =
            told { store.load(key)?.let { GeneratedRecord(it.version, it.bytes) } }

        override fun save(key: String, expected: String?, bytes: ByteArray): String =
            told { store.save(key, expected, bytes) }

        override fun delete(key: String, expected: String): Unit = told { store.delete(key, expected) }

        override fun list(): List<String> = told { store.list() }

        private inline fun <T> told(call: () -> T): T = telling("the app's store", call)
    }

/** An app's question to its user, for the library. */
internal fun foreign(approval: UserApproval): GeneratedApproval =
    object : GeneratedApproval {
        override suspend fun approve(request: GeneratedShareRequest): Boolean =
            try {
                approval.approve(ShareRequest(TransferId(request.transfer), request.title, request.again))
            } catch (error: CancellationException) {
                throw error
            } catch (error: Throwable) {
                throw GeneratedApprovalException.Failed("the app's approval failed: ${error.javaClass.name}")
            }
    }

internal fun record(record: GeneratedRecord): StoredRecord = StoredRecord(record.version, record.bytes)

/** An app's transport, for the library. */
internal fun foreign(transport: HttpTransport): GeneratedTransport =
    object : GeneratedTransport {
        override suspend fun send(request: GeneratedRequest): GeneratedResponse =
            carrying { generated(transport.send(request(request))) }
    }

private fun request(request: GeneratedRequest): HttpRequest =
    HttpRequest(
        method = HttpMethod.entries[request.method.ordinal],
        url = request.url,
        headers = request.headers.map { HttpHeader(it.name, it.value) },
        body = request.body,
        wait = request.wait,
        isolation = request.isolation,
    )

internal fun HttpRequest.generated(): GeneratedRequest =
    GeneratedRequest(GeneratedMethod.entries[method.ordinal], url, generated(headers), body, wait, isolation)

internal fun response(response: GeneratedResponse): HttpResponse =
    HttpResponse(response.status.toInt(), response.headers.map { HttpHeader(it.name, it.value) }, response.body)

private fun generated(response: HttpResponse): GeneratedResponse {
    require(response.status in 0..UShort.MAX_VALUE.toInt()) { "a status has three digits" }
    return GeneratedResponse(response.status.toUShort(), generated(response.headers), response.body)
}

private fun generated(headers: List<HttpHeader>): List<GeneratedHeader> = headers.map { GeneratedHeader(it.name, it.value) }

internal fun failure(kind: GeneratedFailure): TransportFailure = TransportFailure.entries[kind.ordinal]

internal fun generated(kind: TransportFailure): GeneratedFailure = GeneratedFailure.entries[kind.ordinal]
