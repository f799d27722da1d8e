// Generated from sdks/openapi.json by sdks/generate/kotlin.py: change that, not this.
package dev.cleanly

import kotlinx.coroutines.flow.Flow

/** Products, their prices, and plans. */
public class CatalogApi internal constructor(private val caller: Caller) {
    /**
     * What is for sale.
     *
     * Products on the shelf, newest first, each with its prices on offer. `ETag` and `If-None-Match` spare the body.
     *
     * Every collection begins at the first page; the next page is asked for when it is needed.
     *
     * @param sellerId A seller's id, or `platform` for the platform's own
     * @param currency With a price on offer in it
     * @param pageSize Rows per call, 1 to 100.
     */
    public fun products(
        sellerId: String? = null,
        kind: ProductKind? = null,
        currency: String? = null,
        pageSize: Int? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Flow<ProductSummary> =
        pages { next -> caller.call(LIST_PRODUCTS, Page.serializer(ProductSummary.serializer()), options, query = arrayOf("sellerId" to sellerId, "kind" to kind?.wire, "currency" to currency, "limit" to pageSize, "cursor" to next)) }

    /**
     * What is for sale.
     *
     * Products on the shelf, newest first, each with its prices on offer. `ETag` and `If-None-Match` spare the body.
     *
     * One page.
     *
     * @param sellerId A seller's id, or `platform` for the platform's own
     * @param currency With a price on offer in it
     * @param limit Rows per page
     * @param cursor `nextCursor` of the page before
     */
    public suspend fun productsPage(
        sellerId: String? = null,
        kind: ProductKind? = null,
        currency: String? = null,
        limit: Int? = null,
        cursor: String? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Page<ProductSummary> =
        caller.call(LIST_PRODUCTS, Page.serializer(ProductSummary.serializer()), options, query = arrayOf("sellerId" to sellerId, "kind" to kind?.wire, "currency" to currency, "limit" to limit, "cursor" to cursor))


    /**
     * Sell something.
     *
     * A product of the caller's, or with `platform` (admins) of the platform itself. Answers with its `ETag`.
     *
     * @param kind Decides which providers can sell it; it stays
     * @param price The first price, if it is known already
     */
    public suspend fun createProduct(
        name: String,
        kind: ProductKind,
        description: String? = null,
        imageUrls: List<String>? = null,
        platform: Boolean? = null,
        price: NewPrice? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Product =
        caller.call(CREATE_PRODUCT, Product.serializer(), options, body = bodyOf(ProductBody.serializer(), ProductBody(name = name, kind = kind, description = description, imageUrls = imageUrls, platform = platform, price = price)))


    /**
     * Read a product.
     *
     * With its prices on offer. An archived one still answers, with none. `If-None-Match` spares the body.
     */
    public suspend fun product(
        productId: String,
        options: CallOptions = CallOptions.DEFAULT,
    ): Product =
        caller.call(READ_PRODUCT, Product.serializer(), options, path = arrayOf(productId))

    /**
     * Read a product.
     *
     * With its prices on offer. An archived one still answers, with none. `If-None-Match` spares the body.
     *
     * Null when nothing has changed since [known]; else the value and its ETag, which a change can name as `ifMatch`.
     *
     * @param known The ETag of what is at hand; null: none.
     */
    public suspend fun productIfChanged(
        productId: String,
        known: String? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Versioned<Product>? =
        caller.callIfChanged(READ_PRODUCT, Product.serializer(), options, path = arrayOf(productId), etag = known)


    /**
     * Change a product.
     *
     * Absent fields stay; prices have their own calls. Another's product is NOT_FOUND.
     *
     * With `If-Match`, a product that has changed meanwhile (its prices included) is a CONFLICT and stays as it is.
     *
     * @param ifMatch The ETag that was read
     */
    public suspend fun changeProduct(
        productId: String,
        name: String? = null,
        description: String? = null,
        imageUrls: List<String>? = null,
        ifMatch: String? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Product =
        caller.call(CHANGE_PRODUCT, Product.serializer(), options, path = arrayOf(productId), ifMatch = ifMatch, body = bodyOf(ProductChangeBody.serializer(), ProductChangeBody(name = name, description = description, imageUrls = imageUrls)))


    /**
     * Take a product off the shelf.
     *
     * It leaves the lists and can't be bought; who bought it can still read it. Again: still 204.
     */
    public suspend fun archiveProduct(
        productId: String,
        options: CallOptions = CallOptions.DEFAULT,
    ): Unit =
        caller.send(ARCHIVE_PRODUCT, options, path = arrayOf(productId))


    /**
     * Publish a price.
     *
     * A price never changes its amount: publish another, then end the old one.
     *
     * An amount that some enabled provider can't charge exactly is a VALIDATION_ERROR (`not_chargeable`).
     *
     * @param intervalCount 1 if absent
     */
    public suspend fun publishPrice(
        productId: String,
        unitAmount: Money,
        type: PriceType? = null,
        interval: BillingInterval? = null,
        intervalCount: Int? = null,
        trialDays: Int? = null,
        planGroup: String? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Price =
        caller.call(PUBLISH_PRICE, Price.serializer(), options, path = arrayOf(productId), body = bodyOf(NewPrice.serializer(), NewPrice(unitAmount = unitAmount, type = type, interval = interval, intervalCount = intervalCount, trialDays = trialDays, planGroup = planGroup)))


    /**
     * End a price's offer.
     *
     * Nobody buys by it any more; what was bought is as it was. Again: still 204.
     */
    public suspend fun deactivatePrice(
        productId: String,
        priceId: String,
        options: CallOptions = CallOptions.DEFAULT,
    ): Unit =
        caller.send(DEACTIVATE_PRICE, options, path = arrayOf(productId, priceId))


    /**
     * What can be subscribed to.
     *
     * Recurring prices on offer with their product, by group: of a group's plans a subscriber has one at a time.
     *
     * Every collection begins at the first page; the next page is asked for when it is needed.
     *
     * @param sellerId A seller's id, or `platform` for the platform's own
     * @param currency With a price on offer in it
     * @param pageSize Rows per call, 1 to 100.
     */
    public fun plans(
        sellerId: String? = null,
        currency: String? = null,
        pageSize: Int? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Flow<PlanGroup> =
        pages { next -> caller.call(LIST_PLANS, Page.serializer(PlanGroup.serializer()), options, query = arrayOf("sellerId" to sellerId, "currency" to currency, "limit" to pageSize, "cursor" to next)) }

    /**
     * What can be subscribed to.
     *
     * Recurring prices on offer with their product, by group: of a group's plans a subscriber has one at a time.
     *
     * One page.
     *
     * @param sellerId A seller's id, or `platform` for the platform's own
     * @param currency With a price on offer in it
     * @param limit Rows per page
     * @param cursor `nextCursor` of the page before
     */
    public suspend fun plansPage(
        sellerId: String? = null,
        currency: String? = null,
        limit: Int? = null,
        cursor: String? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Page<PlanGroup> =
        caller.call(LIST_PLANS, Page.serializer(PlanGroup.serializer()), options, query = arrayOf("sellerId" to sellerId, "currency" to currency, "limit" to limit, "cursor" to cursor))


    private companion object {
        val LIST_PRODUCTS = Operation("list_products", "GET", "/products", isOpen = true)
        val CREATE_PRODUCT = Operation("create_product", "POST", "/products")
        val READ_PRODUCT = Operation("read_product", "GET", "/products/{product_id}", isOpen = true)
        val CHANGE_PRODUCT = Operation("change_product", "PUT", "/products/{product_id}")
        val ARCHIVE_PRODUCT = Operation("archive_product", "DELETE", "/products/{product_id}")
        val PUBLISH_PRICE = Operation("publish_price", "POST", "/products/{product_id}/prices")
        val DEACTIVATE_PRICE = Operation("deactivate_price", "DELETE", "/products/{product_id}/prices/{price_id}")
        val LIST_PLANS = Operation("list_plans", "GET", "/plans", isOpen = true)
    }
}
