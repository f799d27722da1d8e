// A phone without a screen: signs up, buys, is killed and comes back, loses its token, logs out.
//
//     mvn -q test-compile exec:java -Dexec.mainClass=dev.cleanly.example.PhoneKt -Dexec.args=http://localhost:3000
package dev.cleanly.example

import dev.cleanly.Attempt
import dev.cleanly.Cleanly
import dev.cleanly.CleanlyException
import dev.cleanly.MemoryTokenStore
import dev.cleanly.Money
import dev.cleanly.NewPrice
import dev.cleanly.PaymentDeclined
import dev.cleanly.PaymentState
import dev.cleanly.ProductKind
import dev.cleanly.Provider
import dev.cleanly.isSettled
import java.util.UUID
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking

/** Every attempt on a line of its own, as `adb logcat` would show it. */
private fun log(attempt: Attempt) = println(
    "    %-6s %-28s %s%s".format(
        attempt.method, attempt.path, attempt.status ?: "no answer",
        listOfNotNull(attempt.code, "try ${attempt.number}".takeIf { attempt.number > 1 }).joinToString(", ", " ").trimEnd(),
    ),
)

fun main(arguments: Array<String>) = runBlocking {
    val base = arguments.firstOrNull() ?: "http://localhost:3000"
    val storage = MemoryTokenStore() // a phone's is in the Keystore: docs/sdk-kotlin.md
    try {
        play(base, storage)
    } catch (failure: CleanlyException) {
        println("it ended with ${failure.message} (do: ${failure.action.text}; is the service running at $base?)")
    }
}

internal suspend fun play(base: String, storage: MemoryTokenStore) {
    val run = UUID.randomUUID().toString().take(8)
    val phone = Cleanly(base, storage, deviceName = "A phone without a screen", observer = ::log)
    println("Ada signs up and puts a pot of honey on the shelf")
    phone.auth.register("ada-$run@example.com", "correct horse battery staple", "Ada")
    val honey = phone.catalog.createProduct(
        "A pot of honey", ProductKind.PHYSICAL, price = NewPrice(Money.of("45.03", "EUR")),
    )
    val dear = phone.catalog.publishPrice(honey.id, Money(1801, "EUR"))
    println("Ben's phone buys it")
    val ben = Cleanly(base, deviceName = "Ben's phone", observer = ::log)
    ben.auth.register("ben-$run@example.com", "a phrase of some length", "Ben")
    var payment = ben.payments.create(honey.prices.single().id, Provider.SANDBOX, quantity = 1)
    println("  ${payment.total}: the sheet opens, he confirms")
    ben.sandbox.confirm(payment)
    while (!payment.isSettled) {
        delay(2.seconds)
        payment = ben.payments.get(payment.id)
    }
    check(payment.state == PaymentState.CAPTURED)
    try {
        ben.payments.create(dear.id, Provider.SANDBOX)
    } catch (declined: PaymentDeclined) {
        println("  another one is declined: ${declined.declineCode}; do: ${declined.action.text}")
    }
    println("Ada's phone is killed and started again, and looks what came in")
    phone.close()
    val again = Cleanly(base, storage, observer = ::log)
    println("  ${again.users.get().name}: ${again.payouts.balance().items.map { it.pending }}")
    println("  ${again.payouts.transactions(pageSize = 2).take(3).toList().map { "${it.type} ${it.amount}" }}")
    println("Both log out")
    again.auth.logout()
    ben.auth.logout()
    again.close()
    ben.close()
}
