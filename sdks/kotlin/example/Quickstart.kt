// The quickstart of docs/sdk-kotlin.md, word for word: the tests run it and compare it with the page.
package dev.cleanly.example

import dev.cleanly.*
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.delay

// docs: quickstart
class Shop(store: TokenStore, baseUrl: String) {
    private val cleanly = Cleanly(baseUrl, store, deviceName = "Ada's phone")
    val session = cleanly.auth.state // SignedOut: show the login

    suspend fun signIn(email: String, password: String): User =
        try {
            cleanly.auth.login(email, password)
        } catch (unknown: InvalidCredentials) {
            cleanly.auth.register(email, password, name = "Ada") ?: throw unknown
        }

    suspend fun profile(): User = cleanly.users.get()

    /** [key] names this purchase: keep it until there is an answer, and pay with it again if the app was killed. */
    suspend fun buy(priceId: String, key: String, show: suspend (Payment) -> Unit): PaymentState {
        var payment = cleanly.payments.create(priceId, Provider.SANDBOX, options = CallOptions(idempotencyKey = key))
        show(payment) // opens PaymentSheet with payment.paymentSheet
        while (!payment.isSettled) {
            payment = cleanly.payments.get(payment.id)
            if (!payment.isSettled) delay(2.seconds)
        }
        return payment.state
    }

    suspend fun playTheBuyer(payment: Payment) = cleanly.sandbox.confirm(payment)
}
// docs: end
