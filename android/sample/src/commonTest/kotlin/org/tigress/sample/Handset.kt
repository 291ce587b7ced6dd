package org.tigress.sample

import java.io.IOException
import java.util.concurrent.CopyOnWriteArrayList
import kotlin.time.Duration
import kotlin.time.Duration.Companion.hours
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.withTimeoutOrNull
import org.tigress.Config
import org.tigress.HttpRequest
import org.tigress.HttpResponse
import org.tigress.HttpTransport
import org.tigress.InMemoryRelay
import org.tigress.Invitation
import org.tigress.NotificationToken
import org.tigress.TransferClient
import org.tigress.TransferId
import org.tigress.TransportException
import org.tigress.TransportFailure
import org.tigress.memoryStore

/** Runs a test that must end within a minute; what it began ends with it. */
fun story(test: suspend CoroutineScope.() -> Unit): Unit = runBlocking {
    withTimeout(60.seconds) {
        val began = Job()
        CoroutineScope(coroutineContext + began).test()
        began.cancelAndJoin()
    }
}

/** A phone with the wallet: what is stored outlives a kill. */
class Handset(private val relay: InMemoryRelay, private val scope: CoroutineScope) {
    val wallet = MemoryWallet()
    val requests = CopyOnWriteArrayList<HttpRequest>()
    var isOnline = true
    var agrees = true
    var pushToken: NotificationToken? = null
    lateinit var client: TransferClient
        private set
    lateinit var model: WalletModel
        private set
    private val store = memoryStore()
    private var process = Job()

    init {
        start()
    }

    /** The process ends, whatever it does, and the app is opened again. */
    suspend fun restart() {
        kill()
        start()
    }

    /** The process ends. */
    suspend fun kill() {
        process.cancelAndJoin()
        client.close()
    }

    /** The process as a push begins it: without the app. */
    fun asleep(): TransferClient {
        val transport =
            object : HttpTransport {
                override suspend fun send(request: HttpRequest): HttpResponse {
                    if (!isOnline) throw TransportException(TransportFailure.UNREACHABLE, "no network")
                    requests += request
                    return relay.transport.send(request)
                }
            }
        client = TransferClient(Config(relay.origin, giveUpAfter = Duration.ZERO), store, transport) { agrees }
        return client
    }

    private fun start() {
        process = Job(scope.coroutineContext[Job])
        asleep()
        val here = CoroutineScope(scope.coroutineContext + process)
        model = WalletModel(client, wallet, here, disk = scope.coroutineContext.minusKey(Job), pause = 1.hours, pushToken = { pushToken })
    }

    /** Waits for a screen. */
    suspend inline fun <reified T : Screen> sees(crossinline which: (T) -> Boolean = { true }): T =
        withTimeoutOrNull(20.seconds) {
            model.state.map { it.screen }.first { screen -> (screen as? T)?.let { which(it) } == true } as T
        } ?: throw AssertionError("it shows ${model.state.value.screen}, no such ${T::class.simpleName}")

    /** What the list says. */
    suspend fun listed(which: (List<Item>) -> Boolean): List<Item> {
        model.back()
        return sees<Screen.List> { which(it.items) }.items
    }

    /** Makes an invitation, as its user would. */
    suspend fun gives(title: String, pin: Boolean = false): Invitation {
        sees<Screen.List>()
        model.send()
        model.edit(sees<Screen.Send>().draft.copy(title = title, pin = pin))
        model.share()
        return checkNotNull(sees<Screen.Share> { it.invitation != null }.invitation)
    }

    /** Opens a link. */
    fun opens(invitation: Invitation): Unit = model.open(invitation.shareUrl.encodeToByteArray())
}

/** What a phone keeps; [isFull] fails as a full one does. */
class MemoryWallet : Wallet {
    val credentials = mutableMapOf<TransferId, Owned>()
    var isFull = false
    val times = MutableStateFlow(0)
    val place = MutableStateFlow(emptyMap<String, String>())

    override fun owned(): List<Owned> = listOf(HOUSE, CAR) + credentials.values

    override fun kept(): Set<TransferId> = credentials.keys.toSet()

    override fun keep(transfer: TransferId, received: Owned) {
        times.value++
        if (isFull) throw IOException("no space left")
        credentials[transfer] = received
    }

    override fun saved(): Map<String, String> = place.value

    override fun save(place: Map<String, String>) {
        this.place.value = place
    }

    companion object {
        val HOUSE = Owned("House", org.tigress.Credential("org.example.key", "the house's key".encodeToByteArray()))
        val CAR = Owned("Car", org.tigress.Credential("org.example.key", "the car's key".encodeToByteArray()))
    }
}
