package dev.cleanly.scenarios

import dev.cleanly.Cleanly
import dev.cleanly.MemoryTokenStore
import dev.cleanly.Money
import dev.cleanly.NewPrice
import dev.cleanly.PaymentState
import dev.cleanly.ProductKind
import dev.cleanly.example.Shop
import dev.cleanly.example.play
import java.io.File
import java.util.UUID
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assumptions.assumeTrue

class QuickstartTest {
    private val base by lazy {
        assumeTrue(Stand.shared != null, "the service can't be run here")
        Stand.shared!!.service
    }

    @Test
    fun `the page shows what is compiled, in under 40 lines`() {
        val source = File("example/Quickstart.kt").readText()
        val shown = source.substringAfter("// docs: quickstart\n").substringBefore("// docs: end")
        assertTrue(shown in File("../../docs/sdk-kotlin.md").readText(), "docs/sdk-kotlin.md shows another quickstart")
        assertTrue(shown.lines().size < 40)
    }

    @Test
    fun `the quickstart leads to a profile and a payment`() = runBlocking {
        val run = UUID.randomUUID()
        val seller = Cleanly(base)
        seller.auth.register("seller-$run@example.com", "correct horse battery staple", "Mira")
        val price = NewPrice(Money.of("45.03", "EUR"))
        val product = seller.catalog.createProduct("Honey", ProductKind.PHYSICAL, price = price)
        val shop = Shop(MemoryTokenStore(), base)
        shop.signIn("ada-$run@example.com", "correct horse battery staple")
        assertEquals("Ada", shop.profile().name)
        val state = shop.buy(product.prices.single().id, "cart-$run") { shop.playTheBuyer(it) }
        assertEquals(PaymentState.CAPTURED, state)
        val sold = seller.payouts.balance().items.single().pending
        assertTrue(sold > Money(4000, "EUR") && sold < Money(4503, "EUR"), "$sold is not the price less the fee")
        seller.close()
    }

    @Test
    fun `the example plays to its end`() = runBlocking { play(base, MemoryTokenStore()) }
}
